import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '../../common/back-off';
import { InvocationError } from '../failure';
import type { Transfer } from './storage';

/** Somebody waits for the answer: seconds. */
const TRIES = 6;
/** Nobody waits: pauses of five minutes in all. A store that lost a node, or is upgraded, is back by then. */
export const PATIENT_TRIES = 32;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 15_000;
/** A server that asks for a longer pause (`Retry-After`) is asked again after this. */
const LONGEST_PAUSE_MS = 30_000;

/** What may go well another time: the network's trouble, or a server's that passes. */
export class PassingError extends Error {
  constructor(
    message: string,
    readonly detail: {
      /** How long the server asks us to wait, in milliseconds. */
      readonly pauseMs?: number;
      /** Bytes came through before it broke: it is not the same trouble for ever. */
      readonly progress?: boolean;
    } = {},
  ) {
    super(message);
  }
}

/**
 * Does `attempt` up to `transfer.tries` times, as long as it throws PassingError; tries that moved bytes don't count.
 * @param what for messages: `PUT bucket/key`, never with a secret
 * @throws InvocationError: `storage` after the last try, `cancelled` when the signal says so; anything else that
 *   `attempt` throws
 */
export async function patiently<T>(what: string, transfer: Transfer, attempt: () => Promise<T>): Promise<T> {
  const { tries: most = TRIES } = transfer;
  for (let tries = 1; ; tries++) {
    throwIfCancelled(transfer.signal);
    try {
      return await attempt();
    } catch (error) {
      throwIfCancelled(transfer.signal);
      if (!(error instanceof PassingError)) throw error;
      if (error.detail.progress) tries = 1;
      if (tries === most) throw new InvocationError('storage', `${what}: ${error.message} (tried ${most} times)`);
      const wait = waitMs(tries, error.detail.pauseMs);
      transfer.warn(`${what}: ${error.message}; trying again in ${(wait / 1000).toFixed(1)} s`);
      await sleep(wait, undefined, { signal: transfer.signal }).catch(() => throwIfCancelled(transfer.signal));
    }
  }
}

const waitMs = (tries: number, pauseMs = 0) =>
  Math.max(backOffMs(tries, FIRST_WAIT_MS, LONGEST_WAIT_MS), Math.min(pauseMs, LONGEST_PAUSE_MS));

/**
 * Statuses that may be others later. 501 and 505 say that the server can't; 507 that it is full. 499 is MinIO's to
 * requests that it drops when it is stopped («Client disconnected», though nobody did).
 */
export function mayPass(status: number): boolean {
  return [408, 425, 429, 499].includes(status) || (status >= 500 && ![501, 505, 507].includes(status));
}

/** `Retry-After` (RFC 9110, 10.2.3), seconds or a date, in milliseconds. */
export function pauseMs(retryAfter: string | undefined, now = Date.now()): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return ms > 0 ? ms : undefined;
}

export const isCancelled = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (isCancelled(signal)) throw new InvocationError('cancelled', 'the transfer was cancelled');
}
