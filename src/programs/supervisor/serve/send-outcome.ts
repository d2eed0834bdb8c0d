import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { lookup } from 'mrmime';
import { base64Length, encodeBase64 } from '../base64';
import type { OutputFile, Outcome } from '../invocation';
import { contentOf } from '../reply';
import { ANY_BYTES, rawType } from './accept';

const TEXT = 'text/plain; charset=utf-8';
const ZIP = 'application/zip';

/**
 * Answers with what an invocation left: to data its files, in base64 or as the client accepts them; to an event, or
 * where there are none, the transcript.
 * @param service names a zip
 * @returns bytes of the files that were sent
 * @throws when the client goes away or a file breaks, maybe in the middle: the connection has to be destroyed then
 */
export async function sendOutcome(
  response: ServerResponse,
  { id, replyWithFiles, files, transcript }: Outcome,
  accept: string | undefined,
  service: string,
): Promise<number> {
  response.setHeader('x-invocation-id', id);
  if (replyWithFiles && files.length > 0) return sendFiles(response, files, accept, service);
  const { size } = await stat(transcript);
  response.writeHead(200, { 'content-type': TEXT, 'content-length': size });
  await pipeline(createReadStream(transcript), response);
  return 0;
}

async function sendFiles(
  response: ServerResponse,
  files: readonly OutputFile[],
  accept: string | undefined,
  service: string,
): Promise<number> {
  const [{ name, bytes }] = files;
  const single = files.length === 1;
  const raw = rawType(accept, single ? (lookup(name) ?? ANY_BYTES) : ZIP);
  if (raw) {
    response.setHeader('content-type', single ? raw : ZIP);
    response.setHeader('content-disposition', attachment(single ? name : `${service}.zip`));
  } else response.setHeader('content-type', TEXT);
  if (single) response.setHeader('content-length', raw ? bytes : base64Length(bytes));
  const content = await contentOf(files);
  await (raw ? pipeline(content, response) : pipeline(content, encodeBase64(), response));
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/** RFC 6266 and RFC 8187: any name in any alphabet, without its folders. */
function attachment(name: string): string {
  const last = name.slice(name.lastIndexOf('/') + 1);
  const encoded = encodeURIComponent(last).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename*=UTF-8''${encoded}`;
}
