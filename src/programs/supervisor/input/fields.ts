import { Json } from './json';
import { refusal, shown } from './refusal';

const SENDER = 'send the event as the storage made it';

/**
 * Text at a path in an event.
 * @throws InvocationError (`input`) when it is missing, empty, no string, or no text (see `checkText`).
 */
export function textAt(json: Json, ...path: readonly string[]): string {
  const field = json.get(...path);
  const text = field?.string;
  if (!text) {
    throw refusal({
      where: [json.where, ...path].join('.'),
      problem: field ? 'not the text that the event needs here' : 'missing in the event',
      got: field?.shown,
      allowed: 'a string that is not empty',
      fix: SENDER,
    });
  }
  checkText(text, field.where);
  return text;
}

/** A time, as text or as a number, as it stands; empty when there is none. @throws InvocationError (`input`) */
export function timeAt(json: Json, name: string): string {
  const field = json.get(name);
  if (field === undefined || field.kind === 'null') return '';
  if (field.kind === 'number') return field.text;
  if (field.kind === 'string') {
    checkText(field.string!, field.where);
    return field.string!;
  }
  throw refusal({
    where: field.where,
    problem: 'no time',
    got: field.shown,
    allowed: 'a string or a number',
    fix: SENDER,
  });
}

/** No environment variable takes a NUL, and no address or file name half a character. @throws InvocationError (`input`) */
function checkText(text: string, where: string): void {
  if (!/[\0\p{Cs}]/u.test(text)) return;
  throw refusal({
    where,
    problem: 'a NUL or half a character',
    got: shown(text),
    allowed: 'Unicode text without NUL',
    fix: 'give the object another name',
  });
}

/** Longest name of a file on Linux, in bytes (NAME_MAX). */
const NAME_MAX = 255;

/**
 * Last part of an object's key or path: what its file is called in the input folder.
 * @throws InvocationError (`input`) when no file can have this name.
 */
export function fileName(key: string, where: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1);
  checkText(key, where);
  if (name === '' || name === '.' || name === '..' || Buffer.byteLength(name) > NAME_MAX) {
    throw refusal({
      where,
      problem: 'its last part is no name that a file can have',
      got: shown(name),
      allowed: `at most ${NAME_MAX} bytes, and neither "." nor ".."`,
      fix: 'give the object another name',
    });
  }
  return name;
}

/**
 * A path on a server that resolves `.` and `..` itself, in parts.
 * @throws InvocationError (`input`) when it doesn't begin with `/`, or would lead somewhere else than it says.
 */
export function pathParts(path: string, where: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  if (path.startsWith('/') && !parts.includes('.') && !parts.includes('..')) return parts;
  throw refusal({
    where,
    problem: 'not the path of a file on the server',
    got: shown(path),
    allowed: 'an absolute path without "." and ".." as parts',
    fix: 'send the whole path, from the root on',
  });
}
