import { setTimeout as sleep } from 'node:timers/promises';
import { completionRecord, jobName, ManagerSettings } from '../../../contract';
import { ProgramError } from '../../common/fail';
import type { Log } from '../../common/log';
import { exists, listPages } from '../../provisioner/store/objects';
import { Store, StoreError } from '../../provisioner/store/store';
import { BindingRecords } from '../../provisioner/sweep/binding-records';
import { objectsOf } from '../../provisioner/sweep/objects';
import { CLOCKS_MS } from '../../provisioner/sweep/service';
import type { StoreLogin } from '../jobs/bodies';
import { Postponed } from '../jobs/submit';
import type { Service } from '../state/services';
import type { StoredUpload } from './message';

/** Few: an event that can't be judged comes again. */
const PATIENCE = { wait: sleep, tries: 3 };
const RETRY_AFTER_SECONDS = 5;

/** What the store, and the records in it, say of uploads. */
export class UploadRecords {
  /** @param login asked at each use: the Secret may be renewed meanwhile */
  constructor(
    private readonly settings: Pick<ManagerSettings, 'recordsBucket' | 'minio'>,
    private readonly login: () => StoreLogin,
    private readonly log: Log,
  ) {}

  /**
   * When an object was modified, in ms since 1970, as a list of its bucket says; undefined: it is gone.
   * @throws Postponed when the store doesn't answer; ProgramError when it refuses to say
   */
  modified(bucket: string, key: string): Promise<number | undefined> {
    return this.asking(async (store) => {
      try {
        // Of all keys that begin with it, it is the first.
        const pages = listPages(store, bucket, key, { pageSize: 1 });
        const [object] = (await pages.next()).value ?? [];
        return object?.key === key ? timeOf(object.lastModified) : undefined;
      } catch (error) {
        if (error instanceof StoreError && error.code === 'NoSuchBucket') return undefined;
        throw error;
      }
    });
  }

  /**
   * Whether a Job of the upload was there and is done with, though it may be removed by now: its completion record says
   * so, or the upload is from before the time that all the folder's uploads are done with.
   * @param paths that the service is bound to, and wants the upload by
   * @returns false when the store refuses to say: a file that is processed twice is better than one that isn't
   * @throws Postponed when the store doesn't answer
   */
  async isDone(service: Service, paths: readonly string[], upload: StoredUpload): Promise<boolean> {
    if (upload.time === undefined) return false;
    // As long as its Job may be there, Kubernetes says so itself, and for less.
    if (Date.now() + CLOCKS_MS - upload.time <= service.definition.job.ttlSeconds * 1000) return false;
    try {
      return await this.asking((store) => this.isRecorded(store, service.name, paths, upload));
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      this.log('warning', 'an old upload is taken for a new one', { service: service.name, reason: error.message });
      return false;
    }
  }

  private async isRecorded(
    store: Store,
    service: string,
    paths: readonly string[],
    upload: StoredUpload,
  ): Promise<boolean> {
    const { recordsBucket } = this.settings;
    const { time = 0, modified, identity } = upload;
    const job = jobName(service, { ...identity, modified });
    if (await exists(store, recordsBucket, completionRecord(service, job))) return true;
    // A copy may keep its source's time, from before what any sweep looks at.
    if (Math.abs(time - modified) > CLOCKS_MS) return false;
    const bindings = new BindingRecords(objectsOf(store), recordsBucket);
    for (const path of paths) {
      const bound = await bindings.read({ service, path });
      // Of uploads from shortly before it records are still there: one that is missing says that the upload is not done.
      if (!bound || bound.since - CLOCKS_MS <= Math.max(time, modified)) return false;
    }
    return paths.length > 0;
  }

  private async asking<T>(ask: (store: Store) => Promise<T>): Promise<T> {
    const store = new Store(this.settings.minio, this.login(), this.log, PATIENCE);
    try {
      return await ask(store);
    } catch (error) {
      const isAway = error instanceof StoreError && error.status === 0;
      throw isAway ? new Postponed(`the store can't be asked: ${error.message}`, RETRY_AFTER_SECONDS) : error;
    } finally {
      store.close();
    }
  }
}

function timeOf(lastModified: string): number {
  const time = Date.parse(lastModified);
  if (time >= 0) return time;
  throw new ProgramError(`the store's list tells no time of it: ${lastModified}`);
}
