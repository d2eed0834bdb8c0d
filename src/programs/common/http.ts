import { createServer, RequestListener, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { log } from './log';

/**
 * Answers on `port` until SIGTERM or SIGINT; then requests that run may end.
 * @param drainMs how long it still takes new requests after SIGTERM: the cluster sends them until every node knows
 *   that the pod goes. 0 where a preStop hook waits instead.
 */
export async function serve(handler: RequestListener, port: number, drainMs: number): Promise<void> {
  const server = createServer(handler);
  await listen(server, port);
  log('info', 'listening', { port });
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve);
  });
  log('info', `${signal}: ending`);
  if (signal === 'SIGTERM') await sleep(drainMs);
  await new Promise((closed) => {
    server.close(closed);
    server.closeIdleConnections();
  });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => resolve());
  });
}

/** Answers with one line of text. */
export function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`);
}

/** Path of a request, without its query. */
export function pathOf(url: string | undefined): string {
  return (url ?? '/').split('?', 1)[0];
}
