import { setTimeout as sleep } from 'node:timers/promises';
import { ProgramError } from './fail';
import { KubernetesAnswer } from './kubernetes';

export type Wait = (ms: number) => Promise<unknown>;

/** A server that is away is asked again after 1, 2, 4 … 16 s: five minutes in all. */
const ATTEMPTS = 22;
const LONGEST_WAIT_MS = 16_000;

/**
 * Asks until the answer is one that stays, and gives the last one at the end.
 * @param mayPass whether an answer may be another one later. @default no answer (0), too many requests, or the
 *   server's own trouble
 * @throws ProgramError as `ask` does
 */
export async function patiently(
  ask: () => Promise<KubernetesAnswer>,
  wait: Wait = sleep,
  mayPass: (status: number) => boolean = isTrouble,
): Promise<KubernetesAnswer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask().catch((error: Error) => {
      if (error instanceof ProgramError) throw error;
      return { status: 0, body: error.message };
    });
    if (!mayPass(answer.status) || attempt === ATTEMPTS) return answer;
    await wait(Math.min(1000 * 2 ** (attempt - 1), LONGEST_WAIT_MS));
  }
}

export const isTrouble = (status: number) => status === 0 || status === 429 || status >= 500;

/** An answer in words. The server's message tells about names and rights; it repeats no data for 4xx and 5xx. */
export function reason({ status, body }: KubernetesAnswer): string {
  const message = (body as { message?: unknown } | null)?.message ?? body;
  return `${status === 0 ? 'no answer' : status}${typeof message === 'string' && message ? `: ${message}` : ''}`;
}
