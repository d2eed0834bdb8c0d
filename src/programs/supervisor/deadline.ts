import { InvocationError } from './failure';

/** The longest time that a timer takes: 24 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** As `timeout` of the coreutils has it. */
const TIME_LIMIT_EXIT_CODE = 124;

/** When an invocation is to end, whatever it is at. */
export class Deadline {
  /** The caller's, or one that is aborted as well (by an InvocationError) once the time is up. */
  readonly signal: AbortSignal;
  private readonly timer?: NodeJS.Timeout;

  /**
   * @param signal the caller's
   * @param timeoutMs from now on, in milliseconds; without it there is no limit
   */
  constructor(signal: AbortSignal, timeoutMs?: number) {
    this.signal = signal;
    if (timeoutMs === undefined) return;
    const up = new AbortController();
    this.timer = setTimeout(() => up.abort(tooLong(timeoutMs)), Math.min(timeoutMs, LONGEST_TIMER_MS));
    this.signal = AbortSignal.any([signal, up.signal]);
  }

  clear(): void {
    clearTimeout(this.timer);
  }
}

function tooLong(timeoutMs: number): InvocationError {
  const limit = `the service's time limit of ${timeoutMs / 1000} s`;
  return new InvocationError('script', `the invocation took longer than ${limit}`, TIME_LIMIT_EXIT_CODE);
}
