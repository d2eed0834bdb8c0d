/**
 * Plain values as YAML that people review and every parser reads alike: block style as kubectl prints it, and text
 * plain only where readers of YAML 1.1 and of 1.2 agree that it is that text. Much faster than a general library.
 */

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * One YAML document, ending in a newline. Keys stay in their order.
 *
 * Throws `TypeError`, naming the key, on what YAML can't hold: `undefined`, functions, class instances, NaN and
 * infinities, broken Unicode (half a surrogate pair), keys over 1,000 characters.
 */
export function toYaml(value: Json): string {
  if (isList(value) && value.length) return list(value, '');
  if (isMap(value) && Object.keys(value).length) return map(value, '');
  return `${leaf(value, '', 'the document')}\n`;
}

type JsonMap = { readonly [key: string]: Json };

// Each block is written without the padding of its first line: its place is after `- `, or the caller has padded.

function map(value: JsonMap, pad: string): string {
  let out = '';
  for (const key of Object.keys(value)) {
    const child = value[key];
    const name = out === '' ? keyText(key) : `${pad}${keyText(key)}`;
    if (isList(child) && child.length) out += `${name}:\n${pad}${list(child, pad)}`;
    else if (isMap(child) && Object.keys(child).length) out += `${name}:\n${pad}  ${map(child, `${pad}  `)}`;
    else out += `${name}: ${leaf(child, pad, key)}\n`;
  }
  return out;
}

function list(value: readonly Json[], pad: string): string {
  const deeper = `${pad}  `;
  let out = '';
  for (let i = 0; i < value.length; i++) {
    const child = value[i];
    const dash = i === 0 ? '- ' : `${pad}- `;
    if (isList(child) && child.length) out += dash + list(child, deeper);
    else if (isMap(child) && Object.keys(child).length) out += dash + map(child, deeper);
    else out += `${dash}${leaf(child, pad, `[${i}]`)}\n`;
  }
  return out;
}

/** A scalar or an empty collection, without the newline that ends it. */
function leaf(value: Json, pad: string, where: string): string {
  switch (typeof value) {
    case 'string':
      return text(value, `${pad}  `, where);
    case 'number':
      return number(value, where);
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? 'null' : isList(value) ? '[]' : emptyMap(value, where);
    default:
      throw new TypeError(`${where}: ${typeof value} can't be written as YAML`);
  }
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Class instances (a Date, a Map) are no JSON: treated as maps, they would silently be written as `{}`. */
function isMap(value: Json): value is JsonMap {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function emptyMap(value: Json, where: string): string {
  if (isMap(value)) return '{}';
  throw new TypeError(`${where}: an instance of ${value!.constructor.name} can't be written as YAML`);
}

/** YAML 1.1 reads a float only with a dot: `1.0e+21`. */
function number(value: number, where: string): string {
  if (!Number.isFinite(value)) throw new TypeError(`${where}: ${value} can't be written as YAML`);
  const digits = JSON.stringify(value);
  return /^-?\d+e/.test(digits) ? digits.replace('e', '.0e') : digits;
}

/** Longest key that parsers take without the `? key` form (YAML: 1,024 characters). */
const KEY_MAX = 1000;

function keyText(key: string): string {
  if (isPlain(key)) return key;
  const quoted = quote(key, `key ${JSON.stringify(key.slice(0, 40))}`);
  if (quoted.length > KEY_MAX) throw new TypeError(`key "${key.slice(0, 40)}…" is too long to be written as YAML`);
  return quoted;
}

function text(value: string, pad: string, where: string): string {
  if (isPlain(value)) return value;
  return isLiteral(value) ? literal(value, pad) : quote(value, where);
}

/** Words that YAML 1.1 or 1.2 reads as something else than text; some readers take `e1` for a float. */
const WORD = /^(?:null|true|false|yes|no|on|off|y|n|-?e[-+]?[0-9]+)$/i;

/** `: ` would make a key, ` #` a comment, and a space at an end is dropped. */
const BODY = String.raw`(?:[!-9;-~\u00a1-\u{10ffff}]|:(?=[^ ])| (?=[^#]))*$`;
/** Begins as no number, date, sign or indicator does. `--flag` and `-f` may. */
const TEXT = /^(?:[A-Za-z_/]|--?(?=[A-Za-z]))(?:[!-9;-~]|:(?=[^ ])| (?=[^#]))*$/;
/** Begins with a digit, and has a character that no number or date of any YAML version has: `256Mi`, `10.0.0.0/8`. */
const QUANTITY = new RegExp(String.raw`^[0-9](?=[^]*[g-nq-su-wyG-NQ-SU-WY/])${BODY}`, 'u');
const UNICODE_TEXT = new RegExp(String.raw`^(?:[A-Za-z_/\u00a1-\u{10ffff}]|--?(?=[A-Za-z]))${BODY}`, 'u');

/**
 * What a reviewer can't see or a parser may take as a line's end: controls, invisible and direction-changing
 * characters, odd spaces, private use, byte order marks. Written as escapes only. A tab and a newline are not in it.
 */
const HIDDEN = /(?![\n\t ])[\p{Cc}\p{Cf}\p{Co}\p{Z}\ufffe\uffff]/u;
const ASCII = /^[\n\t -~]*$/;

function isPlain(value: string): boolean {
  if (value.length > KEY_MAX) return false;
  if (TEXT.test(value)) return !WORD.test(value);
  if (QUANTITY.test(value) || UNICODE_TEXT.test(value)) return ASCII.test(value) || !isHidden(value);
  return false;
}

const isHidden = (value: string) => HIDDEN.test(value) || BROKEN.test(value);

/** Half a surrogate pair: no UTF-8 file can hold it, and Go's parsers refuse its escape. */
const BROKEN = /\p{Cs}/u;

/** Whether text of several lines can stand as it is, without depending on how a parser guesses its indentation. */
function isLiteral(value: string): boolean {
  if (!/^[^\n\t ][^\n]*\n/.test(value)) return false;
  if (!ASCII.test(value) && isHidden(value)) return false;
  const end = withoutFinalNewlines(value);
  return end.slice(end.lastIndexOf('\n') + 1).trim() !== '';
}

function literal(value: string, pad: string): string {
  const body = withoutFinalNewlines(value);
  const newlines = value.length - body.length;
  const header = newlines === 0 ? '|-' : newlines === 1 ? '|' : '|+';
  const lines = body.replace(/\n(?!\n)/g, `\n${pad}`);
  return `${header}\n${pad}${lines}${'\n'.repeat(Math.max(newlines - 1, 0))}`;
}

function withoutFinalNewlines(value: string): string {
  let end = value.length;
  while (value[end - 1] === '\n') end--;
  return value.slice(0, end);
}

const ALL_HIDDEN = new RegExp(HIDDEN, 'gu');

/** Double-quoted, with JSON's escapes (YAML knows them all) and more of them. */
function quote(value: string, where: string): string {
  const json = JSON.stringify(value);
  if (ASCII.test(value)) return json;
  if (BROKEN.test(value)) throw new TypeError(`${where}: broken Unicode can't be written as YAML`);
  return json.replace(ALL_HIDDEN, (hidden) => {
    const hex = hidden.codePointAt(0)!.toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
  });
}
