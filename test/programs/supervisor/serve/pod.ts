import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, IncomingHttpHeaders, request as send, RequestOptions } from 'node:http';
import { connect, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Definition } from '../../../../src/programs/supervisor/definition';
import type { Body, InvokeOptions, Outcome } from '../../../../src/programs/supervisor/invocation';
import type { Invoke } from '../../../../src/programs/supervisor/serve/invocations';
import { Queue } from '../../../../src/programs/common/queue';
import { InvocationServer } from '../../../../src/programs/supervisor/serve/server';

export const DEFINITION: Definition = {
  name: 'cowsay',
  logLevel: 'INFO',
  fileStageIn: false,
  isolationLevel: 'service',
  input: [],
  output: [],
  providers: {},
  timeoutSeconds: 20,
  maxInflight: 1,
};

/** An invocation that the test ends as it likes. */
export interface Call {
  readonly body: Body;
  readonly options: InvokeOptions;
  end(outcome: Outcome): void;
  fail(error: unknown): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A warm pod's server on a free port, whose scripts are the test. */
export class Pod {
  readonly folder = mkdtempSync(join(tmpdir(), 'oscar-pod-'));
  readonly calls: Call[] = [];
  readonly metrics = {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: async () => 'up 1\n',
    succeeded: jest.fn(),
    failed: jest.fn(),
    refused: jest.fn(),
    step: jest.fn(),
    replied: jest.fn(),
    left: jest.fn(),
  };
  readonly errors: string[] = [];
  readonly queue: Queue;
  readonly server: InvocationServer;
  readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  private port = 0;

  constructor(maxInflight = 1, waiting = 10 * maxInflight, idleMs?: number, invoke?: Invoke) {
    for (const file of ['script.sh', 'function_config.yaml']) writeFileSync(join(this.folder, file), '');
    this.queue = new Queue(maxInflight, waiting);
    this.server = new InvocationServer({
      definition: { ...DEFINITION, maxInflight },
      places: { config: this.folder, providers: this.folder, work: this.folder },
      invoke:
        invoke ??
        ((body, options) =>
          new Promise((resolve, reject) => this.calls.push({ body, options, end: resolve, fail: reject }))),
      queue: this.queue,
      metrics: this.metrics,
      log: { error: (message) => this.errors.push(message) },
      idleMs,
    });
  }

  async start(): Promise<this> {
    this.port = await this.server.listen(0);
    return this;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.server.close();
    this.server.http.closeAllConnections();
    await this.server.closed(0);
    rmSync(this.folder, { recursive: true });
  }

  /** A request as clients send it. */
  ask(method: string, path: string, headers: RequestOptions['headers'] = {}, body?: string | Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.port, method, path, headers, agent: this.agent };
      const request = send(options, (response) => {
        const { statusCode = 0, headers } = response;
        text(response).then((body) => resolve({ status: statusCode, headers, body }), reject);
      });
      request.on('error', reject).end(body);
    });
  }

  /** A connection of its own, to be written to byte by byte. */
  async connect(bytes: string): Promise<Peer> {
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    await new Promise((resolve) => socket.once('connect', resolve));
    return new Peer(socket).send(bytes);
  }

  /** @returns the call, once it was made: 0 is the first. */
  async call(number: number): Promise<Call> {
    await until(() => this.calls.length > number);
    return this.calls[number];
  }
}

export class Peer {
  received = '';
  /** `end`: the other side has closed in order; `reset`: it broke off. */
  over?: 'end' | 'reset';

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text) => (this.received += text));
    socket.on('error', () => (this.over ??= 'reset'));
    // Node also calls a reset an end when bytes that it reads came with it: nobody can write to what was reset.
    socket.on('end', () => {
      if (socket.writable) socket.write('\r\n', (error) => (this.over ??= error ? 'reset' : 'end'));
      else this.over ??= 'end';
      socket.end();
    });
  }

  send(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  async receives(pattern: RegExp): Promise<string> {
    await until(() => pattern.test(this.received));
    return this.received;
  }

  async ends(): Promise<'end' | 'reset'> {
    await until(() => this.over !== undefined);
    return this.over!;
  }
}

/** Waits for what has to come; jest's own time limit tells when it doesn't. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}
