import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Calls } from './calls';
import { Controllers } from './controllers';
import { answerOfFault, Faults } from './faults';
import { formOf } from './form';
import { Garbage } from './garbage';
import { Lists } from './list';
import { Logs } from './logs';
import { Objects } from './test-side';
import { GivenObject } from './objects';
import { NODE_METRICS } from './resources';
import { forbidden, Route, routeOf, Verb, verbOf } from './route';
import { failureStatus, methodNotAllowed, Refusal, unauthorized } from './status';
import { Store } from './store';
import { VERSION } from './version';
import { Watches } from './watch';

/** May the token's owner do it? Of a subresource, `resource` is e.g. `pods/log`. */
export type Allow = (verb: Verb, group: string, resource: string, name: string | undefined) => boolean;

export interface Options {
  /** @default a free one */
  readonly port?: number;
  readonly token?: string;
  /** That are there from the start; `put` makes others. @default default, oscar, oscar-svc */
  readonly namespaces?: readonly string[];
  /** @default everything but to list or watch Secrets */
  readonly allow?: Allow;
  /** @default the manager's ServiceAccount in `oscar` */
  readonly user?: string;
  /** Between two bookmarks of a watch that wants them. @default 1 min */
  readonly bookmarkMs?: number;
  /** PEM of a certificate and its key. @default plain HTTP */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface Recorded {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Of a call that was dropped: 0. */
  status: number;
}

const BODY_BYTES = 3 * 1024 * 1024;
/** Calls that are remembered: enough to count a test's, few enough for a benchmark's memory. */
const RECORDED = 200_000;

const readsNoSecrets: Allow = (verb, _group, resource) => resource !== 'secrets' || !['list', 'watch'].includes(verb);

/** As much of a Kubernetes API server as the manager asks for. */
export class ApiServerDouble {
  /** The newest last. */
  readonly requests: Recorded[] = [];
  readonly faults: Faults;
  readonly logs: Logs;
  /** What is stored, as a test sees and changes it. */
  readonly objects: Objects;
  readonly controllers: Controllers;
  /** May be changed at any time. */
  allow: Allow;
  /** Changing it is rotating the token. */
  token: string;
  /** Answers of an extension that measures nodes; undefined: there is none. */
  nodeMetrics: readonly GivenObject[] | undefined;

  private readonly watches: Watches;
  private readonly garbage: Garbage;
  private readonly calls: Calls;
  private readonly server: Server;
  private listening = 0;

  static async start(options: Options = {}): Promise<ApiServerDouble> {
    const double = new ApiServerDouble(options);
    await double.listen(options.port ?? 0);
    return double;
  }

  private constructor(private readonly options: Options) {
    this.token = options.token ?? 'token-of-the-double';
    this.allow = options.allow ?? readsNoSecrets;
    const store = new Store();
    const lists = new Lists(store);
    this.objects = new Objects(store, options.namespaces ?? ['default', 'oscar', 'oscar-svc']);
    this.controllers = new Controllers(this.objects);
    this.watches = new Watches(store, options.bookmarkMs ?? 60_000);
    this.logs = new Logs(store);
    this.garbage = new Garbage(store);
    this.calls = new Calls(store, lists, this.watches, this.logs, this.garbage);
    // As long as a real one keeps a connection that nobody uses.
    const keepAliveTimeout = 180_000;
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.handle(request, response);
    this.server = options.tls
      ? createTlsServer({ ...options.tls, keepAliveTimeout }, handle)
      : createServer({ keepAliveTimeout }, handle);
    this.faults = new Faults({
      breakWatches: (how) => this.watches.break(how),
      expireHistory: () => {
        store.forget();
        lists.forget();
      },
      refuse: (ms) => this.refuse(ms),
    });
  }

  get port(): number {
    return this.listening;
  }

  get url(): string {
    return `${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.listening}`;
  }

  /** For `KubeConfig.loadFromOptions`. Its watches refuse plain HTTP unless told that no certificate is looked at. */
  get kubeconfig() {
    return {
      clusters: [{ name: 'double', server: this.url, skipTLSVerify: true }],
      users: [{ name: 'manager', token: this.token }],
      contexts: [{ name: 'double', cluster: 'double', user: 'manager' }],
      currentContext: 'double',
    };
  }

  get openWatches(): number {
    return this.watches.count;
  }

