import { createServer, IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers as a supervisor does: the test decides what. */
export type Script = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Takes no body, as a supervisor that is full or ends. */
export const refusal =
  (status: number, headers: Record<string, string> = {}): Script =>
  (_request, response) =>
    void response.writeHead(status, headers).end(`status ${status}`);

/** Reads a call, and answers that it did. */
export const echo: Script = async (request, response) => {
  const body = await text(request);
  response.end(`got ${body}`);
};

/** A warm pod of the loopback network: all have one port, and each an address. */
export class FakePod {
  /** Headers of the calls whose script began. */
  readonly calls: IncomingHttpHeaders[] = [];
  /** Requests that were asked of it, whether taken or not. */
  asked = 0;
  script: Script = echo;
  /** What it tells of itself at `/metrics`, and how often it was asked. */
  metrics: Script = refusal(404);
  metricsAsked = 0;
  /** Instead of taking a call. */
  refuse: Script | undefined;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(
    readonly name: string,
    readonly ip: string,
  ) {
    this.server = createServer()
      .on('request', (request, response) => this.take(request, response, false))
      .on('checkContinue', (request, response) => this.take(request, response, true))
      .on('connection', (socket) => {
        this.sockets.add(socket);
        socket.once('close', () => this.sockets.delete(socket));
      });
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** @param port 0: any free one, which is returned */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, this.ip, () => resolve((this.server.address() as AddressInfo).port));
    });
  }

  /** It dies, with all that it does. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.break();
    await closed;
  }

  /** All its connections break. */
  break(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  private take(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    if (request.method === 'GET') {
      this.metricsAsked++;
      return void this.metrics(request, response);
    }
    this.asked++;
    request.on('error', () => undefined);
    if (this.refuse) return void this.refuse(request, response);
    if (expects) response.writeContinue();
    this.calls.push(request.headers);
    void Promise.resolve(this.script(request, response)).catch(() => undefined);
  }
}

/** Less than a test may take, so that it is the test that fails, and here. */
const PATIENCE_MS = 20_000;

/** Waits for what has to come. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`this never came: ${condition}`);
    await sleep(5);
  }
}

/** Resolves when a number has been the same for a while. */
export async function standsStill(number: () => number): Promise<void> {
  let last = number();
  let times = 0;
  await until(() => {
    times = number() === last ? times + 1 : 0;
    last = number();
    return times > 30;
  });
}

export const MIB = 1024 * 1024;

/** So many MiB, one by one, at the pace at which they are taken; always the same bytes, so that they need no memory. */
export class Flow {
  /** That were taken. */
  bytes = 0;
  readonly readable: Readable;

  constructor(mebibytes: number) {
    this.readable = Readable.from(this.parts(mebibytes), { objectMode: false, highWaterMark: MIB });
  }

  private *parts(mebibytes: number): Generator<Buffer> {
    const part = Buffer.alloc(MIB, 'moo');
    for (let i = 0; i < mebibytes; i++) {
      yield part;
      this.bytes += part.length;
    }
  }
}
