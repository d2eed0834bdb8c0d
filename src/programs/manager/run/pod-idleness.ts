import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { IDLE_METRIC } from '../../../contract';
import type { WarmPod } from '../state/warm-pods';

const METRICS_PATH = '/metrics';
const IDLE = new RegExp(`^${IDLE_METRIC}(?:\\{[^}]*\\})? (\\S+)$`, 'm');
const TIMEOUT_MS = 3_000;

/** Asks a pod for how many seconds it has had nothing to do. @throws Error when it doesn't tell */
export async function idleSeconds({ name, ip }: WarmPod, port: number): Promise<number> {
  const metrics = await read({ host: ip, port, path: METRICS_PATH }).catch((error: Error) => {
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
      if (answer.statusCode === 200) text(answer).then(resolve, reject);
      else reject(new Error(`status ${answer.resume().statusCode}`));
    }).on('error', (error) => reject(signal.aborted ? new Error(`no answer in ${TIMEOUT_MS / 1000} s`) : error));
  });
}
