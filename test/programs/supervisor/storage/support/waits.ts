import type * as timers from 'node:timers/promises';

/** Pauses between tries take no time in this test; how long each would have been, in milliseconds. */
export function skipWaits(): number[] {
  const waits: number[] = [];
  const real = jest.requireActual<typeof timers>('node:timers/promises');
  jest.spyOn(real, 'setTimeout').mockImplementation((ms, value, options) => {
    waits.push(ms ?? 0);
    return options?.signal?.aborted ? Promise.reject(options.signal.reason) : Promise.resolve(value as never);
  });
  return waits;
}
