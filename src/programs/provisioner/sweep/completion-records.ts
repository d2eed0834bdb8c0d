import { BINDING_FOLDER, COMPLETION_FOLDER, completionFolder, completionRecord } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { StoreError } from '../store/store';
import { JobSet } from './job-set';
import { Objects } from './objects';

/** Content of a record, for people: the sweep goes by its name alone. */
export type Completion = 'done' | 'failed';

/** Twelve bytes each: what fits the program's memory, many times what an hour of uploads has. */
const MOST = 4_000_000;

/** Records of uploads that are done with: by the supervisor, or by the sweep for Jobs that failed for good. */
export class CompletionRecords {
  constructor(
    private readonly objects: Objects,
    private readonly bucket: string,
  ) {}

  /** Whether their bucket is there: on a new platform a sweep may come before the provisioner. */
  async isThere(): Promise<boolean> {
    try {
      await this.objects.pages(this.bucket, BINDING_FOLDER)[Symbol.asyncIterator]().next();
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'NoSuchBucket') return false;
      throw error;
    }
  }

  /**
   * The service's records. Those from before `outdated` are removed meanwhile: a record is younger than its upload.
   * @param outdated in ms since 1970
   */
  async load(service: string, outdated: number): Promise<{ readonly jobs: JobSet; readonly removed: number }> {
    const folder = completionFolder(service);
    const jobs = new JobSet(service);
    let removed = 0;
    for await (const page of this.objects.pages(this.bucket, folder)) {
      const old: string[] = [];
      for (const { key, lastModified } of page) {
        if (Date.parse(lastModified) < outdated) old.push(key);
        else jobs.add(key.slice(folder.length));
      }
      if (jobs.size > MOST) throw tooMany(`${this.bucket}/${folder}`);
      if (old.length > 0) await this.objects.deleteMany(this.bucket, old);
      removed += old.length;
    }
    return { jobs, removed };
  }

  has(service: string, job: string): Promise<boolean> {
    return this.objects.exists(this.bucket, completionRecord(service, job));
  }

  /** One that is there stays: the supervisor may just have left it. */
  write(service: string, job: string, completion: Completion): Promise<void> {
    return this.objects.putIfMissing(this.bucket, completionRecord(service, job), completion);
  }

  /**
   * Removes the records from before `outdated` of services that are neither declared nor bound any longer. Both, as this
   * declaration may be older than what others work by: the provisioner, which removes bindings, has the newest.
   * @param isDeclared whether a service waits for uploads
   */
  async removeOthers(isDeclared: (service: string) => boolean, outdated: number): Promise<number> {
    let removed = 0;
    for await (const service of this.objects.folders(this.bucket, COMPLETION_FOLDER)) {
      if (isDeclared(service) || (await this.isBound(service))) continue;
      removed += (await this.load(service, outdated)).removed;
    }
    return removed;
  }

  private async isBound(service: string): Promise<boolean> {
    for await (const page of this.objects.pages(this.bucket, `${BINDING_FOLDER}${service}/`)) return page.length > 0;
    return false;
  }
}

const tooMany = (at: string) =>
  new ProgramError(
    `${at} holds more than ${MOST} records of uploads that are done with, which is more than the sweep can hold. Fix: see ` +
      'which upload of the service has been under way for so long: the records since then are kept',
  );
