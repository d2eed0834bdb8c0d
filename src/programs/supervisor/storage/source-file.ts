import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { FileHandle, open } from 'node:fs/promises';
import { InvocationError } from '../failure';
import type { Body } from './http';

/** Sixteen parts may be under way at once (four files, four parts of each), and every one has a buffer. */
const CHUNK_BYTES = 256 * 1024;

/** A file that is uploaded, and may not change meanwhile: an object is never half of this and half of that. */
export class SourceFile {
  /** @throws InvocationError when it can't be read */
  static async open(path: string): Promise<SourceFile> {
    const handle = await open(path, 'r').catch((error) => Promise.reject(unreadable(path, error)));
    return new SourceFile(path, handle, await handle.stat({ bigint: true }));
  }

  readonly bytes: number;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly before: BigIntStats,
  ) {
    this.bytes = Number(before.size);
  }

  /** Some bytes of it. The last chunk comes only if the file is still what it was. */
  part(start = 0, bytes = this.bytes - start): Body {
    return { bytes, chunks: () => this.chunks(start, bytes) };
  }

  /** SHA-256 of some bytes of it, in hex. */
  async sha256({ chunks }: Body): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of chunks()) hash.update(chunk);
    return hash.digest('hex');
  }

  /** @throws InvocationError when somebody wrote into it since it was opened */
  async checkUnchanged(): Promise<void> {
    const now = await this.handle.stat({ bigint: true });
    const { size, mtimeNs, ctimeNs } = this.before;
    if (now.size !== size || now.mtimeNs !== mtimeNs || now.ctimeNs !== ctimeNs) {
      throw new InvocationError('storage', `${this.path} was changed while it was uploaded: nothing may write to it`);
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async *chunks(start: number, bytes: number): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, bytes));
    for (let done = 0; done < bytes;) {
      const wanted = Math.min(buffer.length, bytes - done);
      const { bytesRead } = await this.handle
        .read(buffer, 0, wanted, start + done)
        .catch((error) => Promise.reject(unreadable(this.path, error)));
      done += bytesRead;
      if (done === bytes || bytesRead === 0) await this.checkUnchanged();
      if (bytesRead === 0) throw unreadable(this.path, new Error('it ends too early'));
      yield buffer.subarray(0, bytesRead);
    }
  }
}

const unreadable = (path: string, { message }: Error) =>
  new InvocationError('storage', `${path} can't be read: ${message}`);