  async stop(): Promise<void> {
    this.garbage.stop();
    await this.close();
  }

  private async refuse(ms: number): Promise<void> {
    await this.close();
    await sleep(ms);
    await this.listen(this.listening);
  }

  private async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject).listen(port, '127.0.0.1', () => {
        this.server.removeListener('error', reject);
        resolve();
      });
    });
    this.listening = (this.server.address() as AddressInfo).port;
  }

  private async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const recorded: Recorded = { method, url, status: 0 };
    this.record(recorded);
    const send = (status: number, body: object | string, headers: Record<string, string> = {}) => {
      recorded.status = status;
      write(response, status, body, headers);
    };
    response.on('close', () => (recorded.status ||= response.headersSent ? response.statusCode : 0));
    try {
      const acts = this.faults.take(method, url);
      for (const act of acts) if (act.kind === 'delay') await sleep(act.ms);
      const failure = acts.find((act) => act.kind === 'status');
      if (acts.some(({ kind }) => kind === 'drop')) return void request.socket.destroy();
      const body = await bodyOf(request);
      if (failure?.kind === 'status') {
        const { body, headers } = answerOfFault(failure.fault);
        return send(failure.fault.status, body, headers);
      }
      const answer = this.answer(request, body, response);
      if (acts.some(({ kind }) => kind === 'drop-after')) return void request.socket.destroy();
      if (answer) send(answer.status, answer.body);
    } catch (error) {
      if (error instanceof Refusal) send(error.failure.code, failureStatus(error.failure));
      else if (!request.socket.destroyed)
        send(500, failureStatus({ code: 500, message: `the double: ${(error as Error).stack}` }));
    }
  }

  private answer(request: IncomingMessage, body: Buffer, response: ServerResponse) {
    const { method = '', url = '', headers } = request;
    const cut = url.indexOf('?');
    const path = cut < 0 ? url : url.slice(0, cut);
    const query = new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1));
    const user = this.userOf(headers.authorization);
    if (path === '/version') return { status: 200, body: VERSION };
    const route = routeOf(path);
    const verb = route && verbOf(method, route, query);
    if (!route) return { status: 404, body: PAGE_NOT_FOUND };
    if (!verb) throw methodNotAllowed();
    this.authorize(user, verb, route);
    if (route.resource === NODE_METRICS) return this.metrics(route);
    const { accept = '', 'content-type': contentType = '' } = headers;
    return this.calls.answer({ route, verb, query, contentType, accept, form: formOf(accept), body }, response);
  }

  /** @returns undefined: whoever shows no token, who may do nothing @throws Refusal 401 */
  private userOf(authorization: string | undefined): string | undefined {
    if (authorization === undefined) return undefined;
    if (authorization !== `Bearer ${this.token}`) throw unauthorized();
    return this.options.user ?? 'system:serviceaccount:oscar:oscar-manager';
  }

  /** @throws Refusal 403 */
  private authorize(user: string | undefined, verb: Verb, route: Route): void {
    const { resource, name, subresource } = route;
    const what = subresource ? `${resource.plural}/${subresource}` : resource.plural;
    if (user && this.allow(verb, resource.group, what, name)) return;
    throw forbidden(user ?? 'system:anonymous', verb, route);
  }

  private metrics({ name }: Route) {
    if (!this.nodeMetrics || name !== undefined) return { status: 404, body: PAGE_NOT_FOUND };
    const items = this.nodeMetrics;
    const list = { kind: 'NodeMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {}, items };
    return { status: 200, body: list };
  }

  private record(request: Recorded): void {
    if (this.requests.length >= RECORDED) this.requests.splice(0, RECORDED / 2);
    this.requests.push(request);
  }
}

const PAGE_NOT_FOUND = '404 page not found\n';

function write(response: ServerResponse, status: number, body: object | string, headers: Record<string, string>): void {
  const text = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': type, 'content-length': text.length, ...headers });
  response.end(text);
}

/** @throws Refusal 413 */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes <= BODY_BYTES) parts.push(part as Buffer);
  }
  if (bytes <= BODY_BYTES) return Buffer.concat(parts);
  const message = `Request entity too large: limit is ${BODY_BYTES}`;
  throw new Refusal({ code: 413, reason: 'RequestEntityTooLarge', message });
}
