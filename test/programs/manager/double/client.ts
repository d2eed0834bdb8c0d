import { request as plainRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { createInterface } from 'node:readline';

/** A server of the Kubernetes API, and a namespace of it that a test may use. */
export interface ServerAt {
  readonly url: string;
  readonly token: string;
  /** PEM, of an `https:` server. */
  readonly ca?: string;
  readonly namespace: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Parsed, when it is JSON. */
  readonly body: Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
  readonly text: string;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: Reply['body'];
}

export interface Sent {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly token?: string;
}

/** Calls of an API server as a test makes them: nothing between it and HTTP. */
export class Client {
  constructor(private readonly server: Pick<ServerAt, 'url' | 'token' | 'ca'>) {}

  async call(method: string, path: string, sent: Sent = {}): Promise<Reply> {
    const answer = await this.open(method, path, sent);
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString('utf8');
    const isJson = answer.headers['content-type']?.startsWith('application/json');
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: isJson ? JSON.parse(text) : {}, text };
  }

  get = (path: string, sent?: Sent) => this.call('GET', path, sent);
  post = (path: string, body: unknown, sent?: Sent) => this.call('POST', path, { ...sent, body });
  delete = (path: string, sent?: Sent) => this.call('DELETE', path, sent);
  patch = (path: string, body: unknown) =>
    this.call('PATCH', path, { body, contentType: 'application/merge-patch+json' });

  /** The events of a watch, open from now on, until it ends or the caller has enough. */
  watch(path: string): AsyncIterable<WatchEvent> {
    const opened = this.open('GET', path, {});
    // Told to whoever reads it.
    opened.catch(() => {});
    return { [Symbol.asyncIterator]: () => eventsOf(opened) };
  }

  /** An answer as it comes. */
  open(method: string, path: string, { body, contentType = 'application/json', accept, token }: Sent) {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token ?? this.server.token}`,
      accept: accept ?? 'application/json',
      ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
    };
    const { hostname, port } = new URL(this.server.url);
    // The path goes out as it is: a URL would resolve the dots in it.
    const options: RequestOptions & { ca?: string } = { hostname, port, path, method, headers, ca: this.server.ca };
    return new Promise<IncomingMessage>((resolve, reject) => {
      const send = this.server.url.startsWith('https:') ? tlsRequest : plainRequest;
      send(options, resolve).on('error', reject).end(text);
    });
  }
}

async function* eventsOf(opened: Promise<IncomingMessage>): AsyncGenerator<WatchEvent> {
  const answer = await opened;
  try {
    for await (const line of createInterface(answer)) yield JSON.parse(line) as WatchEvent;
  } finally {
    answer.destroy();
  }
}
