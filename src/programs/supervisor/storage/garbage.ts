import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// The flag is for contexts that are made after it: one such has the function that no other way leads to.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;

/**
 * Frees young objects that nothing holds. Every chunk that a socket reads is a buffer of its own, which V8 counts too late
 * to hurry: a gigabyte that streams by leaves up to 100 MiB of them at a time (Node 24). A third of a millisecond, every
 * few MiB, and the buffers are used again; that is faster than new ones are.
 */
export const freeBuffers = (): void => collect({ type: 'minor' });
