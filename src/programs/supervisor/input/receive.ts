import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { InvocationError } from '../failure';
import type { Body } from '../invocation';
import { Base64Decoder, Base64Error } from './base64';
import { checkEncoding, ContentKind, contentKind } from './content-type';
import { meaningOf } from './event';
import type { FileInput, Input } from './input';
import { createInputFile } from './input-file';
import { beginningOf, neither, notJson, withoutByteOrderMark } from './text';

/** Longer bodies are never events: they go to disk as they come, in constant memory. */
const EVENT_LIMIT = 8 * 1024 * 1024;

/**
 * Reads a body to its end: an event's objects, or the data as a file in `folder`, whose name upstream gave it.
 * What fails leaves no file, and leaves the rest of the body unread, so that a server can still answer.
 * @param folder the invocation's input folder, which exists
 * @throws InvocationError `input`: the body fits no rule, or is an event that is broken; `cancelled`: it broke off. The
 *   file system's own errors as they are.
 */
export async function receive({ content, contentType, contentEncoding }: Body, folder: string): Promise<Input> {
  checkEncoding(contentEncoding, 'header Content-Encoding');
  const kind = contentKind(contentType, 'header Content-Type');
  const chunks = chunksOf(content);
  try {
    return await read(kind, chunks, folder);
  } finally {
    await chunks.return(undefined); // lets go of the body: a server may still want to drain it
  }
}

type Chunks = AsyncGenerator<Buffer, undefined>;

async function read(kind: ContentKind, chunks: Chunks, folder: string): Promise<Input> {
  if (kind === 'binary') return save(folder, dataName(), (file) => append(file, chunks));
  const { bytes, complete } = await take(chunks, EVENT_LIMIT);
  if (!complete) return save(folder, dataName(), (file) => writeLarge(file, kind, bytes, chunks));
  const meaning = meaningOf(kind, bytes);
  if (meaning.kind === 'event') return meaning;
  const name = meaning.enveloped ? 'api_event_file' : dataName();
  return save(folder, name, (file) => file.writeFile(meaning.content), meaning.variables);
}

const dataName = () => `event-file-${randomUUID()}`;

async function save(
  folder: string,
  name: string,
  write: (file: FileHandle) => Promise<void>,
  variables: FileInput['variables'] = {},
): Promise<FileInput> {
  return { kind: 'file', ...(await createInputFile(folder, name, write)), variables };
}

/** Never destroys the body: an HTTP request takes its connection, and with it the answer, along. */
async function* chunksOf(content: Readable): Chunks {
  try {
    for await (const chunk of content.iterator({ destroyOnReturn: false })) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  } catch (error) {
    throw new InvocationError('cancelled', `the body broke off: ${(error as Error).message}`);
  }
  return undefined;
}

/** The beginning of a body, in one piece however small those are that it comes in, up to just over a limit. */
async function take(chunks: Chunks, limit: number): Promise<{ bytes: Buffer; complete: boolean }> {
  let bytes: Buffer = Buffer.alloc(0);
  let length = 0;
  while (length <= limit) {
    const { value: chunk } = await chunks.next();
    if (chunk === undefined) return { bytes: bytes.subarray(0, length), complete: true };
    if (length + chunk.length > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length + chunk.length, 2 * bytes.length));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    length += chunk.copy(bytes, length);
  }
  return { bytes: bytes.subarray(0, length), complete: false };
}

/**
 * A large body's first character tells what it is: nothing in base64 looks like the beginning of an object, a list or a
 * string. JSON is taken as it stands, nobody reads it here; base64 is decoded as it comes.
 */
async function writeLarge(file: FileHandle, kind: 'json' | 'text', start: Buffer, rest: Chunks): Promise<void> {
  let offset = start.length - withoutByteOrderMark(start).length;
  await file.writeFile(start.subarray(0, offset));
  let chunk: Buffer | undefined = start.subarray(offset);
  let first: string | undefined;
  while (chunk !== undefined && (first = firstCharacter(chunk)) === undefined) {
    await file.writeFile(chunk);
    offset += chunk.length;
    chunk = (await rest.next()).value;
  }
  if (first !== undefined && '{["'.includes(first)) {
    await file.writeFile(chunk!);
    return append(file, rest);
  }
  const why = 'its first character is none of {, [ and "';
  if (kind === 'json') throw notJson('body', why, beginningOf(chunk ?? start));
  await file.truncate(0);
  if (chunk === undefined) return; // nothing but blanks
  try {
    await append(file, decoded(chunk, rest, offset));
  } catch (error) {
    if (error instanceof Base64Error) throw neither('body', why, error.message, beginningOf(chunk));
    throw error;
  }
}

async function append(file: FileHandle, chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) await file.writeFile(chunk);
}

const BLANKS: ReadonlySet<number> = new Set(Buffer.from('\t\n\f\r '));

/** First character that is not blank. */
function firstCharacter(chunk: Buffer): string | undefined {
  const byte = chunk.find((one) => !BLANKS.has(one));
  return byte === undefined ? undefined : String.fromCharCode(byte);
}

async function* decoded(first: Buffer, rest: AsyncIterable<Buffer>, offset: number): AsyncGenerator<Buffer> {
  const decoder = new Base64Decoder(offset);
  yield decoder.push(first);
  for await (const chunk of rest) yield decoder.push(chunk);
  yield decoder.end();
}
