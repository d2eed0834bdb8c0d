import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';
import { jobsOf, objectOf } from './jobs';
import type { Job } from './objects';
import { PATIENT_ATTEMPTS, Store } from './store';

/** On the slowest machine that anybody would try: what waits for all of them waits so long for each. */
export const SECONDS_PER_JOB = 3;

/** A service that takes the files of a bucket's `in/`, and leaves their checksums in its `out/`. */
export interface Checksums {
  readonly service: string;
  readonly bucket: string;
}

export const CHECKSUM: Checksums = { service: 'checksum', bucket: 'uploads' };

export interface Pace {
  /** So many upload at the same time, each one file after the other. */
  readonly atOnce: number;
  /** From the beginning of an upload to that of the next, of each that uploads. @default 0: no pause */
  readonly everyMs?: number;
  /** Whether to give up. @default never */
  readonly isOver?: () => boolean;
}

/** As stored. */
export interface Result {
  readonly key: string;
  readonly time: Date;
}

const content = (index: number) => `file ${index}: ${'x'.repeat(index % 50)}\n`;

/** Many small files, each with its number, and what became of them. */
export class Uploads {
  /** Tells what it is refused. */
  private readonly writer: S3Client;
  private readonly reader: S3Client;
  /** `bucket/key` → how often it was sent until the store said that it has it. */
  private readonly tries = new Map<string, number>();

  /** @param name of these files: no others of the service begin with it */
  constructor(
    store: Store,
    private readonly to: Checksums,
    private readonly name: string,
    readonly count: number,
  ) {
    this.writer = store.client();
    this.reader = store.client(undefined, PATIENT_ATTEMPTS);
  }

  /** How often the store didn't take one. */
  get refused(): number {
    return [...this.tries.values()].reduce((sum, sent) => sum + sent - 1, 0);
  }

  /** Each until the store says that it has it. */
  async send({ atOnce, everyMs = 0, isOver = () => false }: Pace): Promise<void> {
    let next = 0;
    const upload = async () => {
      while (next < this.count && !isOver()) {
        const pause = sleep(everyMs);
        await this.put(next++, isOver);
        await pause;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, upload));
  }

  /** Those that are stored by now. */
  async results(): Promise<Result[]> {
    const where = { Bucket: this.to.bucket, Prefix: `out/${this.name}-` };
    const results: Result[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.reader }, where))
      for (const { Key, LastModified } of Contents) results.push({ key: Key!, time: LastModified! });
    return results;
  }

  /** There is one for each file, and it is the file's. */
  async resultsAreRight(): Promise<void> {
    for (let index = 0; index < this.count; index++) {
      const key = `out/${this.fileOf(index)}.md5`;
      const { Body } = await this.reader.send(new GetObjectCommand({ Bucket: this.to.bucket, Key: key }));
      const expected = createHash('md5').update(content(index)).digest('hex');
      expect([key, await Body!.transformToString()]).toEqual([key, `${expected}\n`]);
    }
  }

  async jobs(cluster: Cluster): Promise<Job[]> {
    const ours = `${this.to.bucket}/in/${this.name}-`;
    return (await jobsOf(cluster, this.to.service)).filter((job) => objectOf(job)?.startsWith(ours));
  }

  /**
   * Each file has a Job, and none has more of them than it was sent: a try that wasn't answered may have been stored, and
   * is an upload of its own.
   */
  haveTheirJobs(jobs: readonly Job[]): void {
    const made = new Map<string, number>();
    for (const object of jobs.map((job) => objectOf(job)!)) made.set(object, (made.get(object) ?? 0) + 1);
    expect(made.size).toBe(this.count);
    const doubled = [...made].filter(([object, count]) => count > (this.tries.get(object) ?? 0));
    expect(doubled.map(([object]) => object)).toEqual([]);
  }

  private async put(index: number, isOver: () => boolean): Promise<void> {
    const { bucket } = this.to;
    const key = `in/${this.fileOf(index)}`;
    for (let sent = 1; !isOver(); sent++) {
      this.tries.set(`${bucket}/${key}`, sent);
      const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: content(index) });
      const isTaken = await this.writer.send(put).then(
        () => true,
        () => false,
      );
      if (isTaken) return;
      await sleep(1_000);
    }
  }

  private fileOf(index: number): string {
    return `${this.name}-${String(index).padStart(4, '0')}.txt`;
  }
}
