import { LOG_LEVELS, LogLevel } from '../../contract';
import { stderr } from './stderr';
import type { Transcript } from './transcript';

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
  /** Lines of the script's output, without their ends: logged at every level below CRITICAL. */
  script(lines: readonly string[]): void;
}

/** Writes to stderr, and what isn't the script's to the transcript as well (it gets the script's output raw). */
export class Log implements InvocationLog {
  /** Where the lines go as well, as soon as there is one. */
  transcript?: Transcript;

  constructor(
    readonly id: string,
    readonly level: LogLevel,
    private readonly write = (text: string) => stderr.write(text),
  ) {}

  debug(message: string): void {
    this.log('DEBUG', message);
  }
  info(message: string): void {
    this.log('INFO', message);
  }
  warning(message: string): void {
    this.log('WARNING', message);
  }
  error(message: string): void {
    this.log('ERROR', message);
  }

  script(lines: readonly string[]): void {
    if (this.level === 'CRITICAL' || lines.length === 0) return;
    const head = this.head('script', 'INFO');
    this.write(lines.map((line) => `${head}${line}\n`).join(''));
  }

  private log(level: LogLevel, message: string): void {
    if (rank(level) < rank(this.level)) return;
    const line = `${this.head('supervisor', level)}${onOneLine(message)}\n`;
    this.write(line);
    this.transcript?.line(line);
  }

  /** The time is UTC, as it is in containers. */
  private head(name: string, level: LogLevel): string {
    const time = new Date().toISOString().replace('T', ' ').replace('.', ',').replace('Z', '');
    return `${time} - ${name} - ${level} - [${this.id}] `;
  }
}

/** As Python's: NOTSET is the lowest, and lets everything through. */
const rank = (level: LogLevel) => LOG_LEVELS.indexOf(level);

/** Controls, line and paragraph separators, and what is invisible or changes the direction of what follows. */
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A message as one line, whatever is in the names that it tells: nobody forges a line of the log, or what it looks like.
 * What is escaped stands as `\n`, `\x1b` or `\u{202e}`.
 */
export function onOneLine(message: string): string {
  return message.replace(DECEPTIVE, (character) => {
    if (character === '\n') return '\\n';
    const code = character.codePointAt(0) as number;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
