import { get, IncomingMessage } from 'node:http';
import { IDLE_METRIC, INVOCATIONS_METRIC, SUPERVISOR_METRICS_PATH } from '../../../contract';
import type { WarmPod } from '../state/warm-pods';

const IDLE = new RegExp(`^${IDLE_METRIC}(?:\\{[^}]*\\})? (\\S+)$`, 'm');
const INVOCATIONS = new RegExp(`^${INVOCATIONS_METRIC}(?:\\{[^}]*\\})? (\\S+)$`, 'gm');
const TIMEOUT_MS = 3_000;
/** A supervisor tells a few KiB. Who else answers there may send anything. */
const MOST_BYTES = 1024 * 1024;

export interface Idleness {
  /** For so long it has had nothing to do; 0: it has. */
  readonly seconds: number;
  /** It has been called, since it was started. */
  readonly wasCalled: boolean;
}

/** Asks a pod. @throws Error when it doesn't tell */
export async function idleness({ name, ip }: WarmPod, port: number): Promise<Idleness> {
  const metrics = await read({ host: ip, port, path: SUPERVISOR_METRICS_PATH }).catch((error: Error) => {
    throw new Error(`the pod ${name} does not tell its metrics: ${error.message}`);
  });
  const seconds = Number(IDLE.exec(metrics)?.[1] ?? NaN);
  if (!Number.isFinite(seconds)) throw new Error(`the pod ${name} does not tell ${IDLE_METRIC}`);
  const invocations = [...metrics.matchAll(INVOCATIONS)].map(([, count]) => Number(count));
  return { seconds, wasCalled: seconds === 0 || invocations.some((count) => count !== 0) };
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
