import { ChildProcess, spawn, StdioOptions } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { cancellation, exitCodeOf, InvocationError } from '../failure';
import { Lines, Tail } from './lines';
import type { InvocationLog } from '../log';
import { Pipe, Pipes } from './pipe';
import { findInterpreter } from './shebang';
import type { Transcript } from '../transcript';

export interface ScriptRun {
  readonly script: string;
  /** The script's whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: InvocationLog;
  /** Gets the output as it is. */
  readonly transcript: Transcript;
  /** Ends it, for the reason that it was aborted for. */
  readonly signal: AbortSignal;
}

/** Between asking a script to end (SIGTERM) and ending it (SIGKILL). */
const GRACE_MS = 5_000;
/** What left the process group may hold the output open: so long it is still read after the script's end. */
const OUTPUT_GRACE_MS = 1_000;

export const pipes = new Pipes();

/**
 * Runs a script to its end, in a session of its own, without input, in our own working directory. Its output goes to
 * log and transcript as it comes; whatever it left running is killed.
 * @throws InvocationError `script`: it ended with another code than 0 or by a signal (with its last lines);
 *   `configuration`: there is nothing to run it by; what the signal was aborted for, such as `cancelled`.
 */
export async function runScript(run: ScriptRun): Promise<void> {
  const { script, env, log } = run;
  const { command, args, warning } = findInterpreter(script, env);
  if (warning) log.warning(warning);
  log.debug(`script: ${[command, ...args, script].join(' ')}`);
  const tail = new Tail();
  try {
    const pipe = await pipes.take();
    const child = await start(command, [...args, script], env, pipe);
    await watch(child, run, tail);
  } catch (error) {
    if (error instanceof InvocationError) error.lastLines = tail.toString();
    throw error;
  }
}

interface Started {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly outputs: readonly Readable[];
  /** Tells that the output was read to its end, or not. */
  readonly release: (drained: boolean) => void;
}

async function start(command: string, args: string[], env: NodeJS.ProcessEnv, pipe?: Pipe): Promise<Started> {
  const ends = pipe?.open();
  const stdio: StdioOptions = ends ? ['ignore', ends.write, ends.write] : ['ignore', 'pipe', 'pipe'];
  try {
    const child = spawn(command, args, { env, stdio, detached: true });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const outputs = ends
      ? [new Socket({ fd: ends.read, readable: true, writable: false })]
      : [child.stdout as Readable, child.stderr as Readable];
    const release = (drained: boolean) => pipe && pipes.giveBack(pipe, drained);
    return { process: child, pid: child.pid as number, outputs, release };
  } catch (error) {
    if (ends) closeSync(ends.read);
    if (pipe) pipes.giveBack(pipe, true);
    throw notStarted(command, error as NodeJS.ErrnoException);
  } finally {
    if (ends) closeSync(ends.write);
  }
}

const NOT_STARTED: Readonly<Record<string, string>> = {
  E2BIG: 'its environment is too large for the kernel (2 MiB in all by default)',
  ENOENT: "the interpreter's own loader or the working directory is missing in this image",
  EACCES: 'the interpreter or the working directory is not accessible to this user',
  EAGAIN: "the limit on the container's processes is reached",
  ENOMEM: 'the memory is used up',
};

function notStarted(command: string, { code = '', message }: NodeJS.ErrnoException): InvocationError {
  const why = [NOT_STARTED[code], message].filter(Boolean).join(': ');
  return new InvocationError('configuration', `the script can't be started by ${command}: ${why}`);
}

async function watch({ process: child, pid, outputs, release }: Started, run: ScriptRun, tail: Tail): Promise<void> {
  const { signal } = run;
  let stopped: InvocationError | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = () => {
    stopped = cancellation(signal);
    run.log.warning(`ending the script: ${stopped.message}`);
    signalGroup(pid, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const read = Promise.all(outputs.map((output) => forward(output, run, tail)));
  const end = await ending(child);
  clearTimeout(killTimer);
  signal.removeEventListener('abort', stop);
  signalGroup(pid, 'SIGKILL');
  release(await readToEnd(read, outputs));
  const failure = stopped ?? failureOfScript(end);
  if (failure) throw failure;
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const ending = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve({ code: child.exitCode, signal: child.signalCode })
    : new Promise<End>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));

/** Hands an output on until its end; writing is synchronous, so a flood waits in its pipe and not in our memory. */
function forward(output: Readable, { log, transcript }: ScriptRun, tail: Tail): Promise<void> {
  const lines = new Lines();
  const tell = (some: string[]) => {
    tail.push(some);
    log.script(some);
  };
  output.on('data', (chunk: Buffer) => {
    transcript.raw(chunk);
    tell(lines.push(chunk));
  });
  output.on('error', () => output.destroy());
  return new Promise((resolve) =>
    output.on('close', () => {
      tell(lines.end());
      resolve();
    }),
  );
}

/** @returns false where somebody still holds the output open */
async function readToEnd(read: Promise<unknown>, outputs: readonly Readable[]): Promise<boolean> {
  let drained = true;
  const timer = setTimeout(() => {
    drained = false;
    for (const output of outputs) output.destroy();
  }, OUTPUT_GRACE_MS);
  await read;
  clearTimeout(timer);
  return drained;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left, or those who are have become another user.
  }
}

function failureOfScript({ code, signal }: End): InvocationError | undefined {
  if (signal) {
    const hint = signal === 'SIGKILL' ? ", as happens when the container's memory is used up" : '';
    return new InvocationError('script', `the script was ended by ${signal}${hint}`, exitCodeOf(signal));
  }
  return code === 0 ? undefined : new InvocationError('script', `the script failed: exit code ${code}`, code ?? 1);
}
