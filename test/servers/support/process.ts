import { ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const START_MS = 60_000;

/** Path of a program that `test/servers/run` installed. */
export function program(name: string): string {
  const folder = process.env.OSCAR_TEST_PROGRAMS;
  if (!folder) throw new Error('OSCAR_TEST_PROGRAMS is not set. Fix: npm run test:servers');
  return join(folder, name);
}

/** Runs a command to its end. @returns its stdout @throws when it fails, with its stderr */
export async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { env, maxBuffer: 2 ** 28 });
  return stdout;
}

/** A port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A temporary folder of a server's own. */
export const serverFolder = (name: string) => mkdtempSync(join(tmpdir(), `oscar-${name}-`));

/** A server as a process; its folder goes when it is stopped. */
export class ServerProcess {
  private child?: ChildProcess;

  constructor(
    readonly folder: string,
    readonly port: number,
    private readonly command: readonly string[],
    private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  /** Starts it, and waits until it takes connections. */
  async start(): Promise<void> {
    const log = openSync(this.log, 'a');
    const env = { PATH: process.env.PATH, HOME: this.folder, ...this.env };
    const [command, ...args] = this.command;
    this.child = spawn(command, args, { stdio: ['ignore', log, log], env });
    closeSync(log);
    for (const end = Date.now() + START_MS; Date.now() < end && this.child.exitCode === null; await sleep(50)) {
      if (await accepts(this.port)) return;
    }
    const said = readFileSync(this.log, 'utf8');
    await this.stop();
    throw new Error(`${command} doesn't start:\n${said}`);
  }

  /** @param signal SIGKILL: as if the power went */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get log(): string {
    return join(this.folder, 'log');
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
