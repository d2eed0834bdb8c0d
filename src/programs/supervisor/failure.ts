/**
 * Whose fault it is. `input`: the body or event can't be used, and never will (HTTP 400). `configuration`: script,
 * definition or credentials are missing or wrong. `storage`: a provider refused or is away. `script`: it failed, was
 * killed or took too long. `cancelled`: whoever asked went away, or the pod ends.
 */
export type FailureKind = 'input' | 'configuration' | 'storage' | 'script' | 'cancelled';

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
    /** What a single run exits with: the script's own code, 128 + n for signal n, 124 for the time limit. */
    readonly exitCode: number = 1,
  ) {
    super(message);
  }
}
