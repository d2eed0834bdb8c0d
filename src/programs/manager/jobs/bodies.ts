import { createHash } from 'node:crypto';
import type { ManagerSettings } from '../../../contract';
import type { Log } from '../../common/log';
import { InvocationError } from '../../supervisor/failure';
import type { Body } from '../../supervisor/storage/http';
import { patiently } from '../../supervisor/storage/retry';
import type { S3Object } from '../../supervisor/storage/s3';
import { S3Client } from '../../supervisor/storage/s3-client';
import { MultipartUpload } from '../../supervisor/storage/s3-multipart';
import type { Transfer } from '../../supervisor/storage/storage';
import { PLATFORM_STORE } from '../events/routing';
import { HttpError } from '../http/answer';
import { tooLong } from '../http/body';

export interface StoreLogin {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** S3's smallest part but the last: bodies up to it go in one request, longer ones in parts of it. */
const PART_BYTES = 5 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;

export interface LongBody {
  readonly chunks: AsyncIterable<Buffer>;
  /** In bytes. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Where bodies go that no environment variable holds: objects of a bucket of the platform's own, from which the
 * service's supervisor reads them. The bucket removes them when no Job can need them any longer.
 */
export class BodyStore {
  /** @param login asked at each use: the Secret may be renewed meanwhile */
  constructor(
    private readonly settings: Pick<ManagerSettings, 'bodiesBucket' | 'minio'>,
    private readonly login: () => StoreLogin,
    private readonly log: Log,
  ) {}

  /**
   * Stores a body; one part of it is in memory at a time.
   * @param name of the Job
   * @returns what the supervisor finds it by (`EVENT_OBJECT`)
   * @throws HttpError 413 when it is longer than `limit`, 503 when the store doesn't take it
   */
  async put(service: string, name: string, { chunks, limit, signal }: LongBody): Promise<string> {
    const { bodiesBucket: bucket, minio } = this.settings;
    const key = `${service}/${name}`;
    const client = new S3Client({
      type: 'minio',
      pathStyle: true,
      tls: { verify: minio.verify },
      ...minio,
      ...this.login(),
    });
    const warn = (message: string) => this.log('warning', message, { service, job: name });
    try {
      await store(client, { what: `upload of the body of ${name}`, bucket, key }, bounded(chunks, limit), {
        warn,
        signal,
      });
    } catch (error) {
      if (!(error instanceof InvocationError)) throw error;
      const reason = `the body is too large for a variable, and the store does not take it: ${error.message}`;
      throw new HttpError(503, reason, { 'retry-after': `${RETRY_AFTER_SECONDS}` });
    } finally {
      client.close();
    }
    return `${PLATFORM_STORE}/${bucket}/${key}`;
  }
}

async function store(
  client: S3Client,
  object: S3Object,
  chunks: AsyncIterable<Buffer>,
  transfer: Transfer,
): Promise<void> {
  const parts = partsOf(chunks);
  const first = await parts.next();
  const second = first.done ? first : await parts.next();
  if (second.done) return put(client, object, first.value ?? Buffer.alloc(0), transfer);
  const upload = await MultipartUpload.begin(client, object, transfer);
  try {
    const etags: string[] = [];
    let bytes = 0;
    for await (const part of chain(first.value!, second.value, parts)) {
      etags.push(await upload.part(etags.length + 1, bodyOf(part), hashOf(part)));
      bytes += part.length;
    }
    await upload.complete(etags, bytes);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

async function put(client: S3Client, object: S3Object, content: Buffer, transfer: Transfer): Promise<void> {
  const call = {
    ...object,
    method: 'PUT',
    body: bodyOf(content),
    hash: hashOf(content),
    signal: transfer.signal,
  } as const;
  await patiently(object.what, transfer, () => client.callXml(call));
}

const bodyOf = (content: Buffer): Body => ({ bytes: content.length, chunks: () => [content] });
const hashOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');

async function* bounded(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLong(limit);
    yield chunk;
  }
}

/** Pieces of one size, but for the last. */
async function* partsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    const whole = Buffer.concat(pieces, bytes);
    yield whole.subarray(0, PART_BYTES);
    pieces = [whole.subarray(PART_BYTES)];
    bytes -= PART_BYTES;
  }
  if (bytes > 0) yield Buffer.concat(pieces, bytes);
  return undefined;
}

async function* chain(first: Buffer, second: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield second;
  yield* rest;
}
