import { ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Bind {
  readonly from: string;
  readonly to: string;
  readonly readOnly: boolean;
}

export interface Container {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly binds: readonly Bind[];
  /** File that its output is appended to. */
  readonly log: string;
  /** Network namespace that it is in. @default the suite's */
  readonly network?: string;
}

/**
 * Starts a process with its own mounts and nothing else of its own: what a container costs is not what is measured. The
 * process has the pid of the one that is returned. It has no /tmp of another's: that mount comes last, as others may be
 * from there.
 */
export function startContainer({ command, env, binds, log, network }: Container): ChildProcess {
  const sorted = [...binds].sort((a, b) => Number(isTmp(a)) - Number(isTmp(b)) || a.to.length - b.to.length);
  const mounts = sorted.map(({ from, to, readOnly }) => {
    const options = readOnly ? 'bind,ro' : 'bind';
    return `[ -d ${quoted(to)} ] || mkdir -p ${quoted(to)}\nmount -n -o ${options} ${quoted(from)} ${quoted(to)}\n`;
  });
  const script = `set -e\n${mounts.join('')}exec "$@"`;
  const into = network ? ['nsenter', `--net=/run/netns/${network}`] : [];
  const [program, ...args] = [...into, 'unshare', '--mount', '/bin/sh', '-c', script, 'sh', ...command];
  const output = openSync(log, 'a');
  try {
    return spawn(program, args, { cwd: '/', env, stdio: ['ignore', output, output] });
  } finally {
    closeSync(output);
  }
}

const isTmp = ({ to }: Bind) => to === '/tmp';
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
