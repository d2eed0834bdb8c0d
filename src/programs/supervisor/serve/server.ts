import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DEFINITION_KEY, SCRIPT_KEY, SUPERVISOR_HEALTH_PATH, SUPERVISOR_METRICS_PATH } from '../../../contract';
import { SERVER_LIMITS } from '../../common/server-limits';
import { InvocationError } from '../failure';
import { send, sendError, sendFailure, stackOf } from './answer';
import { Invocations, InvocationsOptions } from './invocations';

const ENDING = 'the pod ends';

/** The HTTP server of a warm pod. */
export class InvocationServer {
  readonly http: Server;
  private readonly invocations: Invocations;
  private readonly closing: Promise<unknown>;
  private state: 'open' | 'ending' | 'closed' = 'open';

  constructor(private readonly options: InvocationsOptions) {
    this.invocations = new Invocations(options);
    this.http = createServer(SERVER_LIMITS)
      .on('request', (request, response) => this.handle(request, response, false))
      .on('checkContinue', (request, response) => this.handle(request, response, true))
      // Each request of a connection listens for its end, and a client may send many ahead.
      .on('connection', (socket) => socket.setMaxListeners(0));
    this.closing = new Promise((resolve) => this.http.once('close', resolve));
  }

  /**
   * @returns the port, of which 0 is any
   * @throws InvocationError (`configuration`) when it can't be had
   */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const fail = ({ message }: Error) =>
        reject(new InvocationError('configuration', `port ${port} can't be listened on: ${message}`));
      this.http.once('error', fail).listen(port, () => {
        this.http.off('error', fail);
        resolve((this.http.address() as AddressInfo).port);
      });
    });
  }

  /** Not ready any more; requests that come nevertheless are still taken. */
  announceEnd(): void {
    this.state = 'ending';
  }

  /** Takes nothing new: no connection, no invocation. */
  close(): void {
    this.state = 'closed';
    this.http.close();
  }

  /** Ends what runs and waits. */
  abort(): void {
    this.invocations.abort();
  }

  /** Resolves when no connection is left; those that are still busy after a while are cut off. */
  async closed(patienceMs: number): Promise<void> {
    const cut = setTimeout(() => this.http.closeAllConnections(), patienceMs);
    this.http.closeIdleConnections();
    await this.closing;
    clearTimeout(cut);
  }

  private handle(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    if (this.state !== 'open') response.setHeader('connection', 'close');
    this.route(request, response, expects).catch((error) => {
      this.options.log.error(stackOf(error));
      sendFailure(request, response, error);
    });
  }

  private async route(request: IncomingMessage, response: ServerResponse, expects: boolean): Promise<void> {
    const { method, url = '/' } = request;
    const [path, query] = url.split('?', 2);
    const readable = path === SUPERVISOR_HEALTH_PATH || path === SUPERVISOR_METRICS_PATH;
    if (method === 'POST') return this.invoke(request, response, expects);
    if (!readable || (method !== 'GET' && method !== 'HEAD')) return refuseMethod(request, response, readable);
    if (path === SUPERVISOR_METRICS_PATH) return this.showMetrics(response);
    return this.showHealth(request, response, new URLSearchParams(query).has('live'));
  }

  private async invoke(request: IncomingMessage, response: ServerResponse, expects: boolean): Promise<void> {
    if (this.state !== 'closed') return this.invocations.take(request, response, expects);
    this.options.metrics.refused();
    sendError(request, response, { status: 503, reason: `${ENDING}: send the request again, to another pod` });
  }

  private async showMetrics(response: ServerResponse): Promise<void> {
    const { metrics } = this.options;
    send(response, 200, metrics.contentType, await metrics.text());
  }

  private async showHealth(request: IncomingMessage, response: ServerResponse, live: boolean): Promise<void> {
    const reason = live ? undefined : await this.notReady();
    if (reason === undefined) send(response, 200, 'text/plain; charset=utf-8', 'Ok\n');
    else sendError(request, response, { status: 503, reason });
  }

  private async notReady(): Promise<string | undefined> {
    if (this.state !== 'open') return ENDING;
    for (const key of [SCRIPT_KEY, DEFINITION_KEY]) {
      const file = join(this.options.places.config, key);
      const problem = await access(file, constants.R_OK).catch((error: Error) => error);
      if (problem) return `${file} can't be read: ${problem.message}. The service's ConfigMap has to hold it`;
    }
    return undefined;
  }
}

function refuseMethod(request: IncomingMessage, response: ServerResponse, readable: boolean): void {
  const allow = readable ? 'GET, HEAD, POST' : 'POST';
  const reason = `${request.method} is not for this path. Allowed: ${allow} (any POST is an invocation)`;
  sendError(request, response, { status: 405, reason, headers: { allow } });
}
