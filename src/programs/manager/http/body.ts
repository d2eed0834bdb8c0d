import type { IncomingMessage } from 'node:http';
import { HttpError } from './answer';

/**
 * The beginning of a body: all of it, or, of a longer one, just over `limit` bytes.
 * @throws HttpError 400 when it breaks off
 */
export async function readUpTo(
  chunks: AsyncIterator<Buffer>,
  limit: number,
): Promise<{ readonly bytes: Buffer; readonly complete: boolean }> {
  const parts: Buffer[] = [];
  let length = 0;
  while (length <= limit) {
    const { value, done } = await chunks.next();
    if (done) return { bytes: Buffer.concat(parts, length), complete: true };
    parts.push(value);
    length += value.length;
  }
  return { bytes: Buffer.concat(parts, length), complete: false };
}

/** A client that sends nothing of its body for so long has given up. */
const IDLE_MS = 60_000;

/**
 * A request's body, whose connection is left alone whenever its reader stops: it is still to be answered.
 * @throws HttpError 400 when it breaks off, 408 when nothing of it comes for a minute
 */
export async function* chunksOf(request: IncomingMessage, idleMs = IDLE_MS): AsyncGenerator<Buffer, undefined> {
  const chunks = request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const next = await within(chunks.next(), idleMs);
    if (next.done) return undefined;
    yield next.value;
  }
}

async function within(next: Promise<IteratorResult<Buffer>>, idleMs: number): Promise<IteratorResult<Buffer>> {
  let late: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const fail = () => reject(new HttpError(408, `nothing of the body came for ${idleMs / 1000} s`));
    late = setTimeout(fail, idleMs);
  });
  const broken = (error: Error) => {
    throw new HttpError(400, `the body broke off: ${error.message}`);
  };
  return Promise.race([next.catch(broken), silence]).finally(() => clearTimeout(late));
}

/** @throws HttpError 413 when the request says that its body is longer than it may be */
export function checkLength(request: IncomingMessage, limit: number): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong(limit);
}

export const tooLong = (limit: number) =>
  new HttpError(413, `the body is longer than ${limit} bytes, which is all it may have`);
