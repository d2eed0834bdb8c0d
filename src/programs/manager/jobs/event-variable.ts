import { ENVIRONMENT_VARIABLE_MAX_BYTES, JOB_VARIABLES } from '../../../contract';
import type { Upload } from '../events/message';

/** Bytes that a value of a variable may have. */
export const longestValue = (name: string) => ENVIRONMENT_VARIABLE_MAX_BYTES - Buffer.byteLength(`${name}=`);

/**
 * The event of one upload, as MinIO would send it alone. A record that is too long for a variable (users' metadata may
 * be) is cut to what tells of the object.
 */
export function eventText({ identity, record }: Upload): string {
  const { bucket, key, eventName } = identity;
  const message = (one: object) => JSON.stringify({ EventName: eventName, Key: `${bucket}/${key}`, Records: [one] });
  const whole = message(record);
  return Buffer.byteLength(whole) <= longestValue(JOB_VARIABLES.event) ? whole : message(essentials(record));
}

interface Record {
  readonly eventVersion?: unknown;
  readonly eventSource?: unknown;
  readonly eventTime?: unknown;
  readonly eventName?: unknown;
  readonly s3: { readonly bucket: { readonly name: unknown }; readonly object: { readonly [field: string]: unknown } };
}

function essentials(record: object): object {
  const { eventVersion, eventSource, eventTime, eventName, s3 } = record as Record;
  const { key, size, eTag, versionId, sequencer } = s3.object;
  const object = { key, size, eTag, versionId, sequencer };
  return { eventVersion, eventSource, eventTime, eventName, s3: { bucket: { name: s3.bucket.name }, object } };
}
