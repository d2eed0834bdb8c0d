import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from '../http/answer';
import { endToEnd } from './headers';

/** A client that takes nothing for so long, or a pod that gives nothing, ends the answer. */
const IDLE_MS = 60_000;

/** How an answer ended: the client has it, its pod broke it off, or the client left or stopped taking it. */
export type Passed = 'whole' | 'broken' | 'left';

/**
 * Passes a pod's answer on, at the pace at which the client takes it. Where that ends in the middle the client's
 * connection is broken: nobody may take a part for the whole.
 */
export async function passOn(
  answer: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Passed> {
  if (response.destroyed) return 'left';
  const { statusCode = 0 } = answer;
  if (statusCode < 200) {
    answer.destroy();
    throw new HttpError(502, `the pod answered with a status that there is not: ${statusCode}`);
  }
  const closed = new Promise((resolve) => response.once('close', resolve));
  // A reset, since a connection that ends in order looks like a whole answer by HTTP/1.0.
  const breakOff = () => request.socket.resetAndDestroy();
  let isBroken = false;
  answer.on('error', () => {
    isBroken = !response.destroyed;
    breakOff();
  });
  response.setTimeout(IDLE_MS, breakOff);
  // Without the pod's own words for the status: they may be no HTTP.
  response.writeHead(statusCode, headersOf(answer, response));
  answer.pipe(response);
  await closed;
  if (isBroken) return 'broken';
  answer.destroy();
  return response.writableFinished ? 'whole' : 'left';
}

/** What the manager says of security, of caches, and of who may read the answer stays: a script has no say in it. */
function headersOf(answer: IncomingMessage, response: ServerResponse) {
  const ours = ['vary', ...response.getHeaderNames()];
  const isCors = (name: string) => name.startsWith('access-control-');
  return endToEnd(answer, [...ours, ...Object.keys(answer.headers).filter(isCors)]);
}
