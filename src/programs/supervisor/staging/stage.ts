import type { Definition } from '../definition';
import type { InvocationLog } from '../log';
import type { Transfer } from '../storage/storage';
import type { Providers } from './providers';

/** What staging needs of its invocation. */
export interface Stage {
  readonly definition: Definition;
  readonly providers: Pick<Providers, 'storage'>;
  readonly log: InvocationLog;
  readonly signal: AbortSignal;
  /** How often a storage that is busy or away is asked. @default 6, which takes some seconds */
  readonly storageTries?: number;
}

/** How the stage's files are moved. */
export const transferOf = ({ signal, log, storageTries }: Stage): Transfer => ({
  signal,
  warn: (message) => log.warning(message),
  tries: storageTries,
});

/** Starts a clock; each reading is in seconds. */
export function clock(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}

/** How much and how long, for the log. */
export const amount = (bytes: number, seconds: number) =>
  `${bytes} byte${bytes === 1 ? '' : 's'} in ${seconds.toFixed(3)} s`;
