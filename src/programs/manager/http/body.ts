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

/** A request's body, whose connection is left alone whenever its reader stops: it is still to be answered. */
export async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer, undefined> {
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (error) {
    throw new HttpError(400, `the body broke off: ${(error as Error).message}`);
  }
  return undefined;
}

/** @throws HttpError 413 when the request says that its body is longer than it may be */
export function checkLength(request: IncomingMessage, limit: number): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong(limit);
}

export const tooLong = (limit: number) =>
  new HttpError(413, `the body is longer than ${limit} bytes, which is all it may have`);
