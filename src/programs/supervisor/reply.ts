import { closeSync, constants, createReadStream, openSync, readSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { encodeBase64 } from './base64';
import type { OutputFile, Outcome } from './invocation';
import { zipOf } from './zip';

/** A multiple of three: base64 has no remainders to carry over. */
const READ_BYTES = 192 * 1024;

/**
 * The reply of a single run: one file in base64, several as a zip in base64, and a line's end, as upstream prints it.
 * Nothing where an event's results are in the storage, or where the script left no file. Leaves `out` open.
 */
export async function writeReply(outcome: Outcome, out: Writable): Promise<void> {
  if (!outcome.replyWithFiles || outcome.files.length === 0) return;
  await pipeline(await contentOf(outcome.files), encodeBase64(), out, { end: false });
  out.write('\n');
}

/** One file as it is, several as a zip. Throws on the way if a file is no longer as long as it was. */
export async function contentOf(files: readonly OutputFile[]): Promise<AsyncIterable<Buffer>> {
  return files.length === 1 ? exactly(files[0]) : zipOf(files);
}

async function* exactly({ name, path, bytes }: OutputFile): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const chunk of bytes < READ_BYTES ? [readSmall(path, bytes + 1)] : contentOfLarge(path)) {
    sent += chunk.length;
    if (sent > bytes) break;
    yield chunk;
  }
  if (sent !== bytes) throw new Error(`the file "${name}" had ${bytes} bytes and has another length now`);
}

const contentOfLarge = (path: string): AsyncIterable<Buffer> => createReadStream(path, { highWaterMark: READ_BYTES });

/** Up to so many bytes, at once. Doesn't wait where something else has taken the file's place, such as a pipe. */
function readSmall(path: string, most: number): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const content = Buffer.allocUnsafe(most);
    return content.subarray(0, readSync(fd, content));
  } finally {
    closeSync(fd);
  }
}
