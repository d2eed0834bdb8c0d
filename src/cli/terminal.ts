import { createColors } from 'picocolors';

export type Colours = ReturnType<typeof createColors>;

/** 0: all is well. 1: wrong use, or a failure. 2: what was looked for was found: differences, findings. */
export type ExitCode = 0 | 1 | 2;

/** Columns where nobody says how many there are, as in a pipe. */
const COLUMNS = 80;

/** Where a command writes to. */
export interface Terminal {
  /** Results: what another program reads. One line, or several. */
  readonly out: (text: string) => void;
  /** What a person should read: findings, warnings, questions, progress. */
  readonly err: (text: string) => void;
  /** Width of the results' lines. */
  readonly columns: number;
  /** Of results. Without colours in a pipe, with `NO_COLOR`, and where the terminal has none. */
  readonly colours: Colours;
  /** Whether a person can be asked: what is typed and what is shown are both a terminal's. */
  readonly isInteractive: boolean;
  /** Shows, where a person looks, the one line that says what is going on; `''` takes it away. */
  readonly progress: (line: string) => void;
}

/** The process' own. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const colours = stdout.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    columns: stdout.columns ?? COLUMNS,
    colours: createColors(Boolean(colours || env.FORCE_COLOR)),
    isInteractive: Boolean(stdin.isTTY && stderr.isTTY),
    progress: stderr.isTTY
      ? (line) => void stderr.write(`\r\x1b[K${line.slice(0, (stderr.columns ?? COLUMNS) - 1)}`)
      : () => {},
  };
}
