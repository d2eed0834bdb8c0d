import { describe, Finding } from '../constructs/errors';

/** A finding and the place in the user's files that it is about. */
export interface LocatedFinding extends Finding {
  /** A warning becomes an error when the environment is loaded with `strict`. */
  readonly severity: 'error' | 'warning';
  /** Path as the user would type it: relative when the environment's was. */
  readonly file: string;
  /** From 1. Nothing when the file could not be read, or the value came from no file. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

/** `file:line:column: MESSAGE`, on one line. */
export function format(finding: LocatedFinding): string {
  const { file, line, column, severity } = finding;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return `${place}: ${severity === 'warning' ? 'warning: ' : ''}${describe(finding)}`;
}

/** An environment that can't be used. Has everything that was found, not only the first. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  constructor(readonly findings: readonly LocatedFinding[]) {
    super(findings.map(format).join('\n'));
  }

  /** A line for each finding: `file:line:column: message`. */
  format(): string {
    return this.message;
  }
}
