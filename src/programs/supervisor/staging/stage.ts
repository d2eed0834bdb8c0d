import type { Definition } from '../definition';
import type { InvocationLog } from '../log';
import type { Providers } from './providers';

/** What staging needs of its invocation. */
export interface Stage {
  readonly definition: Definition;
  readonly providers: Pick<Providers, 'storage'>;
  readonly log: InvocationLog;
  readonly signal: AbortSignal;
}

/** Starts a clock; each reading is in seconds. */
export function clock(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}

/** How much and how long, for the log. */
export const amount = (bytes: number, seconds: number) =>
  `${bytes} byte${bytes === 1 ? '' : 's'} in ${seconds.toFixed(3)} s`;
