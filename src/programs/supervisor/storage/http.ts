/**
 * HTTP/1.1 as providers need it, on node:http and not on fetch: that costs 28 ms at its first call, changes paths (`//`,
 * `/../`) that are signed as they stand, and tells less of a transfer that broke. node:https is loaded when it is needed.
 */
import { setMaxListeners } from 'node:events';
import {
  Agent,
  AgentOptions,
  ClientRequest,
  IncomingMessage,
  OutgoingHttpHeaders,
  request as requestPlain,
} from 'node:http';
import { explain } from './network-errors';
import { PassingError, throwIfCancelled } from './retry';
import type { Tls } from './storage';

/** Connections to one server, however many transfers run at once. */
const SOCKETS = 16;
/** What a socket takes at once: larger bodies wait for the server's consent (`100 Continue`). */
const ASK_FIRST_BYTES = 64 * 1024;
const LONGEST_TEXT_BYTES = 1024 * 1024;

/** How long to wait, in milliseconds. */
const LIMITS = {
  connect: 10_000,
  /** For any byte in either direction. */
  idle: 60_000,
  /** For `100 Continue`: a server that never says it gets the body anyway (RFC 9110, 10.1.1). */
  consent: 1_000,
};

export interface HttpRequest {
  readonly method: string;
  /** `http(s)://host[:port]`. */
  readonly origin: string;
  /** Path and query, sent as they stand: nothing is encoded or resolved. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Body;
  /** The body waits for the server's consent. @default when it is larger than 64 KiB */
  readonly askFirst?: boolean;
  readonly signal?: AbortSignal;
}

export interface Body {
  readonly bytes: number;
  /** From the start, at each try. A chunk may be overwritten once the next is asked for. */
  chunks(): AsyncIterable<Buffer> | Iterable<Buffer>;
}

export function textBody(text: string): Body {
  const buffer = Buffer.from(text);
  return { bytes: buffer.length, chunks: () => [buffer] };
}

/** Connections to one provider. */
export class HttpClient {
  private readonly agents = new Map<string, Agent>();
  private serverAnswersExpect = true;

  constructor(
    private readonly tls: Tls,
    private readonly limits = LIMITS,
  ) {}

  /**
   * One exchange. The answer's body has to be read, by `readText` or as a stream.
   * @throws PassingError when the network fails; InvocationError when the server's certificate does (`storage`) or the
   *   signal says so (`cancelled`); and what the body throws
   */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    throwIfCancelled(request.signal);
    const outgoing = await this.open(request);
    try {
      const answer = this.answerTo(outgoing);
      await this.write(outgoing, request, answer);
      if ((await answer).statusCode === 417 && outgoing.hasHeader('expect')) this.doWithoutConsent();
      return await answer;
    } catch (error) {
      outgoing.destroy();
      throwIfCancelled(request.signal);
      throw explain(error as Error, request.origin);
    }
  }

  /** RFC 9110, 15.5.18: a server, or something on the way to it, that can't meet an `Expect` wants to be asked without. */
  private doWithoutConsent(): never {
    this.serverAnswersExpect = false;
    throw new PassingError('the server takes no request that waits for its consent');
  }

  /** Closes idle connections; those at work are cut. */
  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
  }

  private async open({ origin, method, path, headers, body, askFirst, signal }: HttpRequest): Promise<ClientRequest> {
    const { protocol, hostname, port } = new URL(origin);
    if (signal) setMaxListeners(0, signal); // many transfers have one
    const https = protocol === 'https:' ? await import('node:https') : undefined;
    const ask = body && body.bytes > 0 && (askFirst ?? body.bytes > ASK_FIRST_BYTES) && this.serverAnswersExpect;
    return (https?.request ?? requestPlain)({
      agent: this.agent(protocol, https?.Agent ?? Agent),
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || undefined,
      method,
      path,
      signal,
      headers: {
        ...headers,
        ...(body ? { 'content-length': body.bytes } : {}),
        ...(ask ? { expect: '100-continue' } : {}),
      },
    });
  }

  private agent(protocol: string, Kind: new (options: AgentOptions) => Agent): Agent {
    const { verify, ca } = this.tls;
    let agent = this.agents.get(protocol);
    if (!agent) {
      const tls = { rejectUnauthorized: verify, ca };
      agent = new Kind({ keepAlive: true, maxSockets: SOCKETS, noDelay: true, ...tls } as AgentOptions);
      this.agents.set(protocol, agent);
    }
    return agent;
  }

  private answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
    const { connect, idle } = this.limits;
    const fail = (message: string) => outgoing.destroy(new PassingError(message));
    outgoing.setTimeout(idle, () => fail(`nothing moved for ${idle / 1000} s`));
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => fail(`no connection within ${connect / 1000} s`), connect);
      const done = () => clearTimeout(timer);
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', done).once('close', done);
    });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      // Not once: a connection may break after its answer as well.
      outgoing.once('response', resolve).on('error', reject);
    });
    answer.catch(() => {}); // whoever awaits it is told
    return answer;
  }

  /** Writes the body, or as much of it as the server wants: an answer that comes first ends it. */
  private async write(outgoing: ClientRequest, { body }: HttpRequest, answer: Promise<IncomingMessage>): Promise<void> {
    let answered = false;
    let wake = () => {};
    const stop = () => {
      answered = true;
      wake();
    };
    answer.then(stop, stop);
    const until = (start: (done: () => void) => void) =>
      new Promise<void>((resolve) => {
        if (answered) return resolve();
        wake = resolve;
        start(resolve);
      });
    if (outgoing.hasHeader('expect')) await until((consent) => this.whenAsked(outgoing, consent));
    for await (const chunk of answered ? [] : (body?.chunks() ?? [])) {
      if (answered) break;
      await until((written) => outgoing.write(chunk, written));
    }
    // A connection on which half a body was sent can't be used again.
    if (answered) (await answer).once('close', () => outgoing.destroy());
    else outgoing.end();
  }

  private whenAsked(outgoing: ClientRequest, consent: () => void): void {
    const timer = setTimeout(() => {
      this.serverAnswersExpect = false;
      consent();
    }, this.limits.consent);
    outgoing.once('continue', consent);
    for (const event of ['continue', 'response', 'close']) outgoing.once(event, () => clearTimeout(timer));
  }
}

/** A short body as text, cut after 1 MiB. @throws PassingError when it breaks off */
export async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > LONGEST_TEXT_BYTES) break;
    }
  } catch (error) {
    throw new PassingError(`the answer broke off (${(error as Error).message})`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
