/** Bucket events, as MinIO and S3 send them. */

/**
 * Events that mean «an object is there now». Listed one by one: `s3:ObjectCreated:*` includes tagging and retention
 * changes, which would run a service again on a file it has already processed.
 */
export const UPLOAD_EVENTS = [
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
] as const;

/** One record of an S3 event message (version 2.x). */
export interface S3EventRecord {
  readonly eventVersion: string;
  readonly eventSource: string;
  readonly eventTime: string;
  readonly eventName: string;
  readonly s3: {
    readonly bucket: { readonly name: string };
    /** `key` is URL-encoded, a space as `+`. */
    readonly object: {
      readonly key: string;
      readonly size?: number;
      readonly versionId?: string;
      readonly sequencer?: string;
    };
  };
}

/** Key prefix for a path inside a bucket. It ends with `/`, or `in` would also match `input/`. */
export function keyPrefix(folder: string): string {
  return folder === '' ? '' : `${folder}/`;
}

/** `bucket/some/folder` → bucket and folder, with slashes at either end left out. */
export function splitPath(path: string): { bucket: string; folder: string } {
  const [bucket = '', ...folder] = path.split('/').filter((part) => part !== '');
  return { bucket, folder: folder.join('/') };
}

/** Body of a request to `SWEEP_PATH`: an object without a completion record. */
export interface SweptObject {
  readonly service: string;
  readonly bucket: string;
  readonly key: string;
  /** As a list of the bucket says: ISO 8601, to the millisecond. */
  readonly lastModified: string;
  /** In bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}

/**
 * The manager's answer: what became of it. `Stored`: a new Job. A Job's status otherwise (`Pending` also when it is there
 * and not known yet). `Unbound`: the service is not bound there as far as the manager knows, now. `Refused`: Kubernetes
 * refuses its Job, now. `NoFile`: no Job can ever make a file of it. 503: ask again later.
 */
export interface SweptAnswer {
  readonly job: string;
  readonly status: 'Stored' | 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unbound' | 'Refused' | 'NoFile';
}
