import { EventIdentity, modifiedBy, S3EventRecord, UPLOAD_EVENTS } from '../../../contract';

/** What a record of an event tells. */
export type Told =
  | { readonly kind: 'upload'; readonly upload: Upload }
  /** Nothing to process: a folder's marker, a deletion. */
  | { readonly kind: 'ignored'; readonly why: string }
  /** Nobody can ever use it. */
  | { readonly kind: 'broken'; readonly problem: string; readonly at?: Partial<EventIdentity> };

/** A file that is there now. */
export interface Upload {
  /** What tells this event from any other. */
  readonly identity: EventIdentity;
  /** When the object was modified, in ms; undefined when the event doesn't say. */
  readonly modified?: number;
  /** When it was uploaded, in ms; undefined when the event doesn't say. */
  readonly time?: number;
  /** The record as it came. */
  readonly record: object;
}

/** The same, where it is known when the object was modified: by it Jobs are named. */
export interface StoredUpload extends Upload {
  readonly modified: number;
  /** No event told of it, but the sweep, which will again. */
  readonly isSwept?: boolean;
}

const UPLOADS: ReadonlySet<string> = new Set(UPLOAD_EVENTS);
/** Events of buckets that we didn't ask for, but that a store may send. */
const OTHER_EVENT =
  /^s3:(ObjectCreated|ObjectRemoved|ObjectAccessed|ObjectTagging|ObjectRestore|ObjectAcl|ObjectTransition|Replication|LifecycleExpiration|LifecycleTransition|IntelligentTiering|Scanner|BucketCreated|BucketRemoved|TestEvent)\b/;

/** As S3 allows it; MinIO's keys may be no longer either. */
const LONGEST_KEY_BYTES = 1024;
/** S3's, its older rules' and MinIO's. */
const BUCKET = /^[-.:\w]{3,255}$/;

/** @returns the records of a message of MinIO's webhook, or what is wrong with it */
export function recordsOf(body: Buffer): readonly unknown[] | string {
  let message: unknown;
  try {
    message = JSON.parse(body.toString('utf8'));
  } catch {
    return 'it is no JSON';
  }
  const records = (message as { Records?: unknown } | null)?.Records;
  if (!Array.isArray(records)) return 'it has no list of Records';
  return records.length > 0 ? records : 'its list of Records is empty';
}

/** MinIO's, whose sequencers tell times: Ceph's are 16 hex digits as well, and tell none that we could read. */
const MINIO = 'minio:s3';

/** Reads one record of an S3 event message (version 2.x), as MinIO and Amazon send it. */
export function tell(record: unknown): Told {
  const { eventName: named, eventSource, s3, eventTime } = (record ?? {}) as Loose<S3EventRecord>;
  if (typeof named !== 'string') return broken('the record has no eventName');
  const eventName = named.startsWith('s3:') ? named : `s3:${named}`;
  const at = { bucket: text(s3?.bucket?.name), key: text(s3?.object?.key), eventName };
  if (!UPLOADS.has(eventName)) {
    const why = `${eventName} is no upload`;
    return OTHER_EVENT.test(eventName) ? { kind: 'ignored', why } : broken(`an event of an unknown kind`, at);
  }
  if (at.bucket === undefined || !BUCKET.test(at.bucket)) return broken('the record names no bucket', at);
  if (at.key === undefined || at.key === '') return broken('the record names no key', at);
  const key = decodedKey(at.key);
  if (key === undefined) return broken('the key is not URL-encoded UTF-8', at);
  if (key.endsWith('/')) return { kind: 'ignored', why: `${key} is a folder's marker` };
  const problem = problemOf(key);
  if (problem) return broken(problem, { ...at, key });
  const { versionId, sequencer } = s3!.object!;
  const identity = { bucket: at.bucket, key, versionId: text(versionId), sequencer: text(sequencer), eventName };
  const modified = eventSource === MINIO ? modifiedBy(identity.sequencer ?? '') : undefined;
  const time = typeof eventTime === 'string' ? Date.parse(eventTime) : NaN;
  const told = { ...(modified === undefined ? {} : { modified }), ...(Number.isNaN(time) ? {} : { time }) };
  return { kind: 'upload', upload: { identity, record: record as object, ...told } };
}

const broken = (problem: string, at?: Partial<EventIdentity>): Told => ({ kind: 'broken', problem, at });

/** Keys come encoded as HTML's forms are: a space as `+`. */
function decodedKey(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** What no supervisor could make a file of. */
function problemOf(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (name === '.' || name === '..') return 'the key ends with a name that no file can have';
  if (key.includes('\0')) return 'the key holds a NUL character';
  return Buffer.byteLength(key) > LONGEST_KEY_BYTES ? `the key is longer than ${LONGEST_KEY_BYTES} bytes` : undefined;
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

type Loose<T> = { readonly [K in keyof T]?: T[K] extends object ? Loose<T[K]> : unknown };
