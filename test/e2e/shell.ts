import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

/** Where the shell tells how a command ended: what commands write goes elsewhere. */
const STATUS_FD = 3;

/** A shell that is typed into, command by command, as a person would: its variables, functions and jobs stay. */
export class Shell {
  private readonly bash: ChildProcess;
  private readonly statuses: Interface;
  private written = '';

  /** @param env its whole environment */
  constructor(folder: string, env: NodeJS.ProcessEnv) {
    // Leader of a group of processes, so that jobs in the background can be ended with it.
    this.bash = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    for (const output of [this.bash.stdout!, this.bash.stderr!]) {
      output.setEncoding('utf8').on('data', (text: string) => (this.written += text));
    }
    this.statuses = createInterface(this.bash.stdio[STATUS_FD] as Readable);
    // A block of several commands fails where one of them does. Whoever kills us can't kill the group: when its input ends, it
    // ends itself, with its jobs.
    this.bash.stdin!.write(`set -E; trap 'failed=$?' ERR; trap 'kill 0' EXIT\n`);
    process.on('exit', this.kill);
  }

  /**
   * @returns what was written while it ran, by jobs in the background too
   * @throws with that, when it fails or takes longer than `seconds`
   */
  async type(command: string, seconds: number): Promise<string> {
    this.written = '';
    const signal = AbortSignal.timeout(seconds * 1000);
    const ended = once(this.statuses, 'line', { signal }).then(
      ([status]: string[]) => (status === '0' ? undefined : `failed (${status})`),
      () => `did not end within ${seconds} s`,
    );
    (this.bash.stdin as Writable).write(`failed=0\n${command}\necho $failed >&${STATUS_FD}\n`);
    const problem = await ended;
    // What was written before the status may be read after it.
    await turn();
    if (problem) throw new Error(`«${command}» ${problem}:\n${this.written}`);
    return this.written;
  }

  /** With what runs in it, in the background too. */
  async end(): Promise<void> {
    process.off('exit', this.kill);
    if (this.bash.exitCode !== null) return;
    const over = once(this.bash, 'close');
    this.kill();
    await over;
  }

  private readonly kill = () => void process.kill(-this.bash.pid!);
}
