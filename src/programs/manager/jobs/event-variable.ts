import { ENVIRONMENT_VARIABLE_MAX_BYTES, JOB_VARIABLES } from '../../../contract';
import type { Upload } from '../events/message';

/** Bytes that a value of a variable may have. */
export const longestValue = (name: string) => ENVIRONMENT_VARIABLE_MAX_BYTES - Buffer.byteLength(`${name}=`);

/**
 * The event of one upload, as MinIO would send it alone. A record that is too long for a variable (users' metadata may
 * be), or nested too deep to be written, is cut to what tells of the object.
 */
export function eventText({ identity, record }: Upload): string {
  const { bucket, key, eventName } = identity;
  const message = (one: object) => JSON.stringify({ EventName: eventName, Key: `${bucket}/${key}`, Records: [one] });
  return wholeText(() => message(record)) ?? message(essentials(record as Record));
}

function wholeText(message: () => string): string | undefined {
  try {
    const whole = message();
    return Buffer.byteLength(whole) <= longestValue(JOB_VARIABLES.event) ? whole : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Record {
  readonly [field: string]: unknown;
  readonly s3: { readonly bucket: { readonly name: unknown }; readonly object: { readonly [field: string]: unknown } };
}

function essentials({ eventVersion, eventSource, eventTime, eventName, s3 }: Record): object {
  const { key, size, eTag, versionId, sequencer } = s3.object;
  return {
    ...flat({ eventVersion, eventSource, eventTime, eventName }),
    s3: { bucket: { name: s3.bucket.name }, object: flat({ key, size, eTag, versionId, sequencer }) },
  };
}

const flat = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value !== 'object'));
