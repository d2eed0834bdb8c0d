import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

const ANSWER_MS = 60_000;

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/**
 * The API server, asked often: by one `kubectl proxy`, as starting a kubectl takes longer than most answers. Its socket is a
 * file that only its user reaches.
 */
export class ApiServer {
  static async open(): Promise<ApiServer> {
    const folder = mkdtempSync(join(tmpdir(), 'oscar-e2e-api-'));
    const proxy = spawn('kubectl', ['proxy', `--unix-socket=${join(folder, 'socket')}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const server = new ApiServer(folder, proxy);
    const ended = once(proxy, 'exit').then(([code]) => {
      throw new Error(`kubectl proxy ended (${code})`);
    });
    // «Starting to serve on …»
    await Promise.race([once(proxy.stdout, 'data'), ended]);
    ended.catch(() => {});
    return server;
  }

  private constructor(
    private readonly folder: string,
    private readonly proxy: ChildProcess,
  ) {}

  /** @throws what was answered, unless it is a 200; when nothing is for a minute */
  async get<T>(path: string): Promise<T> {
    return JSON.parse(await text(await this.ask(path, AbortSignal.timeout(ANSWER_MS)))) as T;
  }

  /** What is there, and then each change, in the order in which they were stored. @throws when it ends before it is told to */
  async watch<T>(path: string, onEvent: (event: WatchEvent<T>) => void, signal: AbortSignal): Promise<void> {
    await this.follow(
      `${path}${path.includes('?') ? '&' : '?'}watch=true`,
      (line) => onEvent(JSON.parse(line) as WatchEvent<T>),
      signal,
    );
    if (!signal.aborted) throw new Error(`the watch of ${path} ended`);
  }

  /** Each line, as it comes, until no more come or nobody wants them. */
  async follow(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    try {
      const answer = await this.ask(path, signal);
      for await (const line of createInterface({ input: answer })) onLine(line);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  close(): void {
    this.proxy.kill();
    rmSync(this.folder, { recursive: true });
  }

  private async ask(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const asked = request({ socketPath: join(this.folder, 'socket'), path, signal });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`GET ${path}: ${answer.statusCode} ${await text(answer)}`);
    return answer;
  }
}
