import type { Server } from 'node:http';
import { log } from './log';

const IDLE_CHECK_MS = 500;

/**
 * Answers on `port` until SIGTERM or SIGINT; then requests that run may end. Who is sent requests for a moment longer, as
 * a pod is, waits before it is told to end (a preStop hook).
 * @throws when the port can't be had
 */
export async function serve(server: Server, port: number): Promise<void> {
  await listen(server, port);
  log('info', 'listening', { port });
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve);
  });
  log('info', `${signal}: ending`);
  const closed = new Promise((resolve) => server.close(resolve));
  // A connection whose answer was under way is idle later.
  const closeIdle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  server.closeIdleConnections();
  await closed;
  clearInterval(closeIdle);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, () => resolve());
  });
}
