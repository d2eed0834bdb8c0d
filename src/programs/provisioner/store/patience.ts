import { backOffMs } from '../../common/back-off';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 16_000;

/**
 * How often a store that is busy or away is asked, by its S3 API and by MinIO's client: pauses of three minutes in all. A MinIO
 * of several pods takes no writes for a while after it says that it is ready.
 */
export const STORE_TRIES = 20;
const TRIES_WHEN_AWAY = 2;

/**
 * Number of tries. A store that somebody waited for in vain may be away for long: until it answers, nobody waits like that
 * again, or a run with many items would be cut before it could say what failed.
 */
export const triesOf = (isAway: boolean, tries = STORE_TRIES): number => (isAway ? TRIES_WHEN_AWAY : tries);

/**
 * How long to wait after a try: longer each time.
 * @param tries from 1
 * @param askedMs what the store asks for
 */
export const storePauseMs = (tries: number, askedMs = 0): number =>
  Math.max(backOffMs(tries, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), Math.min(askedMs, LONGEST_PAUSE_MS));
