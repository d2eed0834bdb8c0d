import { nearest } from '../environment/suggest';

/** Wrong use of the command: the message says what is wrong and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `unknown KIND "given", did you mean "…"?`, with all that is known. */
export function unknown(kind: string, given: string, known: readonly string[]): UsageError {
  const close = nearest(given, known);
  const hint = close === undefined ? '' : `, did you mean "${close}"?`;
  return new UsageError(`unknown ${kind} "${given}"${hint || '.'} Known: ${known.join(', ') || 'none'}`);
}
