import { log } from '../common/log';

/** 128 and the signal's number, as a shell says it. */
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Ends the program at once when it is told to: each step may be cut. A pod's first process that asks for no signal gets
 * none but SIGKILL, so an earlier run would go on beside the one that deleted its Job, for half a minute.
 */
export function endWhenTold(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log('warning', `${signal}: ended before it was done`);
      process.exit(EXIT_CODES[signal]);
    });
  }
}
