import { FileHandle, open, rm } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { InvocationError } from '../failure';
import { readText } from './http';
import { patiently, PassingError } from './retry';
import type { Transfer } from './storage';

/** Written at once: fewer, larger writes. */
const WRITE_BYTES = 512 * 1024;
/** Buffers that are written are freed so often: a few times what may be on its way, and they are young still. */
const FREE_BYTES = 8 * WRITE_BYTES;

/** An object as HTTP servers have them. */
export interface RemoteObject {
  /** For messages. */
  readonly what: string;
  /**
   * GET with these headers (`range`, `if-match`, or none).
   * @returns an answer of 200 or 206, or of 412 or 416 when the object has changed
   * @throws PassingError, InvocationError
   */
  get(headers: OutgoingHttpHeaders): Promise<IncomingMessage>;
  /** Where the server has no ETags: what tells one content from another. @default the ETag */
  version?(): Promise<string | undefined>;
}

/**
 * Streams an object into a new file. What breaks goes on where it broke if the object can be told to be the same
 * (a strong ETag, RFC 9110, 8.8.3), else from the start.
 * @returns its bytes
 * @throws InvocationError; the file is gone then
 */
export async function download(object: RemoteObject, file: string, transfer: Transfer): Promise<number> {
  const handle = await open(file, 'wx').catch((error) => Promise.reject(unwritable(file, error)));
  try {
    const copy = new Copy(object, handle, file);
    await patiently(object.what, transfer, () => copy.goOn());
    return copy.bytes;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

class Copy {
  /** Bytes that are in the file. */
  bytes = 0;
  /** Most bytes that ever were: only more of them are progress. */
  private furthest = 0;
  private etag?: string;
  private version?: string;
  private total?: number;

  constructor(
    private readonly object: RemoteObject,
    private readonly handle: FileHandle,
    private readonly file: string,
  ) {}

  async goOn(): Promise<void> {
    const headers = await this.condition();
    const answer = await this.object.get(headers);
    if (answer.statusCode !== 200 && !this.continues(answer)) {
      await readText(answer);
      this.forget();
      throw new PassingError('the object has changed meanwhile: starting again');
    }
    if (answer.statusCode === 200) await this.begin(answer);
    await this.write(answer);
  }

  /** What has to hold for going on. */
  private async condition(): Promise<OutgoingHttpHeaders> {
    const version = await this.object.version?.();
    const same = this.etag !== undefined || (version !== undefined && version === this.version);
    if (!same) this.forget();
    this.version = version;
    if (this.bytes === 0) return {};
    return { range: `bytes=${this.bytes}-`, ...(this.etag === undefined ? {} : { 'if-match': this.etag }) };
  }

  private forget(): void {
    this.bytes = 0;
    this.etag = undefined;
    this.total = undefined;
  }

  private async begin({ headers }: IncomingMessage): Promise<void> {
    this.forget();
    // Not for a new file: ext4 writes a file that was truncated to its disk at once when it is closed, 0.3 s for a GiB.
    if (this.furthest > 0) await this.handle.truncate(0);
    this.etag = headers.etag?.startsWith('"') ? headers.etag : undefined;
    this.total = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  }

  /** Whether this is the rest of what we have; Oneprovider tells its length only. */
  private continues({ statusCode, headers }: IncomingMessage): boolean {
    if (statusCode !== 206) return false;
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
    if (range) return Number(range[1]) === this.bytes && (range[2] === '*' || Number(range[2]) === this.total);
    return this.total !== undefined && Number(headers['content-length']) === this.total - this.bytes;
  }

  /** One write is under way while the next half mebibyte comes. */
  private async write(answer: IncomingMessage): Promise<void> {
    let writing = Promise.resolve();
    let chunks: Buffer[] = [];
    let bytes = 0;
    let unfreed = 0;
    const flush = async () => {
      await writing;
      unfreed += bytes;
      if (unfreed >= FREE_BYTES) {
        (await import('./garbage')).freeBuffers();
        unfreed = 0;
      }
      writing = this.append(chunks, bytes);
      writing.catch(() => {}); // told by the next one, or at the end
      [chunks, bytes] = [[], 0];
    };
    let broken = '';
    try {
      for await (const chunk of answer) {
        chunks.push(chunk as Buffer);
        bytes += (chunk as Buffer).length;
        if (bytes >= WRITE_BYTES) await flush();
      }
    } catch (error) {
      if (error instanceof InvocationError) throw error;
      broken = 'it broke off';
    }
    await flush();
    await writing;
    if (!broken && answer.complete && (this.total ?? this.bytes) === this.bytes) return;
    const bytesOf = `${this.bytes} of ${this.total ?? 'more'} bytes`;
    const progress = this.bytes > this.furthest;
    this.furthest = Math.max(this.bytes, this.furthest);
    throw new PassingError(`${broken || 'it ended'} after ${bytesOf}`, { progress });
  }

  private async append(chunks: Buffer[], bytes: number): Promise<void> {
    if (bytes === 0) return;
    try {
      let { bytesWritten } = await this.handle.writev(chunks, this.bytes);
      // Where a disk is nearly full not all is written, and the next write says why.
      while (bytesWritten < bytes) {
        const rest = Buffer.concat(chunks).subarray(bytesWritten);
        bytesWritten += (await this.handle.write(rest, 0, rest.length, this.bytes + bytesWritten)).bytesWritten;
      }
      this.bytes += bytes;
    } catch (error) {
      throw unwritable(this.file, error as Error);
    }
  }
}

const unwritable = (file: string, { message }: Error) =>
  new InvocationError('storage', `${file} can't be written: ${message}`);
