import { completionRecord, JOB_VARIABLES, jobName, PLATFORM_STORE } from '../../../contract';
import type { Log } from '../../common/log';
import { eventText } from '../jobs/event-variable';
import { stampJob } from '../jobs/stamp';
import { JobRefused, JobSubmitter, Postponed } from '../jobs/submit';
import type { Metrics } from '../metrics';
import type { Services } from '../state/services';
import type { DeadLetter, DeadLetters } from './dead-letters';
import type { StoredUpload } from './message';

export interface UploadJobsOptions {
  readonly services: Services;
  readonly submitter: JobSubmitter;
  readonly deadLetters: DeadLetters;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly servicesNamespace: string;
  /** Where supervisors leave completion records. */
  readonly recordsBucket: string;
}

/** `repeated`: the upload's Job was there already. `dead`: Kubernetes refuses it, or nobody knows what it should be. */
export type UploadOutcome = 'stored' | 'repeated' | 'dead';

/** A service that is half removed, or refused its Jobs, for so long doesn't hold back the others' events any longer. */
const PATIENCE_MS = 3600_000;
const RETRY_AFTER_SECONDS = 5;

/** Makes the Job of an upload for one service, the same whoever tells of the upload. */
export class UploadJobs {
  constructor(private readonly options: UploadJobsOptions) {}

  /** @throws Postponed */
  async submit(name: string, upload: StoredUpload, signal: AbortSignal): Promise<UploadOutcome> {
    const { services, submitter, servicesNamespace, metrics, log } = this.options;
    const service = services.get(name);
    if (!service) return this.withoutTemplate(name, upload);
    const { bucket, key } = upload.identity;
    const job = jobName(name, { bucket, key, modified: upload.modified });
    const input = { variables: this.variables(name, job, upload), object: `${bucket}/${key}` };
    try {
      const outcome = await submitter.submit(stampJob(service, job, servicesNamespace, input), signal);
      if (outcome === 'stored') metrics.jobStored(name);
      log('info', outcome === 'stored' ? 'job stored' : 'job is there already', { service: name, job, bucket, key });
      return outcome;
    } catch (error) {
      const { time = upload.modified, isSwept } = upload;
      // Nobody waits behind the sweep, which asks for the others meanwhile.
      const isLong = isSwept || Date.now() - time >= PATIENCE_MS;
      const isDead = error instanceof JobRefused || (error instanceof Postponed && error.isRefusal && isLong);
      if (!isDead) throw error;
      await this.tellRefused(name, upload, error.message);
      return 'dead';
    }
  }

  /** The sweep asks again and again: a letter each time would bury the others. */
  private async tellRefused(name: string, { identity, isSwept }: StoredUpload, reason: string): Promise<void> {
    const problem = `service ${name}: ${reason}`;
    if (!isSwept) return this.bury({ problem, event: identity });
    this.options.log('warning', 'job refused', { problem, bucket: identity.bucket, key: identity.key });
  }

  async bury(letter: DeadLetter): Promise<void> {
    this.options.metrics.event('dead');
    await this.options.deadLetters.record(letter);
  }

  private variables(service: string, job: string, upload: StoredUpload): Record<string, string> {
    const record = `${PLATFORM_STORE}/${this.options.recordsBucket}/${completionRecord(service, job)}`;
    return { [JOB_VARIABLES.event]: eventText(upload), [JOB_VARIABLES.completionRecord]: record };
  }

  private async withoutTemplate(name: string, upload: StoredUpload): Promise<'dead'> {
    const { identity, modified, time = modified, isSwept } = upload;
    const problem = `service ${name}: its PodTemplate is missing`;
    if (isSwept || Date.now() - time < PATIENCE_MS) throw new Postponed(problem, RETRY_AFTER_SECONDS);
    await this.bury({ problem, event: identity });
    return 'dead';
  }
}
