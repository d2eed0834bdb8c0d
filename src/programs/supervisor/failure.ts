import { constants } from 'node:os';

/**
 * Whose fault it is. `input`: the body or event can't be used, and never will (HTTP 400). `configuration`: script,
 * definition or credentials are missing or wrong. `storage`: a provider refused or is away. `script`: it failed, was
 * killed, took too long, or left what can't be stored. `cancelled`: whoever asked went away, or the pod ends.
 * `internal`: the container's disk or memory is at its end, or we have a defect.
 */
export type FailureKind = 'input' | 'configuration' | 'storage' | 'script' | 'cancelled' | 'internal';

/** Why an invocation failed, in a sentence for its user. Never holds a secret. */
export class InvocationError extends Error {
  override readonly name = 'InvocationError';
  /** Id of the invocation, where it got that far. */
  invocation?: string;
  /** The script's last lines, at most 20 and 4 KiB. */
  lastLines?: string;

  constructor(
    readonly kind: FailureKind,
    message: string,
    /** What a single run exits with: the script's own code, 128 + n for signal n, 124 for the serving mode's time limit. */
    readonly exitCode: number = 1,
  ) {
    super(message);
  }
}

/** What a shell tells of a process that a signal ended: 128 + its number. */
export const exitCodeOf = (signal: NodeJS.Signals) => 128 + constants.signals[signal];

/**
 * Why an aborted signal was: its reason, where that is an InvocationError (each caller gets its own, as one reason may
 * end many invocations).
 */
export function cancellation({ reason }: AbortSignal): InvocationError {
  if (reason instanceof InvocationError) return new InvocationError(reason.kind, reason.message, reason.exitCode);
  return new InvocationError('cancelled', 'cancelled: whoever asked went away', exitCodeOf('SIGTERM'));
}

/** @throws InvocationError once the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancellation(signal);
}

/** An InvocationError with more words before its message: what was being done. */
export function during(what: string, error: unknown): InvocationError {
  const { kind, message, exitCode, cause } = failureOf(error);
  const failure = new InvocationError(kind, kind === 'cancelled' ? message : `${what}: ${message}`, exitCode);
  failure.cause = cause;
  return failure;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: raise the ephemeral storage of the service, or process smaller files',
  EDQUOT: 'the quota of the disk is used up: raise it, or process smaller files',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open: raise the limit of the container',
  ENOMEM: 'the memory is used up: raise the memory of the service',
};

/** Whatever was thrown, as an InvocationError; a defect is its `cause`. */
export function failureOf(error: unknown): InvocationError {
  if (error instanceof InvocationError) return error;
  const { code, syscall, message = String(error) } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  if (code !== undefined && syscall !== undefined) {
    return new InvocationError('internal', [HINTS[code], message].filter(Boolean).join(': '));
  }
  const defect = new InvocationError('internal', `unexpected: ${message}`);
  defect.cause = error;
  return defect;
}

/** Where a defect is: for the log, never for a reply. */
export const placeOf = ({ cause }: InvocationError) => (cause as Partial<Error> | undefined)?.stack;
