import { refusal, shown } from './refusal';

/**
 * How a body is read. `json`: it must be JSON. `text`: JSON or base64. `binary`: its bytes are the data. `text` is what
 * clients send who say nothing of the type: none, `text/plain`, and the default of curl's `--data`.
 */
export type ContentKind = 'json' | 'text' | 'binary';

const TEXT = ['', 'text/plain', 'application/x-www-form-urlencoded'];

/**
 * @param where the header's place, for the error
 * @throws InvocationError (`input`) for `multipart/*`: which of its parts the script is meant to see is anybody's guess.
 */
export function contentKind(contentType: string | undefined, where: string): ContentKind {
  const type = (contentType ?? '').split(';', 1)[0].trim().toLowerCase();
  if (type.startsWith('multipart/')) {
    throw refusal({
      where,
      problem: 'a form of several parts is not read',
      got: shown(type),
      allowed: 'application/json, text/plain (JSON or base64), or any other type (the bytes as they are)',
      fix: 'send the file itself as the body: curl --data-binary @FILE -H "Content-Type: application/octet-stream"',
    });
  }
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  return TEXT.includes(type) ? 'text' : 'binary';
}

/**
 * @param where the header's place, for the error
 * @throws InvocationError (`input`) for a body that is compressed: nobody knows how large it becomes.
 */
export function checkEncoding(contentEncoding: string | undefined, where: string): void {
  const encodings = (contentEncoding ?? '').split(',').map((encoding) => encoding.trim().toLowerCase());
  if (encodings.every((encoding) => encoding === '' || encoding === 'identity')) return;
  throw refusal({
    where,
    problem: 'a compressed body is not read',
    got: shown(contentEncoding!),
    allowed: 'identity, or no such header',
    fix: 'send the body uncompressed; a compressed file that is the data itself, without this header',
  });
}
