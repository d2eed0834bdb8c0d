import { createHash } from 'node:crypto';
import { InvocationError } from '../failure';
import { Body, readText } from './http';
import { isCancelled, patiently, PassingError } from './retry';
import type { S3Object } from './s3';
import { S3Call, S3Client } from './s3-client';
import { S3Error, xmlEscaped, xmlText } from './s3-errors';
import type { SourceFile } from './source-file';
import type { Transfer } from './storage';

const PART_BYTES = 16 * 1024 * 1024;
/** S3's limit. */
const MOST_PARTS = 10_000;
const AT_ONCE = 4;

/** How a file is cut: parts of 16 MiB, or larger so that 10,000 are enough. */
export function cut(bytes: number): { readonly partBytes: number; readonly count: number } {
  const mebibyte = 1024 * 1024;
  const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS / mebibyte) * mebibyte);
  return { partBytes, count: Math.ceil(bytes / partBytes) };
}

/**
 * Uploads a file in parts, four at a time, each streamed from the disk. The object is there once all are; an upload
 * that fails leaves nothing.
 */
export async function uploadParts(
  client: S3Client,
  object: S3Object,
  source: SourceFile,
  transfer: Transfer,
): Promise<void> {
  const upload = await MultipartUpload.begin(client, object, transfer);
  try {
    const etags = await filesParts(upload, client, source, transfer.signal);
    await source.checkUnchanged();
    await upload.complete(etags, source.bytes);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** @returns the parts' ETags, in order */
async function filesParts(
  upload: MultipartUpload,
  client: S3Client,
  source: SourceFile,
  outer: AbortSignal | undefined,
): Promise<string[]> {
  const { partBytes, count } = cut(source.bytes);
  const etags = new Array<string>(count);
  const { signal, stop, release } = linked(outer);
  let next = 1;
  let failure: unknown;
  const work = async () => {
    try {
      for (let number = next++; number <= count; number = next++) {
        const start = (number - 1) * partBytes;
        const body = source.part(start, Math.min(partBytes, source.bytes - start));
        etags[number - 1] = await upload.part(number, body, await client.payloadHash(source, body), signal);
      }
    } catch (error) {
      failure ??= error; // what the others throw then is that they were stopped
      stop();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  release();
  if (failure) throw failure;
  return etags;
}

/** An object that comes in parts: it is there once the upload is complete. */
export class MultipartUpload {
  static async begin(client: S3Client, object: S3Object, transfer: Transfer): Promise<MultipartUpload> {
    const headers = { 'content-type': 'application/octet-stream' };
    const call: S3Call = { ...object, method: 'POST', query: { uploads: '' }, headers, signal: transfer.signal };
    const xml = await patiently(object.what, transfer, () => client.callXml(call));
    const id = xmlText(xml, 'UploadId');
    if (!id) throw new InvocationError('storage', `${object.what}: the provider gave the upload no id`);
    return new MultipartUpload(client, object, transfer, id);
  }

  private constructor(
    private readonly client: S3Client,
    private readonly object: S3Object,
    private readonly transfer: Transfer,
    private readonly uploadId: string,
  ) {}

  /**
   * @param number from 1
   * @param hash as `S3Call` has it
   * @returns the part's ETag
   */
  async part(number: number, body: Body, hash: string, signal = this.transfer.signal): Promise<string> {
    const call: S3Call = { ...this.object, method: 'PUT', query: this.query(number), body, hash, signal };
    return patiently(this.object.what, { ...this.transfer, signal }, async () => {
      const answer = await this.client.call(call);
      await readText(answer);
      if (answer.headers.etag) return answer.headers.etag;
      throw new InvocationError('storage', `${this.object.what}: the provider gave part ${number} no ETag`);
    });
  }

  /**
   * @param etags of all parts, in order
   * @param bytes of all of them together
   */
  async complete(etags: readonly string[], bytes: number): Promise<void> {
    const parts = etags.map(
      (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${xmlEscaped(etag)}</ETag></Part>`,
    );
    const document = `<CompleteMultipartUpload xmlns="${NAMESPACE}">${parts.join('')}</CompleteMultipartUpload>`;
    const call: S3Call = { ...this.object, method: 'POST', query: this.query(), signal: this.transfer.signal };
    let tries = 0;
    await patiently(this.object.what, this.transfer, async () => {
      tries++;
      const xml = await this.client.callXml(call, document).catch(async (error) => {
        const lost = tries > 1 && error instanceof S3Error && error.code === 'NoSuchUpload';
        if (lost && (await this.isThere(etags, bytes))) return undefined;
        throw error;
      });
      if (xml !== undefined) this.check(xml, etags.length);
    });
  }

  /** An ETag of the usual form ends with the number of parts. */
  private check(xml: string, count: number): void {
    if (!xml.includes('CompleteMultipartUploadResult'))
      throw new PassingError('the answer to the last request broke off');
    const parts = /-(\d+)"?$/.exec(xmlText(xml, 'ETag') ?? '');
    if (parts && Number(parts[1]) !== count) {
      throw new InvocationError(
        'storage',
        `${this.object.what}: the provider put ${parts[1]} parts together, not ${count}`,
      );
    }
  }

  /** Whether the object is made of these parts: an earlier try may have done it, and its answer got lost. */
  private async isThere(etags: readonly string[], bytes: number): Promise<boolean> {
    const { signal } = this.transfer;
    const answer = await this.client.call({ ...this.object, method: 'HEAD', signal, expected: [403, 404] });
    await readText(answer);
    const digests = etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
    const digest = createHash('md5').update(Buffer.concat(digests)).digest('hex');
    return (
      Number(answer.headers['content-length']) === bytes &&
      answer.headers.etag?.replaceAll('"', '') === `${digest}-${etags.length}`
    );
  }

  /** Done even when the transfer was cancelled: parts that stay cost their owner money. */
  async abort(): Promise<void> {
    const call: S3Call = { ...this.object, method: 'DELETE', query: this.query(), expected: [404] };
    await this.client.callXml(call).catch(({ message }: Error) => {
      this.transfer.warn(`${this.object.what}: parts of it could not be removed: ${message}`);
    });
  }

  private query(partNumber?: number): S3Call['query'] {
    return { ...(partNumber === undefined ? {} : { partNumber }), uploadId: this.uploadId };
  }
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A signal that is aborted with another one, or by itself. */
function linked(signal?: AbortSignal): { signal: AbortSignal; stop: () => void; release: () => void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  if (isCancelled(signal)) stop();
  signal?.addEventListener('abort', stop);
  return { signal: controller.signal, stop, release: () => signal?.removeEventListener('abort', stop) };
}
