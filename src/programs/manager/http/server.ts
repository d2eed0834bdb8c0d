import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { SERVER_LIMITS } from '../../common/server-limits';
import type { Log } from '../../common/log';
import { KubernetesUnreachable } from '../kubernetes/api';
import type { Metrics } from '../metrics';
import { HttpError, sendText } from './answer';
import { Cors } from './cors';
import type { Access, Caller, Exchange, Route } from './route';
import { decodeParameters, Match, Router } from './router';
import { SparingLog } from './sparing-log';

/**
 * Who sends a request. An unknown one isn't told whether there is what it asks for.
 * @param service that the path names, where `access` is `service`
 * @throws HttpError 401 or 429
 */
export type Authenticate = (request: IncomingMessage, access: Access, service?: string) => Promise<Caller>;

export interface ManagerServerOptions {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly corsOrigins: readonly string[];
  readonly metrics: Pick<Metrics, 'request'>;
  readonly log: Log;
}

/** How long a body that nobody reads is thrown away after the answer, before that costs the connection. */
const LINGER_MS = 2_000;
/** While the cluster is away, clients come back after so long. */
const AWAY_SECONDS = 2;
/** The client went before it was answered: nobody sees this status but the metrics (nginx counts it so as well). */
const CLIENT_GONE = 499;

/**
 * On everything. An answer may hold what a service made, of any type: were a browser to show it as a page of ours, its
 * scripts could use the login that somebody typed here.
 */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** The manager's HTTP server, not listening yet. */
export function createManagerServer(options: ManagerServerOptions): Server {
  const front = new Front(options);
  const take = (request: IncomingMessage, response: ServerResponse, asksFirst: boolean) => {
    // It ends: the next request is to go over another connection, to another pod.
    if (!server.listening) response.setHeader('connection', 'close');
    if (asksFirst) continueWhenRead(request, response);
    closeWithConnection(request, response);
    front.take(request, response).catch((error: Error) => {
      options.log('error', 'a request could not even be refused', { reason: error.stack });
      response.destroy();
    });
  };
  const server = createServer(SERVER_LIMITS)
    .on('request', (request, response) => take(request, response, false))
    .on('checkContinue', (request, response) => take(request, response, true))
    // Each request of a connection listens for its end, and a client may send many ahead.
    .on('connection', (socket) => socket.setMaxListeners(0));
  return server;
}

class Front {
  private readonly router: Router;
  private readonly cors: Cors;
  private readonly failures: SparingLog;

  constructor(private readonly options: ManagerServerOptions) {
    this.router = new Router(options.routes);
    this.cors = new Cors(options.corsOrigins);
    this.failures = new SparingLog(options.log);
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    this.cors.apply(request, response);
    const { path, query } = targetOf(request.url);
    const match = this.router.match(path);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
      const status = response.headersSent ? response.statusCode : CLIENT_GONE;
      this.options.metrics.request(match?.routes[0].path ?? 'none', status);
    });
    response.once('finish', () => discardRest(request));
    try {
      if (request.method === 'OPTIONS') this.cors.answerOptions(request, response);
      else await this.answer({ request, response, path, query, match, signal: gone.signal });
    } catch (error) {
      this.fail(request, response, match?.routes[0].path ?? 'none', error);
    }
  }

  private async answer({ request, response, path, query, match, signal }: Taken): Promise<void> {
    if (!match) {
      if (isUnderSystem(path)) await this.options.authenticate(request, 'admin');
      throw new HttpError(404, 'There is nothing at this path.');
    }
    const route = match.routes.find(({ method }) => method === (request.method === 'HEAD' ? 'GET' : request.method));
    const { parameters, caller } = await this.admit(request, match, (route ?? match.routes[0]).access);
    if (!route) throw wrongMethod(request, match);
    if (this.cors.isForeign(request)) {
      throw new HttpError(
        403,
        "A page of another site may do this by a token only: its origin is not named among the manager's corsOrigins.",
      );
    }
    const exchange: Exchange = { request, response, parameters, query, caller, signal };
    await route.handle(exchange);
  }

  /** Who calls, and for what: asked before anything else is looked at, as the answer to that may tell what there is. */
  private async admit(
    request: IncomingMessage,
    { raw }: Match,
    access: Access,
  ): Promise<Pick<Exchange, 'parameters' | 'caller'>> {
    const { authenticate } = this.options;
    let parameters: Exchange['parameters'];
    try {
      parameters = decodeParameters(raw);
    } catch (error) {
      // What is no service has no token either.
      await authenticate(request, access === 'service' ? 'admin' : access);
      throw error;
    }
    return { parameters, caller: await authenticate(request, access, parameters.service) };
  }

  private fail(request: IncomingMessage, response: ServerResponse, route: string, error: unknown): void {
    const { status, message, headers } = answerTo(error);
    if (status >= 500 && !(response.destroyed && !response.headersSent)) {
      const reason =
        error instanceof HttpError || error instanceof KubernetesUnreachable ? error.message : stackOf(error);
      this.failures.write(status === 500 ? 'error' : 'warning', 'request failed', {
        method: request.method,
        route,
        status,
        reason,
      });
    }
    // Nobody may take a part for the whole.
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) sendText(response, status, `${message}\n`, headers);
  }
}

interface Taken {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly match: Match | undefined;
  readonly signal: AbortSignal;
}

/** Path and query of a request. Proxies may send a whole URL (RFC 9112, section 3.2.2). */
function targetOf(url = '/'): { path: string; query: URLSearchParams } {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  return { path: path || '/', query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)) };
}

const isUnderSystem = (path: string) => path === '/system' || path.startsWith('/system/');

function wrongMethod({ method }: IncomingMessage, { routes }: Match): HttpError {
  const allow = routes.flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])).join(', ');
  return new HttpError(405, `${method} is not for this path. Allowed: ${allow}.`, { allow });
}

function answerTo(error: unknown): Pick<HttpError, 'status' | 'message' | 'headers'> {
  if (error instanceof HttpError) return error;
  if (error instanceof KubernetesUnreachable) {
    const message = 'Kubernetes does not answer: try again later.';
    return { status: 503, message, headers: { 'retry-after': String(AWAY_SECONDS) } };
  }
  return { status: 500, message: 'internal error', headers: {} };
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/**
 * Node tells the end of a connection only to the response whose turn it is. Those of requests that were sent ahead stand
 * behind it, and would never end what they wait for.
 */
function closeWithConnection({ socket }: IncomingMessage, response: ServerResponse): void {
  const close = () => {
    if (response.socket || response.writableFinished) return;
    response.destroy();
    response.emit('close');
  };
  socket.once('close', close);
  response.once('close', () => socket.off('close', close));
}

/**
 * Consents to a body (`100 Continue`) when it is first read: a handler that refuses before has not asked for it. A
 * client that was not asked may send it or not, which makes what follows on the connection a guess: it ends.
 */
function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const ends = response.hasHeader('connection');
  response.setHeader('connection', 'close');
  const read = request._read;
  request._read = (size) => {
    request._read = read;
    if (!response.headersSent && !response.destroyed) {
      if (!ends) response.removeHeader('connection');
      response.writeContinue();
    }
    read.call(request, size);
  };
}

/**
 * After the answer. A connection that is closed while the client still sends is reset, and what the client was told may
 * be lost (RFC 9112, section 9.6); so the rest is read for a while, and thrown away.
 */
function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const late = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(late)).once('end', () => clearTimeout(late));
  request.resume();
}
