import { closeSync, openSync, writeSync } from 'node:fs';

const MIB = 1024 * 1024;
const LINE_END = 0x0a;

/**
 * An invocation's log and its script's output, on disk and never longer than `limit` (and a note): what a reply shows
 * when there are no files. The output is raw: bytes as the script wrote them.
 */
export class Transcript {
  private fd: number | undefined;
  private bytes = 0;
  private atLineStart = true;

  constructor(
    readonly file: string,
    private readonly limit = 16 * MIB,
  ) {
    this.fd = openSync(file, 'w', 0o600);
  }

  /** A whole line with its end, on a line of its own. */
  line(text: string): void {
    this.raw(Buffer.from(this.atLineStart ? text : `\n${text}`));
  }

  raw(bytes: Uint8Array): void {
    if (this.fd === undefined || bytes.length === 0) return;
    const room = this.limit - this.bytes;
    this.append(bytes.length <= room ? bytes : bytes.subarray(0, room));
    if (bytes.length <= room) return;
    this.append(Buffer.from(`\n[cut here: a transcript holds ${this.limit / MIB} MiB]\n`));
    this.close();
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private append(bytes: Uint8Array): void {
    if (this.fd === undefined || bytes.length === 0) return;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.fd, bytes, at);
    } catch {
      // A full disk: the script or its results meet it too, and are told so.
      this.close();
      return;
    }
    this.bytes += bytes.length;
    this.atLineStart = bytes[bytes.length - 1] === LINE_END;
  }
}
