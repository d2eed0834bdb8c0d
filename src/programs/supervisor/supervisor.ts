import { IncomingMessage, ServerResponse } from 'node:http';
import { SUPERVISOR_HEALTH_PATH } from '../../contract';
import { pathOf, text } from '../common/http';

/** The program and the Node that runs it: tells at a glance whether the image's own world got in its way. */
export function describeSelf(): string {
  return `oscar-cdk8s supervisor, Node ${process.version} on ${process.platform} ${process.arch}`;
}

/** Answers one request to a warm pod. There is no more than health yet. */
export function handle(request: IncomingMessage, response: ServerResponse): void {
  const path = pathOf(request.url);
  if (path === SUPERVISOR_HEALTH_PATH && (request.method === 'GET' || request.method === 'HEAD'))
    text(response, 200, 'Ok');
  else text(response, 501, 'This supervisor runs no requests yet.');
}

/**
 * One event, from the variable `EVENT` or else from stdin. Nothing can process it yet, so the Job must fail: a file
 * that nobody processed is never counted as done.
 */
export async function refuseEvent(stdin: AsyncIterable<Buffer | string> = process.stdin): Promise<number> {
  const event = process.env.EVENT ?? (await readAll(stdin));
  const bytes = Buffer.byteLength(event);
  process.stderr.write(`supervisor: this supervisor processes no events yet (it was given one of ${bytes} bytes).\n`);
  return 1;
}

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}
