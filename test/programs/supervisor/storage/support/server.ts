import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What is done to a request instead of answering it. */
interface Fault {
  readonly matches: (request: IncomingMessage) => boolean;
  readonly act: Handler;
  times: number;
}

/** A server on 127.0.0.1 that keeps what it was asked, and misbehaves where a test says so. */
export class TestServer {
  /** `GET /path`, in the order of arrival. */
  readonly asked: string[] = [];
  readonly requests: IncomingMessage[] = [];
  readonly sockets = new Set<Socket>();
  readonly server: Server;
  private readonly faults: Fault[] = [];

  constructor(handler: Handler, tls?: { key: string; cert: string }) {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      this.asked.push(`${request.method} ${request.url}`);
      this.requests.push(request);
      const fault = this.faults.find(({ matches, times }) => times > 0 && matches(request));
      if (fault) fault.times--;
      void (fault?.act ?? handler)(request, response);
    };
    this.server = tls ? createSecureServer(tls, listener) : createServer(listener);
    // As a server that decides before it takes a body.
    this.server.on('checkContinue', listener);
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => {});
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The next requests that match are answered so. */
  fault(act: Handler, { matches = () => true, times = 1 }: Partial<Fault> = {}): void {
    this.faults.push({ act, matches, times });
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export const method =
  (name: string, path = /.*/) =>
  (request: IncomingMessage) =>
    request.method === name && path.test(request.url ?? '');

/** The whole body; asks for it first, where the client waits for that. */
export async function bodyOf(request: IncomingMessage, response?: ServerResponse): Promise<Buffer> {
  if (request.headers.expect) response?.writeContinue();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Faults. */
export const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

export const cutConnection: Handler = (request) => request.socket.destroy();

/** Reads so many bytes of the body, then breaks. */
export const cutAfter =
  (bytes: number): Handler =>
  (request, response) => {
    if (request.headers.expect) response.writeContinue();
    let read = 0;
    request.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read >= bytes) request.socket.destroy();
    });
  };
