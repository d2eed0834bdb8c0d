/** Where and why text is not JSON. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  constructor(
    problem: string,
    /** Index in the text, in UTF-16 code units. */
    readonly at: number,
    text: string,
  ) {
    super(`${problem} at ${place(text, at)}`);
  }
}

/** Counted in place: 8 MiB of line ends, split, would be as many strings. */
function place(text: string, at: number): string {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return `line ${line}, column ${at - start + 1}`;
}

const OBJECT = 1;
const ARRAY = 2;

/**
 * Checks text by JSON's grammar (RFC 8259), as `JSON.parse` does, but makes no values: 8 MiB of `[[[[…` would become
 * half a gigabyte. Nothing here recurses.
 * @throws JsonError
 */
export function checkJson(text: string): void {
  const open = new Uint8Array(text.length); // the kernel gives pages only as deep as the text nests
  let depth = 0;
  let at = skipBlanks(text, 0);
  for (;;) {
    const char = text[at];
    if (char === '{' || char === '[') {
      open[depth++] = char === '{' ? OBJECT : ARRAY;
      at = skipBlanks(text, at + 1);
      if (text[at] !== (char === '{' ? '}' : ']')) {
        if (char === '{') at = checkName(text, at);
        continue;
      }
    } else at = char === '"' ? checkString(text, at) : checkScalar(text, at);
    // A value has ended, or its end is at hand: close what ends with it, up to where the next value is due.
    for (;;) {
      at = skipBlanks(text, at);
      if (depth === 0) {
        if (at < text.length) throw new JsonError('something follows the end', at, text);
        return;
      }
      const inObject = open[depth - 1] === OBJECT;
      const next = text[at];
      if (next === ',') {
        at = skipBlanks(text, at + 1);
        if (inObject) at = checkName(text, at);
        break;
      }
      if (next !== (inObject ? '}' : ']')) throw unexpected(text, at, inObject ? '"," or "}"' : '"," or "]"');
      depth--;
      at++;
    }
  }
}

/** @returns index of the first character from `at` on that is not one of JSON's blanks. */
export function skipBlanks(text: string, at: number): number {
  for (; ; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
  }
}

/** A member's name and its colon. @returns index of its value */
function checkName(text: string, at: number): number {
  if (text[at] !== '"') throw unexpected(text, at, "a member's name in double quotes");
  const colon = skipBlanks(text, checkString(text, at));
  if (text[colon] !== ':') throw unexpected(text, colon, '":"');
  return skipBlanks(text, colon + 1);
}

/** @returns index after its closing quote */
function checkString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) throw new JsonError('a control character in a string', at, text);
    if (code === 0x5c) at += escapeLength(text, at) - 1;
  }
  throw new JsonError('a string without its end', start, text);
}

function escapeLength(text: string, at: number): number {
  const next = text[at + 1];
  if (next === 'u' && /^[0-9A-Fa-f]{4}$/.test(text.slice(at + 2, at + 6))) return 6;
  if (next !== undefined && '"\\/bfnrt'.includes(next)) return 2;
  throw new JsonError("an escape that JSON doesn't know", at, text);
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function checkScalar(text: string, at: number): number {
  const word = ['true', 'false', 'null'].find((one) => text.startsWith(one, at));
  if (word) return at + word.length;
  NUMBER.lastIndex = at;
  if (!NUMBER.test(text)) throw unexpected(text, at, 'a value');
  return NUMBER.lastIndex;
}

function unexpected(text: string, at: number, due: string): JsonError {
  return new JsonError(at < text.length ? `${due} is due` : `it ends where ${due} is due`, at, text);
}
