import { jobName, sequencerAt, SWEEP_PATH, SweptAnswer, SweptObject } from '../../../contract';
import { misfit } from '../../common/shape';
import { HttpError, sendJson } from '../http/answer';
import { chunksOf, readUpTo } from '../http/body';
import type { Exchange, Route } from '../http/route';
import { Postponed } from '../jobs/submit';
import type { Metrics } from '../metrics';
import type { Jobs } from '../state/jobs';
import { StoredUpload, tell } from './message';
import type { Routing } from './routing';
import type { UploadJobs } from './upload-jobs';

export interface SweepOptions {
  readonly routing: Routing;
  readonly jobs: Jobs;
  readonly uploadJobs: UploadJobs;
  readonly metrics: Metrics;
  /** Whether what is known of the services is what is in the cluster now. */
  readonly isCurrent: () => boolean;
}

const LONGEST_BODY_BYTES = 64 * 1024;
const RETRY_AFTER_SECONDS = 5;
const SHAPE = {
  service: 'string',
  bucket: 'string',
  key: 'string',
  lastModified: 'string',
  size: 'number',
  etag: 'string',
} as const;

/**
 * `POST /sweep`: an object that has no completion record gets the Job that its event would have made, and no second one.
 * The answer says how that Job is. 503: not known now, ask again.
 */
export function sweepRoute(options: SweepOptions): Route {
  const handle = async (exchange: Exchange) => {
    const { bytes, complete } = await readUpTo(chunksOf(exchange.request), LONGEST_BODY_BYTES);
    if (!complete) throw refused(`it is longer than ${LONGEST_BODY_BYTES} bytes`);
    const told = await answer(sweptObject(bytes), options, exchange.signal);
    options.metrics.swept(told.status);
    sendJson(exchange.response, told);
  };
  return { method: 'POST', path: SWEEP_PATH, access: 'webhook', handle };
}

async function answer(object: SweptObject, options: SweepOptions, signal: AbortSignal): Promise<SweptAnswer> {
  const { routing, jobs, uploadJobs, isCurrent } = options;
  const { service, bucket, key } = object;
  const { identity, modified, record } = eventOf(object);
  const job = jobName(service, { bucket, key, modified });
  // A Job that is not known yet may have failed for good: it would be taken for one under way, and asked for again.
  if (!isCurrent() || !jobs.complete) throw later('what is known of services and Jobs may be old');
  if (tell(record).kind !== 'upload') return { job, status: 'NoFile' };
  if (!routing.destination(bucket, key).services.includes(service)) return { job, status: 'Unbound' };
  const known = jobs.get(service, job);
  if (known) return { job, status: known.status };
  try {
    // It holds nobody's queue back, so however old it is, it waits for a template that is missing.
    const outcome = await uploadJobs.submit(service, { identity, modified, record, isSwept: true }, signal);
    return { job, status: ({ stored: 'Stored', repeated: 'Pending', dead: 'Refused' } as const)[outcome] };
  } catch (error) {
    if (error instanceof Postponed) throw later(error.message, error.retryAfterSeconds);
    throw error;
  }
}

const later = (reason: string, seconds = RETRY_AFTER_SECONDS) =>
  new HttpError(503, reason, { 'retry-after': `${seconds}` });
const refused = (problem: string) => new HttpError(400, `the body is no object of a sweep: ${problem}`);

function sweptObject(body: Buffer): SweptObject {
  let object: unknown;
  try {
    object = JSON.parse(body.toString('utf8'));
  } catch {
    throw refused('it is no JSON');
  }
  const problem = misfit(object, SHAPE, 'object');
  if (problem) throw refused(problem);
  return object as SweptObject;
}

/** ISO 8601 as S3 writes it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** What the object's event would have told. */
function eventOf({ bucket, key, lastModified, size, etag }: SweptObject): StoredUpload {
  const modified = TIME.test(lastModified) ? Date.parse(lastModified) : NaN;
  if (!(modified >= 0)) throw refused('lastModified is no time. Allowed: 2026-01-01T00:00:00.000Z');
  const eventName = 's3:ObjectCreated:Put';
  const sequencer = sequencerAt(modified);
  const record = {
    eventVersion: '2.0',
    eventSource: 'minio:s3',
    eventTime: lastModified,
    eventName,
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
      object: { key: encodedKey(key), size, eTag: etag, sequencer },
    },
  };
  return { identity: { bucket, key, sequencer, eventName }, modified, record };
}

/** As HTML's forms are encoded, a space as `+`: MinIO's way in events. */
function encodedKey(key: string): string {
  try {
    return encodeURIComponent(key).replaceAll('%20', '+');
  } catch {
    throw refused('its key is no Unicode');
  }
}
