import { get, IncomingMessage } from 'node:http';
import { IDLE_METRIC, SUPERVISOR_METRICS_PATH } from '../../../contract';
import type { WarmPod } from '../state/warm-pods';

const IDLE = new RegExp(`^${IDLE_METRIC}(?:\\{[^}]*\\})? (\\S+)$`, 'm');
const TIMEOUT_MS = 3_000;
/** A supervisor tells a few KiB. Who else answers there may send anything. */
const MOST_BYTES = 1024 * 1024;

/** Asks a pod for how many seconds it has had nothing to do. @throws Error when it doesn't tell */
export async function idleSeconds({ name, ip }: WarmPod, port: number): Promise<number> {
  const metrics = await read({ host: ip, port, path: SUPERVISOR_METRICS_PATH }).catch((error: Error) => {
    throw new Error(`the pod ${name} does not tell its metrics: ${error.message}`);
  });
  const seconds = Number(IDLE.exec(metrics)?.[1] ?? NaN);
  if (!Number.isFinite(seconds)) throw new Error(`the pod ${name} does not tell ${IDLE_METRIC}`);
  return seconds;
}

function read(from: { host: string; port: number; path: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    get({ ...from, agent: false, signal }, (answer) => {
      if (answer.statusCode === 200) textOf(answer).then(resolve, reject);
      else reject(new Error(`status ${answer.resume().statusCode}`));
    }).on('error', (error) => reject(signal.aborted ? new Error(`no answer in ${TIMEOUT_MS / 1000} s`) : error));
  });
}

/** @throws Error when it is too long */
async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
