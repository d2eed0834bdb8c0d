import { createColors } from 'picocolors';
import { main } from '../../src/cli/main';
import type { Terminal } from '../../src/cli/terminal';

/** What a command wrote, and its exit code. */
export interface Run {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
}

/** A terminal that keeps what is written, as a pipe does: 80 columns, no colours, nobody to ask. */
export function pipe(): Omit<Run, 'code'> & { readonly terminal: Terminal } {
  const [out, err]: string[][] = [[], []];
  const terminal: Terminal = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    columns: 80,
    colours: createColors(false),
    isInteractive: false,
    progress: () => {},
  };
  return { out, err, terminal };
}

/** Runs `oscar-cdk8s …args` in this process. */
export async function run(...args: string[]): Promise<Run> {
  const { out, err, terminal } = pipe();
  return { code: await main(args, terminal), out, err };
}
