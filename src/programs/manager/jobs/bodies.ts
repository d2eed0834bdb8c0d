import { createHash } from 'node:crypto';
import { ManagerSettings, PLATFORM_STORE } from '../../../contract';
import type { Log } from '../../common/log';
import { InvocationError } from '../../supervisor/failure';
import type { Body } from '../../supervisor/storage/http';
import { patiently } from '../../supervisor/storage/retry';
import type { S3Object } from '../../supervisor/storage/s3';
import { S3Client } from '../../supervisor/storage/s3-client';
import { MultipartUpload } from '../../supervisor/storage/s3-multipart';
import type { Transfer } from '../../supervisor/storage/storage';
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
  let upload: MultipartUpload | undefined;
  try {
    const etags: string[] = [];
    let bytes = 0;
    for await (const { body, hash, isLast } of partsOf(chunks)) {
      if (isLast && !upload) return await put(client, object, { body, hash }, transfer);
      upload ??= await MultipartUpload.begin(client, object, transfer);
      etags.push(await upload.part(etags.length + 1, body, hash));
      bytes += body.bytes;
    }
    await upload!.complete(etags, bytes);
  } catch (error) {
    await upload?.abort();
    throw error;
  }
}

async function put(
  client: S3Client,
  object: S3Object,
  { body, hash }: Pick<Part, 'body' | 'hash'>,
  transfer: Transfer,
): Promise<void> {
  const call = { ...object, method: 'PUT', body, hash, signal: transfer.signal } as const;
  await patiently(object.what, transfer, () => client.callXml(call));
}

interface Part {
  readonly body: Body;
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly isLast: boolean;
}

/** Pieces of one size, but for the last. The next one is read once somebody asks for it. */
async function* partsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    bytes += chunk.length;
    // Not when it is just full: it may be the last.
    while (bytes > PART_BYTES) {
      const whole = Buffer.concat(pieces, bytes);
      pieces = [];
      yield partOf([whole.subarray(0, PART_BYTES)], PART_BYTES, false);
      pieces = [Buffer.from(whole.subarray(PART_BYTES))];
      bytes -= PART_BYTES;
    }
  }
  yield partOf(pieces, bytes, true);
}

function partOf(pieces: readonly Buffer[], bytes: number, isLast: boolean): Part {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return { body: { bytes, chunks: () => pieces }, hash: hash.digest('hex'), isLast };
}

async function* bounded(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLong(limit);
    yield chunk;
  }
}
