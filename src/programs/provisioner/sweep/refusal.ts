import { ProgramError } from '../../common/fail';
import { Log } from '../../common/log';
import { Wait } from '../../common/patience';
import { storePauseMs } from '../store/patience';
import { isUnknownKeys, StoreAway, StoreError } from '../store/store';

/** Pauses of five minutes in all: the next sweep is due then. */
const TRIES = 31;

const FIX =
  "The provisioner makes the sweep's user and its rights. Fix: see the log of the provisioner's last Job, delete that Job " +
  'and apply the manifests again; in an external store make the user by hand, as that log says';

/** Whether the store has no such user as the sweep's, or has not given it its rights. */
const isRefusal = (error: unknown) =>
  error instanceof StoreError && (isUnknownKeys(error) || error.code === 'AccessDenied');

/** The error's message, with what a refusal of the sweep's user means. */
export const explained = (error: ProgramError): string =>
  isRefusal(error) ? `${error.message}. ${FIX}` : error.message;

/**
 * What the store is asked first, again and again while it is away or refuses the sweep's user. On a new platform a sweep
 * starts as soon as its Secret is there; the provisioner makes the user of it once the store answers.
 * @throws StoreError when it stays so for some minutes
 */
export async function onceAdmitted<T>(ask: () => Promise<T>, log: Log, wait: Wait): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES || !(isRefusal(error) || error instanceof StoreAway)) throw error;
      const ms = storePauseMs(tries);
      const words = 'the provisioner may not be done yet; trying again in';
      log('warning', `${(error as StoreError).message}: ${words} ${(ms / 1000).toFixed(1)} s`);
      await wait(ms);
    }
  }
}
