import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { SERVICE_HEADER } from '../../../contract';
import type { Definition } from '../definition';
import { cancellation, exitCodeOf, failureOf, InvocationError } from '../failure';
import type { Body, InvokeOptions, Outcome, Places } from '../invocation';
import type { InvocationLog } from '../log';
import { sendError, sendFailure, stackOf } from './answer';
import type { Metrics } from './metrics';
import type { Queue, Ticket } from '../../common/queue';
import { Reply, sendOutcome } from './send-outcome';

export type Invoke = (body: Body, options: InvokeOptions) => Promise<Outcome>;

export interface InvocationsOptions {
  readonly definition: Definition;
  readonly places: Places;
  readonly invoke: Invoke;
  readonly queue: Queue;
  readonly metrics: Metrics;
  /** For what no invocation's own log has told. */
  readonly log: Pick<InvocationLog, 'error'>;
  /** Whoever neither sends the body nor takes the reply for so long gives the place to others. @default 60 s */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;

/** The requests that run the script: each waits for its turn, is invoked and answered. */
export class Invocations {
  /** Of those that wait or run. */
  private readonly aborts = new Set<AbortController>();

  constructor(private readonly options: InvocationsOptions) {}

  /** Ends all that wait or run. */
  abort(): void {
    const ended = () => new InvocationError('cancelled', 'the pod ends', exitCodeOf('SIGTERM'));
    for (const abort of this.aborts) abort.abort(ended());
  }

  /** @param expects the client waits with its body until it is told to go on (`Expect: 100-continue`) */
  async take(request: IncomingMessage, response: ServerResponse, expects: boolean): Promise<void> {
    const { name } = this.options.definition;
    const meant = request.headers[SERVICE_HEADER] ?? name;
    if (meant !== name) {
      const reason = `this is a pod of ${name}, and the call is for another service`;
      return sendError(request, response, { status: 421, reason });
    }
    const abort = new AbortController();
    const ticket = this.options.queue.enter(abort.signal);
    if (!ticket) return this.refuse(request, response);
    if (expects) response.writeContinue();
    // The connection, since a response that stands behind another one isn't told when it closes.
    const gone = () => abort.abort();
    const { socket } = request;
    socket.once('close', gone);
    this.aborts.add(abort);
    let outcome: Outcome | undefined;
    try {
      outcome = await this.invoke(request, ticket, abort.signal);
      await this.reply(response, { outcome, accept: request.headers.accept, signal: abort.signal });
    } catch (error) {
      // What an invocation fails with, its own log has told.
      if (!(error instanceof InvocationError) && !socket.destroyed) this.options.log.error(stackOf(error));
      sendFailure(request, response, error);
    } finally {
      await outcome?.dispose();
      ticket.leave();
      this.options.metrics.left();
      this.aborts.delete(abort);
      socket.off('close', gone);
    }
  }

  private refuse(request: IncomingMessage, response: ServerResponse): void {
    const { queue, metrics, definition } = this.options;
    metrics.refused();
    const retryAfter = queue.retryAfterSeconds();
    const reason =
      `${definition.name} is busy: ${queue.running} invocations run and ${queue.waiting} wait, which is all that may. ` +
      `Try again in ${retryAfter} s.`;
    sendError(request, response, { status: 429, reason, headers: { 'retry-after': `${retryAfter}` } });
  }

  private async invoke(request: IncomingMessage, ticket: Ticket, signal: AbortSignal): Promise<Outcome> {
    const { definition, places, invoke, metrics, idleMs = IDLE_MS } = this.options;
    try {
      if (!(await ticket.turn)) throw cancellation(signal);
      const { 'content-type': contentType, 'content-encoding': contentEncoding } = request.headers;
      const body = { content: bodyOf(request, idleMs), contentType, contentEncoding };
      const timeoutMs = definition.timeoutSeconds * 1000;
      const outcome = await invoke(body, { definition, places, signal, timeoutMs, onStep: metrics.step });
      metrics.succeeded();
      return outcome;
    } catch (error) {
      metrics.failed(failureOf(error).kind);
      throw error;
    }
  }

  private async reply(response: ServerResponse, reply: Omit<Reply, 'service'>): Promise<void> {
    const { metrics, definition, idleMs = IDLE_MS } = this.options;
    // It has none while it stands behind another response.
    response.socket?.setTimeout(idleMs);
    metrics.replied(await sendOutcome(response, { ...reply, service: definition.name }));
  }
}

/** Of the event loop: bytes that are left, their end, what closes the connection, and that it is closed. */
const TURNS_TO_SEE_THE_END = 5;

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate();
}

/** The request's body without its connection: who stops reading it in the middle can still be answered. */
function bodyOf(request: IncomingMessage, idleMs: number): Readable {
  const { socket } = request;
  // Its end is told once the connection had the time to tell its own: nobody works for a client that is gone.
  const body = new PassThrough({ flush: (done) => void turns(TURNS_TO_SEE_THE_END).then(() => done()) });
  // Nobody may be listening yet; who reads it later meets the error then.
  body.on('error', () => undefined);
  socket.setTimeout(idleMs);
  request.once('end', () => socket.setTimeout(0));
  request.once('close', () => {
    if (!request.complete) body.destroy(new Error('the client went away in the middle of its body'));
  });
  return request.pipe(body);
}
