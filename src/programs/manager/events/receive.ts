import { EVENTS_PATH } from '../../../contract';
import { secondsSince } from '../../common/elapsed';
import { ProgramError } from '../../common/fail';
import type { Log } from '../../common/log';
import { HttpError, sendText } from '../http/answer';
import { chunksOf, readUpTo } from '../http/body';
import type { Exchange, Route } from '../http/route';
import { Postponed } from '../jobs/submit';
import type { EventOutcome, Metrics } from '../metrics';
import type { Services } from '../state/services';
import { recordsOf, StoredUpload, tell, Upload } from './message';
import type { Routing } from './routing';
import type { UploadJobs, UploadOutcome } from './upload-jobs';
import type { UploadRecords } from './upload-records';

export interface EventsOptions {
  readonly services: Services;
  readonly routing: Routing;
  readonly records: UploadRecords;
  readonly uploadJobs: UploadJobs;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Whether what is known of the services is what is in the cluster now. */
  readonly isCurrent: () => boolean;
}

/** MinIO sends one record a message, of a few KiB. */
const LONGEST_MESSAGE_BYTES = 4 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;
/** Records of one message that are dealt with at the same time. */
const AT_ONCE = 32;

/**
 * `POST /events`: a Job for each file and each service that is bound to its place. 200 says that the store may forget
 * the event: all Jobs are stored, or nobody can ever use it. Anything else, and the store sends it again, for ever, and
 * holds back the events behind it (minio/minio, internal/store): 503 is for what passes only.
 */
export function eventsRoute(options: EventsOptions): Route {
  const events = new Events(options);
  return { method: 'POST', path: EVENTS_PATH, access: 'webhook', handle: (exchange) => events.receive(exchange) };
}

class Events {
  constructor(private readonly options: EventsOptions) {}

  async receive({ request, response, signal }: Exchange): Promise<void> {
    const began = performance.now();
    const { bytes, complete } = await readUpTo(chunksOf(request), LONGEST_MESSAGE_BYTES);
    const records = complete ? recordsOf(bytes) : `it is longer than ${LONGEST_MESSAGE_BYTES} bytes`;
    this.options.metrics.step('receive', secondsSince(began));
    if (typeof records === 'string')
      await this.options.uploadJobs.bury({ problem: `the body is no event: ${records}` });
    else await this.takeAll(records, signal);
    sendText(response, 200, 'Ok');
  }

  /** One that has to come again doesn't keep the others of its message from being stored now. */
  private async takeAll(records: readonly unknown[], signal: AbortSignal): Promise<void> {
    const began = performance.now();
    let failure: unknown;
    for (let i = 0; i < records.length; i += AT_ONCE) {
      const some = records.slice(i, i + AT_ONCE);
      const results = await Promise.allSettled(some.map((record) => this.take(record, signal)));
      for (const result of results) if (result.status === 'rejected') failure ??= result.reason;
    }
    if (failure) throw failure;
    this.options.metrics.step('store', secondsSince(began));
  }

  private async take(record: unknown, signal: AbortSignal): Promise<void> {
    const told = tell(record);
    if (told.kind === 'broken') return this.options.uploadJobs.bury({ problem: told.problem, event: told.at });
    if (told.kind === 'ignored') return this.options.metrics.event('ignored');
    const { upload } = told;
    if (upload.time !== undefined) this.options.metrics.eventAged(Math.max(0, (Date.now() - upload.time) / 1000));
    try {
      const outcome = await this.process(upload, signal);
      if (outcome) this.options.metrics.event(outcome);
    } catch (error) {
      if (!(error instanceof Postponed)) throw error;
      this.options.metrics.event('postponed');
      this.options.log('warning', 'event postponed', { reason: error.message, ...wordsOf(upload) });
      throw new HttpError(503, error.message, { 'retry-after': `${error.retryAfterSeconds}` });
    }
  }

  /** @returns what became of it, unless it is counted already */
  private async process(upload: Upload, signal: AbortSignal): Promise<EventOutcome | undefined> {
    const { routing, uploadJobs, isCurrent } = this.options;
    const { bucket, key } = upload.identity;
    // Another service may be bound by now, whoever is known to be.
    if (!isCurrent()) throw new Postponed('what is known of the services may be old', RETRY_AFTER_SECONDS);
    const { services, bound } = routing.destination(bucket, key);
    if (services.length === 0 && bound) return 'filtered';
    if (services.length === 0) {
      await uploadJobs.bury({ problem: 'no service is bound to this place', event: upload.identity });
      return undefined;
    }
    const modified = upload.modified ?? (await this.modified(upload));
    if (typeof modified !== 'number') return modified;
    const stored = { ...upload, modified };
    const outcomes = await Promise.allSettled(services.map((service) => this.submit(service, stored, signal)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    const values = outcomes.map((outcome) => (outcome as PromiseFulfilledResult<UploadOutcome>).value);
    if (values.includes('stored')) return 'stored';
    return values.includes('repeated') ? 'repeated' : undefined;
  }

  /** By the store; or what becomes of an event of which it does not say. */
  private async modified(upload: Upload): Promise<number | EventOutcome | undefined> {
    const { records, uploadJobs, log } = this.options;
    const { bucket, key } = upload.identity;
    try {
      const modified = await records.modified(bucket, key);
      if (modified !== undefined) return modified;
      log('info', 'object is gone', wordsOf(upload));
      return 'ignored';
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      // Others wait behind it; the sweep finds it.
      await uploadJobs.bury({ problem: `nobody knows when it was uploaded: ${error.message}`, event: upload.identity });
      return undefined;
    }
  }

  /** Kubernetes knows no Job that it removed: an event that is older than that is judged by what the Job left. */
  private async submit(name: string, upload: StoredUpload, signal: AbortSignal): Promise<UploadOutcome> {
    const { services, routing, records, uploadJobs, log } = this.options;
    const { bucket, key } = upload.identity;
    const service = services.get(name);
    if (service && (await records.isDone(service, routing.pathsOf(name, bucket, key), upload))) {
      log('info', 'upload is done with', { service: name, ...wordsOf(upload) });
      return 'repeated';
    }
    return uploadJobs.submit(name, upload, signal);
  }
}

const wordsOf = ({ identity: { bucket, key } }: Upload) => ({ bucket, key });
