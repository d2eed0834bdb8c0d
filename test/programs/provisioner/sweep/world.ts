import {
  BindingDeclaration,
  bindingRecord,
  jobName,
  recordsBucket,
  SweptAnswer,
  SweptObject,
} from '../../../../src/contract';
import type { Log, LogFields } from '../../../../src/programs/common/log';
import type { Door, DoorAnswer } from '../../../../src/programs/provisioner/sweep/door';
import type { Objects } from '../../../../src/programs/provisioner/sweep/objects';
import { Submitter } from '../../../../src/programs/provisioner/sweep/submit';
import { sweepAll } from '../../../../src/programs/provisioner/sweep/sweep';
import type { ListedObject, Text } from '../../../../src/programs/provisioner/store/objects';
import { StoreAway } from '../../../../src/programs/provisioner/store/store';

export const PLATFORM = 'oscar';
export const RECORDS = recordsBucket(PLATFORM);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** When the worlds of the tests begin. */
export const START = Date.parse('2026-11-24T00:00:00.000Z');

interface Stored {
  readonly text: string;
  readonly time: number;
  readonly etag: string;
}

/** A store in memory, with a clock of its own. */
export class MemoryStore implements Objects {
  now = START;
  /** Of `bucket/key`. */
  readonly stored = new Map<string, Stored>();
  readonly calls: string[] = [];
  pageSize = 2;
  /** Throws to fail a call; whatever it does otherwise happens before the call. */
  before: (call: string) => void | Promise<void> = () => {};
  private count = 0;

  put(bucket: string, key: string, text = ''): void {
    this.stored.set(`${bucket}/${key}`, { text, time: this.now, etag: `e${this.count++}` });
  }

  text(path: string): string | undefined {
    return this.stored.get(path)?.text;
  }

  keys(bucket: string, prefix = ''): string[] {
    const paths = [...this.stored.keys()].filter((path) => path.startsWith(`${bucket}/${prefix}`));
    return paths.map((path) => path.slice(bucket.length + 1)).sort();
  }

  async *pages(bucket: string, prefix: string): AsyncGenerator<readonly ListedObject[]> {
    let after = '';
    for (;;) {
      await this.called(`pages ${bucket}/${prefix}`);
      const keys = this.keys(bucket, prefix).filter((key) => key > after);
      yield keys.slice(0, this.pageSize).map((key) => this.listed(bucket, key));
      if (keys.length <= this.pageSize) return;
      after = keys[this.pageSize - 1];
    }
  }

  async *folders(bucket: string, prefix: string): AsyncGenerator<string> {
    await this.called(`folders ${bucket}/${prefix}`);
    yield* new Set(this.keys(bucket, prefix).map((key) => key.slice(prefix.length).split('/')[0]));
  }

  async get(bucket: string, key: string): Promise<Text | undefined> {
    await this.called(`get ${bucket}/${key}`);
    const found = this.stored.get(`${bucket}/${key}`);
    return found && { text: found.text, etag: found.etag };
  }

  async exists(bucket: string, key: string): Promise<boolean> {
    await this.called(`exists ${bucket}/${key}`);
    return this.stored.has(`${bucket}/${key}`);
  }

  async putIfMissing(bucket: string, key: string, text: string): Promise<void> {
    await this.called(`put ${bucket}/${key}`);
    if (!this.stored.has(`${bucket}/${key}`)) this.put(bucket, key, text);
  }

  async replace(bucket: string, key: string, text: string, etag: string): Promise<boolean> {
    await this.called(`replace ${bucket}/${key}`);
    if (this.stored.get(`${bucket}/${key}`)?.etag !== etag) return false;
    this.put(bucket, key, text);
    return true;
  }

  async deleteMany(bucket: string, keys: readonly string[]): Promise<void> {
    await this.called(`delete ${keys.join(' ')}`);
    for (const key of keys) this.stored.delete(`${bucket}/${key}`);
  }

  private async called(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }

  private listed(bucket: string, key: string): ListedObject {
    const { text, time, etag } = this.stored.get(`${bucket}/${key}`)!;
    return { key, lastModified: new Date(time).toISOString(), size: text.length, etag };
  }
}

/** A manager that says of each Job what it is told to say; it has a Job of nothing at first. */
export class FakeManager implements Door {
  readonly jobs = new Map<string, SweptAnswer['status']>();
  readonly asked: SweptObject[] = [];
  answer: (object: SweptObject) => DoorAnswer | undefined = () => undefined;

  async post(body: string): Promise<DoorAnswer> {
    const object = JSON.parse(body) as SweptObject;
    this.asked.push(object);
    const said = this.answer(object);
    if (said) return said;
    const job = jobOf(object.service, object.bucket, object.key, Date.parse(object.lastModified));
    const known = this.jobs.get(job);
    if (known === undefined) this.jobs.set(job, 'Pending');
    return { status: 200, text: JSON.stringify({ job, status: known ?? 'Stored' }) };
  }

  close(): void {}
}

export const jobOf = (service: string, bucket: string, key: string, time: number) =>
  jobName(service, { bucket, key, modified: time });

export const binding = (service: string, path: string, more: Partial<BindingDeclaration> = {}): BindingDeclaration => ({
  service,
  path,
  prefix: [],
  suffix: [],
  ...more,
});

/** All of it together: bound since the start. */
export class World {
  readonly store = new MemoryStore();
  readonly manager = new FakeManager();
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];
  readonly waits: number[] = [];
  /** Buckets whose rules are to be written again; throws to fail it. */
  readonly untold: string[] = [];
  writeAgain: () => void = () => {};
  bindings: readonly BindingDeclaration[];

  constructor(...bindings: readonly BindingDeclaration[]) {
    this.bindings = bindings;
    for (const one of bindings) this.bind(one);
  }

  bind({ service, path }: BindingDeclaration, since = this.store.now): void {
    const record = { service, path, since: new Date(since).toISOString() };
    this.store.put(RECORDS, bindingRecord(service, path), JSON.stringify(record));
  }

  unbind({ service, path }: BindingDeclaration): void {
    this.store.stored.delete(`${RECORDS}/${bindingRecord(service, path)}`);
  }

  since(service: string, path: string): number {
    return Date.parse(JSON.parse(this.store.text(`${RECORDS}/${bindingRecord(service, path)}`)!).since);
  }

  complete(service: string, job: string, text = 'done'): void {
    this.store.put(RECORDS, `done/${service}/${job}`, text);
  }

  completed(service: string): string[] {
    return this.store.keys(RECORDS, `done/${service}/`);
  }

  sweep(bindings = this.bindings): Promise<boolean> {
    const log: Log = (level, message, fields = {}) => this.lines.push({ level, message, fields });
    const wait = async (ms: number) => this.waits.push(ms);
    const submitter = new Submitter(this.manager, wait);
    const { store } = this;
    const rules = {
      writeAgain: async (bucket: string) => {
        this.untold.push(bucket);
        this.writeAgain();
      },
    };
    const now = () => store.now;
    return sweepAll({ platform: PLATFORM, bindings }, { objects: store, submitter, rules, log, wait, now });
  }

  get askedKeys(): string[] {
    return this.manager.asked.map(({ key }) => key);
  }
}

export const storeAway = () => new StoreAway('the store is away');
