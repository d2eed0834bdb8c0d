import { UPLOAD_EVENTS } from '../../../contract';
import { fileName, textAt, timeAt } from './fields';
import { Json } from './json';
import type { Told } from './records';
import { refusal, shown } from './refusal';

const UPLOADS: ReadonlySet<string> = new Set(UPLOAD_EVENTS);

/**
 * A record of MinIO's or S3's event message (version 2.x). Amazon's event names lack MinIO's `s3:`.
 * @throws InvocationError (`input`) when it names no object that could be.
 */
export function s3Record(record: Json, type: 'minio' | 's3'): Told {
  const named = record.get('eventName');
  // Upstream doesn't look at it: what has none is taken for an upload.
  if (named && named.kind !== 'null') {
    const name = textAt(record, 'eventName');
    if (!UPLOADS.has(name.startsWith('s3:') ? name : `s3:${name}`)) {
      const key = () => record.get('s3', 'object', 'key')?.shown ?? 'something without a key';
      return { skipped: () => `${record.where}: ${shown(name)} of ${key()} is no upload` };
    }
  }
  const bucket = textAt(record, 's3', 'bucket', 'name');
  checkBucket(bucket, `${record.where}.s3.bucket.name`);
  const where = `${record.where}.s3.object.key`;
  const key = decodeKey(textAt(record, 's3', 'object', 'key'), where);
  if (key.endsWith('/')) return { skipped: () => `${record.where}: ${shown(key)} is a folder's marker, no file` };
  return { type, path: `${bucket}/${key}`, key, name: fileName(key, where), time: timeAt(record, 'eventTime') };
}

/** Keys come URL-encoded in the form of HTML's forms: a space as `+`. */
function decodeKey(key: string, where: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw refusal({
      where,
      problem: 'not a URL-encoded key',
      got: shown(key),
      allowed: '"%" and two hexadecimal digits for each byte of UTF-8, "+" for a space, "%25" for "%" itself',
      fix: 'send the key as the storage encoded it',
    });
  }
}

/**
 * What S3, its older rules (us-east-1 until 2018) and MinIO's take for a bucket. The bucket becomes a part of an address
 * and of a path, and nothing of these leads out of it.
 */
function checkBucket(name: string, where: string): void {
  if (/^[-.:\w]{3,255}$/.test(name)) return;
  throw refusal({
    where,
    problem: 'not a name that S3 takes for a bucket',
    got: shown(name),
    allowed: '3 to 255 letters, digits, "-", "_", "." and ":"',
    fix: 'send the event as the storage made it',
  });
}
