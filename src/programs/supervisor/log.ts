import type { LogLevel } from '../../contract';

/**
 * What happens in one invocation, each line with its id, on stderr. Never give it a secret.
 * `2026-11-22 18:20:00,123 - supervisor - INFO - [3f2a9c1b] message`: upstream's shape, with the id added; the script's
 * own lines have `script` as their name.
 */
export interface InvocationLog {
  /** 8 hex digits. */
  readonly id: string;
  readonly level: LogLevel;
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  /** A line of the script's output, without its end: logged at every level below CRITICAL. */
  script(line: string): void;
}
