import { EVENTS_PATH, JOB_VARIABLES, jobName } from '../../../contract';
import { secondsSince } from '../../common/elapsed';
import type { Log } from '../../common/log';
import { HttpError, sendText } from '../http/answer';
import { chunksOf, readUpTo } from '../http/body';
import type { Exchange, Route } from '../http/route';
import { eventText } from '../jobs/event-variable';
import { stampJob } from '../jobs/stamp';
import { JobRefused, JobSubmitter, Postponed } from '../jobs/submit';
import type { EventOutcome, Metrics } from '../metrics';
import type { Services } from '../state/services';
import type { DeadLetter, DeadLetters } from './dead-letters';
import { recordsOf, tell, Upload } from './message';
import type { Routing } from './routing';

export interface EventsOptions {
  readonly services: Services;
  readonly routing: Routing;
  readonly submitter: JobSubmitter;
  readonly deadLetters: DeadLetters;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly servicesNamespace: string;
  /** Whether what is known of the services is what is in the cluster now. */
  readonly isCurrent: () => boolean;
}

/** MinIO sends one record a message, of a few KiB. */
const LONGEST_MESSAGE_BYTES = 4 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;
/** Records of one message that are dealt with at the same time. */
const AT_ONCE = 32;
/** A service that is half removed for so long doesn't hold back the others' events any longer. */
const PATIENCE_MS = 3600_000;

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
    if (typeof records === 'string') await this.bury({ problem: `the body is no event: ${records}` });
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
    if (told.kind === 'broken') return this.bury({ problem: told.problem, event: told.at });
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
    const { routing, isCurrent } = this.options;
    const { bucket, key } = upload.identity;
    // Another service may be bound by now, whoever is known to be.
    if (!isCurrent()) throw new Postponed('what is known of the services may be old', RETRY_AFTER_SECONDS);
    const { services, bound } = routing.destination(bucket, key);
    if (services.length === 0 && bound) return 'filtered';
    if (services.length === 0) {
      await this.bury({ problem: 'no service is bound to this place', event: upload.identity });
      return undefined;
    }
    const outcomes = await Promise.allSettled(services.map((service) => this.submit(service, upload, signal)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    const values = outcomes.map((outcome) => (outcome as PromiseFulfilledResult<'stored' | 'repeated' | 'dead'>).value);
    if (values.includes('stored')) return 'stored';
    return values.includes('repeated') ? 'repeated' : undefined;
  }

  private async submit(name: string, upload: Upload, signal: AbortSignal): Promise<'stored' | 'repeated' | 'dead'> {
    const { services, submitter, servicesNamespace, metrics, log } = this.options;
    const service = services.get(name);
    if (!service) return this.withoutTemplate(name, upload);
    const { bucket, key } = upload.identity;
    const job = jobName(name, upload.identity);
    const variables = { [JOB_VARIABLES.event]: eventText(upload) };
    try {
      const outcome = await submitter.submit(
        stampJob(service, job, servicesNamespace, { variables, object: `${bucket}/${key}` }),
        signal,
      );
      if (outcome === 'stored') metrics.jobStored(name);
      log('info', outcome === 'stored' ? 'job stored' : 'job is there already', { service: name, job, bucket, key });
      return outcome;
    } catch (error) {
      if (!(error instanceof JobRefused)) throw error;
      await this.bury({ problem: `service ${name}: ${error.message}`, event: upload.identity });
      return 'dead';
    }
  }

  private async withoutTemplate(name: string, { identity, time }: Upload): Promise<'dead'> {
    const problem = `service ${name}: its PodTemplate is missing`;
    if (time === undefined || Date.now() - time < PATIENCE_MS) throw new Postponed(problem, RETRY_AFTER_SECONDS);
    await this.bury({ problem, event: identity });
    return 'dead';
  }

  private async bury(letter: DeadLetter): Promise<void> {
    this.options.metrics.event('dead');
    await this.options.deadLetters.record(letter);
  }
}

const wordsOf = ({ identity: { bucket, key } }: Upload) => ({ bucket, key });
