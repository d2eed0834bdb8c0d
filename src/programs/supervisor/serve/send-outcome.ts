import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';
import { lookup } from 'mrmime';
import { base64Length, encodeBase64 } from '../base64';
import type { Outcome } from '../invocation';
import { contentOf } from '../reply';
import { ANY_BYTES, rawType, ZIP } from './accept';

const TEXT = 'text/plain; charset=utf-8';

/** What is answered to whom. */
export interface Reply {
  readonly outcome: Outcome;
  /** The request's header. */
  readonly accept: string | undefined;
  /** Names a zip. */
  readonly service: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/**
 * Answers with what an invocation left: to data its files, in base64 or as the client accepts them; to an event, or
 * where there are none, the transcript.
 * @returns bytes of the files that were sent
 * @throws when the client goes away or a file breaks, maybe in the middle of the answer: it is left as it is then
 */
export async function sendOutcome(response: ServerResponse, reply: Reply): Promise<number> {
  const { id, replyWithFiles, files, transcript } = reply.outcome;
  response.setHeader('x-invocation-id', id);
  if (replyWithFiles && files.length > 0) return sendFiles(response, reply);
  const { size } = await stat(transcript);
  response.writeHead(200, { 'content-type': TEXT, 'content-length': size });
  await pipeline(createReadStream(transcript), into(response, reply.signal));
  return 0;
}

async function sendFiles(response: ServerResponse, { outcome, accept, service, signal }: Reply): Promise<number> {
  const { files } = outcome;
  const [{ name, bytes }] = files;
  const single = files.length === 1;
  const raw = rawType(accept, single ? (lookup(name) ?? ANY_BYTES) : ZIP);
  const content = await contentOf(files);
  response.writeHead(200, {
    'content-type': !raw ? TEXT : single ? raw : ZIP,
    ...(raw && { 'content-disposition': attachment(single ? name : `${service}.zip`) }),
    ...(single && { 'content-length': raw ? bytes : base64Length(bytes) }),
  });
  const answer = into(response, signal);
  await (raw ? pipeline(content, answer) : pipeline(content, encodeBase64(), answer));
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/**
 * The end of a pipeline that doesn't take part in its failures: a stream there would close the connection in order,
 * which by HTTP/1.0 looks like a whole answer.
 */
function into(response: ServerResponse, signal: AbortSignal) {
  return async (content: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of content) {
      if (!response.write(chunk)) await once(response, 'drain', { signal });
    }
    response.end();
    await finished(response, { signal });
  };
}

/** RFC 6266 and RFC 8187: any name in any alphabet, without its folders. */
function attachment(name: string): string {
  const last = name.slice(name.lastIndexOf('/') + 1);
  const encoded = encodeURIComponent(last).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename*=UTF-8''${encoded}`;
}
