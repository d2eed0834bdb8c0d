import type { IncomingMessage, ServerResponse } from 'node:http';
import { endToEnd } from './headers';

/** A client that takes nothing for so long, or a pod that gives nothing, ends the answer. */
const IDLE_MS = 60_000;

/**
 * Passes a pod's answer on, at the pace at which the client takes it.
 * @returns whether the client got all of it. If not, its connection is broken: nobody may take a part for the whole.
 */
export async function passOn(
  answer: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (response.destroyed) return false;
  const closed = new Promise((resolve) => response.once('close', resolve));
  // A reset, since a connection that ends in order looks like a whole answer by HTTP/1.0.
  const breakOff = () => request.socket.resetAndDestroy();
  response.setTimeout(IDLE_MS, breakOff);
  answer.on('error', breakOff);
  response.writeHead(answer.statusCode!, answer.statusMessage, endToEnd(answer));
  answer.pipe(response);
  await closed;
  answer.destroy();
  return answer.complete && response.writableFinished;
}
