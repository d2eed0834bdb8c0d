import type { ServiceDefinition } from '../../../../src/contract';
import { Turns } from '../../../../src/programs/manager/jobs/turns';
import { isUnderWay, JobRecord, Jobs } from '../../../../src/programs/manager/state/jobs';
import { Services } from '../../../../src/programs/manager/state/services';
import { configMap, definition } from '../services';

/** A PATCH on its way: the server has not done it yet, or the answer has not come. */
export interface OnItsWay {
  readonly name: string;
  readonly uid: string;
  readonly resolve: (outcome: 'released' | 'gone') => void;
  readonly reject: (error: Error) => void;
}

/** The Jobs as the server has them, and all that happened to them in its order. */
export class JobsWorld {
  readonly jobs = new Map<string, JobRecord>();
  readonly changes: (readonly [name: string, job: JobRecord | undefined])[] = [];
  private uids = 0;

  constructor(public limit: number | undefined) {}

  get underWay(): string[] {
    return this.names(isUnderWay);
  }

  get waiting(): string[] {
    return this.names(({ waiting }) => waiting !== undefined);
  }

  /** As the manager makes it. @param second when, in the minute of the test */
  create(name: string, second: number, service = 'a'): void {
    const created = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().replace('.000', '');
    const job = { name, service, status: 'Pending', created } as const;
    const { limit } = this;
    const waiting =
      limit === undefined ? {} : ({ isSuspended: true, waiting: { uid: `${++this.uids}`, limit } } as const);
    this.change(name, { ...job, ...waiting });
  }

  finish(name: string): void {
    this.change(name, { ...this.jobs.get(name)!, status: 'Succeeded' });
  }

  delete(name: string): void {
    this.change(name, undefined);
  }

  /** What the server answers to a PATCH. */
  release(name: string, uid: string): 'released' | 'gone' {
    const job = this.jobs.get(name);
    if (!job) return 'gone';
    if (job.waiting && job.waiting.uid !== uid) throw new Error('422: metadata.uid: field is immutable');
    if (job.waiting) this.change(name, { ...job, isSuspended: undefined, waiting: undefined });
    return 'released';
  }

  /** The same, when nobody hears the answer. */
  tryRelease(name: string, uid: string): void {
    if (this.jobs.get(name)?.waiting?.uid === uid) this.release(name, uid);
  }

  change(name: string, job: JobRecord | undefined): void {
    if (job) this.jobs.set(name, job);
    else this.jobs.delete(name);
    this.changes.push([name, job]);
  }

  private names(which: (job: JobRecord) => boolean): string[] {
    return [...this.jobs.values()].filter(which).map(({ name }) => name);
  }
}

/** What of a manager deals with turns; it learns of the world as late as the test says. */
export class ManagerOfTurns {
  readonly onItsWay: OnItsWay[] = [];
  readonly logged: { readonly level: string; readonly message: string; readonly reason?: unknown }[] = [];
  readonly known = new Jobs();
  readonly services = new Services(() => {});
  private readonly turns: Turns;
  private seen = 0;

  constructor(private readonly world: JobsWorld) {
    this.turns = new Turns({
      services: this.services,
      jobs: this.known,
      submitter: {
        release: (name, uid) => new Promise((resolve, reject) => this.onItsWay.push({ name, uid, resolve, reject })),
      },
      log: (level, message, fields) => void this.logged.push({ level, message, ...fields }),
    });
  }

  /** It has seen the definitions and all Jobs. */
  static ready(world: JobsWorld): ManagerOfTurns {
    const manager = new ManagerOfTurns(world);
    manager.define();
    manager.services.onListed();
    manager.list();
    return manager;
  }

  /** It sees the service with the limit that it has now. */
  define(concurrency: number | undefined | 'gone' = this.world.limit): void {
    if (concurrency === 'gone') {
      this.services.onConfigMap('a', undefined);
      return;
    }
    const job: ServiceDefinition['job'] = { retries: 3, deadlineSeconds: 3600, ttlSeconds: 86400 };
    const limited = concurrency === undefined ? job : { ...job, concurrency };
    this.services.onConfigMap('a', configMap(definition('a', { job: limited })));
  }

  get behind(): number {
    return this.world.changes.length - this.seen;
  }

  /** It sees so many of the changes that it has not seen yet. */
  see(changes = this.behind): void {
    for (const [name, job] of this.world.changes.slice(this.seen, this.seen + changes)) this.known.onJob(name, job);
    this.seen = Math.min(this.seen + changes, this.world.changes.length);
  }

  /** It lists all Jobs anew. */
  list(): void {
    this.known.onListing();
    const before = this.known.page('a', Infinity).jobs;
    for (const [name, job] of [...this.world.jobs].sort(([a], [b]) => (a < b ? -1 : 1))) this.known.onJob(name, job);
    for (const { name } of before) if (!this.world.jobs.has(name)) this.known.onJob(name, undefined);
    this.seen = this.world.changes.length;
    this.known.onListed();
  }

  /** A PATCH arrives and is answered. */
  land(index = 0): void {
    const [{ name, uid, resolve, reject }] = this.onItsWay.splice(index, 1);
    try {
      resolve(this.world.release(name, uid));
    } catch (error) {
      reject(error as Error);
    }
  }

  fail(index = 0, reason = 'the Kubernetes API did not answer'): void {
    this.onItsWay.splice(index, 1)[0].reject(new Error(reason));
  }

  stop(): void {
    this.turns.stop();
  }
}

/** A manager of a service with a limit that has seen Jobs made one a second. */
export async function ready(limit: number | undefined, ...names: string[]) {
  const world = new JobsWorld(limit);
  names.forEach((name, second) => world.create(name, second));
  const manager = ManagerOfTurns.ready(world);
  await settled();
  return { world, manager };
}

/** Jobs that a manager is about to let go on. */
export const chosen = (manager: ManagerOfTurns): string[] => manager.onItsWay.map(({ name }) => name);

/** The server does what the manager asks for, and the manager sees it. */
export async function landAll(manager: ManagerOfTurns): Promise<void> {
  while (manager.onItsWay.length) {
    manager.land();
    manager.see();
    await settled();
  }
}

/** Until all that was begun waits for the test. */
export const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
