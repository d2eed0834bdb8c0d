import { isUtf8 } from 'node:buffer';
import type { InvocationError } from '../failure';
import { Base64Error, decodeBase64 } from './base64';
import { Json } from './json';
import { JsonError } from './json-syntax';
import { refusal, shown } from './refusal';

/** Why a body is not what it should be, and what to send instead. */
export function notJson(where: string, why: string, beginning: string): InvocationError {
  return refusal({
    where,
    problem: `not JSON, as its Content-Type says: ${why}`,
    got: shown(beginning),
    allowed: 'JSON in UTF-8',
    fix: 'put the JSON right, or send the bytes as they are with "Content-Type: application/octet-stream"',
  });
}

export function notBase64(where: string, why: string, beginning: string): InvocationError {
  return refusal({
    where,
    problem: `not base64, as isBase64Encoded says: ${why}`,
    got: shown(beginning),
    allowed: 'base64, standard or URL-safe',
    fix: 'encode the body, or set isBase64Encoded to false',
  });
}

export function neither(where: string, notJson: string, notBase64: string, beginning: string): InvocationError {
  return refusal({
    where,
    problem: `neither JSON (${notJson}) nor base64 (${notBase64})`,
    got: shown(beginning),
    allowed: 'JSON, base64, or nothing',
    fix:
      'for a file as it is, say so: curl --data-binary @FILE -H "Content-Type: application/octet-stream"; ' +
      'on stdin, send it through base64',
  });
}

/** @throws InvocationError (`input`) */
export function readJson(bytes: Buffer, where: string): Json {
  const json = parseJson(bytes, where);
  if (json instanceof Json) return json;
  throw notJson(where, json, beginningOf(bytes));
}

/** @throws InvocationError (`input`) */
export function readBase64(bytes: Buffer, where: string): Buffer {
  const decoded = tryBase64(bytes);
  if (typeof decoded !== 'string') return decoded;
  throw notBase64(where, decoded, beginningOf(bytes));
}

/**
 * Text whose type nobody told: JSON if it is JSON, whatever value that is; else base64; nothing but blanks is nothing.
 * @returns the error, not thrown, for what is neither: some take it for bytes then.
 */
export function readText(bytes: Buffer, where: string): Json | Buffer | InvocationError {
  const json = parseJson(bytes, where);
  if (json instanceof Json) return json;
  const decoded = tryBase64(withoutByteOrderMark(bytes));
  return typeof decoded === 'string' ? neither(where, json, decoded, beginningOf(bytes)) : decoded;
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** UTF-8's, which some editors put before the text. */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  const marked = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return marked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

/** JSON, or why it is none. */
function parseJson(bytes: Buffer, where: string): Json | string {
  if (!isUtf8(bytes)) return 'it is not UTF-8';
  try {
    return Json.parse(bytes.toString('utf8'), where);
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
}

/** Bytes, or why it is no base64. */
function tryBase64(bytes: Buffer): Buffer | string {
  try {
    return decodeBase64(bytes);
  } catch (error) {
    if (error instanceof Base64Error) return error.message;
    throw error;
  }
}

/** Enough for what an error shows. */
export function beginningOf(bytes: Buffer): string {
  return bytes.toString('utf8', 0, 400);
}
