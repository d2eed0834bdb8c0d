import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/** Both ends of one pipe, as file descriptors. */
export interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

/**
 * Pipes for the output of scripts. Node gives a child a pair of sockets instead, and what is at `/dev/stdout` or
 * `/dev/stderr` then can't be opened: `echo failed >/dev/stderr` fails. Nor can both be one, which keeps lines in order.
 *
 * Node has no call that makes a pipe, but can open one that somebody else has made: a shell makes it, and shows it as
 * `/proc/<pid>/fd/3`. A pipe that nobody writes to any more is used again.
 */
export class Pipes {
  private readonly spare: number[] = [];
  private making: Promise<number | undefined> | undefined;

  /** Begins to make one, so that it is there when it is taken. */
  prepare(): void {
    if (this.spare.length === 0) this.making ??= makePipe();
  }

  /** @returns nothing where none can be made: there is no shell, or no /proc. */
  async take(): Promise<Pipe | undefined> {
    const spare = this.spare.pop();
    if (spare !== undefined) return new Pipe(spare);
    const making = this.making ?? makePipe();
    this.making = undefined;
    const made = await making;
    return made === undefined ? undefined : new Pipe(made);
  }

  /** @param drained all that was written is read, and nobody is left to write more */
  giveBack(pipe: Pipe, drained: boolean): void {
    if (drained) this.spare.push(pipe.kept);
    else closeSync(pipe.kept);
  }
}

export class Pipe {
  /** @param kept an open end by which the pipe stays while it has no others */
  constructor(readonly kept: number) {}

  open(): PipeEnds {
    const path = `/proc/self/fd/${this.kept}`;
    return { read: openSync(path, READ), write: openSync(path, constants.O_WRONLY) };
  }
}

/** Without O_NONBLOCK, opening would wait for somebody who writes. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * The first part tells its own id on stderr and waits until its stdin is closed. It has the pipe as its descriptor 3 as
 * well: while a shell's own `echo` is redirected, 1 is something else.
 */
const SHOW_PIPE = '{ exec 3>&1; read -r pid rest </proc/self/stat; echo "$pid" >&2; read -r rest; } | :';
const PATIENCE_MS = 5_000;

function makePipe(): Promise<number | undefined> {
  return new Promise((resolve) => {
    const shell = spawn('/bin/sh', ['-c', SHOW_PIPE], { stdio: ['pipe', 'ignore', 'pipe'] });
    const give = (pipe?: number) => {
      clearTimeout(timer);
      shell.stdin.destroy();
      shell.stderr.destroy();
      resolve(pipe);
    };
    const timer = setTimeout(() => {
      shell.kill('SIGKILL');
      give();
    }, PATIENCE_MS);
    for (const source of [shell, shell.stdin, shell.stderr]) source.on('error', () => give());
    shell.on('exit', () => give());
    shell.stderr.once('data', (said: Buffer) => give(opened(said.toString())));
  });
}

function opened(said: string): number | undefined {
  try {
    return openSync(`/proc/${Number(said)}/fd/3`, READ);
  } catch {
    return undefined;
  }
}
