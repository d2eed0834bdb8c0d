import { request as send, IncomingMessage, OutgoingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Log } from '../../../../src/programs/common/log';
import { sendText } from '../../../../src/programs/manager/http/answer';
import type { Route } from '../../../../src/programs/manager/http/route';
import { createManagerServer, ManagerServerOptions } from '../../../../src/programs/manager/http/server';

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** A manager's server with these routes, on any port. */
export class Serving {
  static readonly all: Serving[] = [];
  readonly counted: [route: string, status: number][] = [];
  readonly logged: Parameters<Log>[] = [];
  readonly server: Server;

  constructor(routes: readonly Route[], options: Partial<ManagerServerOptions> = {}) {
    this.server = createManagerServer({
      routes,
      authenticate: async () => ({ kind: 'other' }),
      corsOrigins: [],
      metrics: { request: (route, status) => void this.counted.push([route, status]) },
      log: (...line) => void this.logged.push(line),
      ...options,
    });
    Serving.all.push(this);
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  static stopAll(): void {
    for (const { server } of Serving.all.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** @param path sent as it stands */
  open(path: string, { method = 'GET', headers, body }: Sent = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      send({ host: '127.0.0.1', port: this.port, path, method, headers, agent: false }, resolve)
        .on('error', reject)
        .end(body);
    });
  }

  async call(path: string, sent?: Sent): Promise<Answered> {
    const answer = await this.open(path, sent);
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    return { status: answer.statusCode!, headers: answer.headers, text: Buffer.concat(parts).toString('utf8') };
  }
}

export const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A route that anyone may call. */
export const route = (path: string, handle: Route['handle'], more: Partial<Route> = {}): Route => ({
  ...{ method: 'GET', path, access: 'anyone', handle },
  ...more,
});
export const ok = route('/ok', ({ response }) => sendText(response, 200, 'fine'));
export const echo = route(
  '/job/:service',
  async ({ request, response }) => sendText(response, 201, await text(request)),
  {
    method: 'POST',
  },
);

export const serving = (routes: readonly Route[], options?: Partial<ManagerServerOptions>) =>
  new Serving(routes, options).start();
