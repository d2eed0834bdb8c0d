import { Agent as PlainAgent, AgentOptions, ClientRequest, IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** The API server gave no answer: it is away, too slow, or the connection broke. Whether it did what it was asked is unknown. */
export class KubernetesUnreachable extends Error {
  override readonly name = 'KubernetesUnreachable';
}

export interface Call {
  readonly body?: unknown;
  /** Of the body. @default 'application/json' */
  readonly contentType?: string;
  /** @default 'application/json' */
  readonly accept?: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** In milliseconds: for all of it, of a stream until its beginning. @default 10 s */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, or the text when it is none. */
  readonly body: unknown;
  /** Of a 429 or 503, in seconds, if the server says so. */
  readonly retryAfterSeconds?: number;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** An answer of which only the name and labels are wanted: a Job of 7 KiB would be sent back as a whole. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
export const MERGE_PATCH = 'application/merge-patch+json';

const TIMEOUT_MS = 10_000;
/** Calls at the same time; more wait for a connection. */
const CONNECTIONS = 64;
/** The library reads the account's token anew every minute; asking it costs reads of files. */
const CREDENTIALS_MS = 10_000;

/**
 * Calls of the Kubernetes API. `@kubernetes/client-node` knows where the server is, whom to trust and who we are; its
 * generated calls copy each object field by field in both directions, which costs more than everything else that is
 * done for an event, so JSON goes out and comes in as it is.
 */
export class KubernetesApi {
  private readonly server: URL;
  private readonly agent: PlainAgent | TlsAgent;
  /** Logs that are followed: as many connections as are asked for, so that none keeps calls waiting. */
  private readonly streams: PlainAgent | TlsAgent;
  private credentials: { readonly headers: RequestOptions['headers']; readonly until: number } | undefined;

  private constructor(
    private readonly config: KubeConfig,
    options: RequestOptions,
  ) {
    this.server = new URL(config.getCurrentCluster()!.server);
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const trust = { ca, cert, key, rejectUnauthorized, servername };
    const agent = (more: AgentOptions) =>
      this.server.protocol === 'https:' ? new TlsAgent({ ...trust, ...more }) : new PlainAgent(more);
    this.agent = agent({ keepAlive: true, maxSockets: CONNECTIONS });
    this.streams = agent({});
  }

  static async of(config: KubeConfig): Promise<KubernetesApi> {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return new KubernetesApi(config, options);
  }

  /** Any status is an answer. @throws KubernetesUnreachable */
  async call(method: Method, path: string, call: Call = {}): Promise<Answer> {
    const answer = await this.send(method, path, call, this.agent);
    const body = parse(await this.read(answer, method, path));
    const retryAfter = Number(answer.headers['retry-after']);
    if (answer.statusCode === 401) this.credentials = undefined;
    return {
      status: answer.statusCode ?? 0,
      body,
      ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}),
    };
  }

  /** An answer that is read as it comes. @throws KubernetesUnreachable when none begins */
  stream(path: string, call: Call, signal: AbortSignal): Promise<IncomingMessage> {
    return this.send('GET', path, call, this.streams, signal);
  }

  close(): void {
    this.agent.destroy();
    this.streams.destroy();
  }

  private async send(
    method: Method,
    path: string,
    { body, contentType = 'application/json', accept = 'application/json', query, timeoutMs = TIMEOUT_MS }: Call,
    agent: PlainAgent | TlsAgent,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept,
      ...(json ? { 'content-type': contentType, 'content-length': json.length } : {}),
      ...(await this.authorization()),
    };
    const { hostname, port } = this.server;
    const options = { hostname, port, path: path + queryText(query), method, headers, agent, signal };
    return new Promise((resolve, reject) => {
      const send = this.server.protocol === 'https:' ? tlsRequest : plainRequest;
      const sent: ClientRequest = send(options as RequestOptions);
      // Not the request's own limit, which begins with the connection: it takes minutes to see that nobody is there.
      const late = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
      sent.on('response', (answer) => {
        // Of a stream nobody knows when its end comes.
        if (signal) clearTimeout(late);
        answer.once('close', () => clearTimeout(late));
        resolve(answer);
      });
      sent.on('error', (error) => {
        clearTimeout(late);
        reject(unreachable(method, path, error));
      });
      sent.end(json);
    });
  }

  private async read(answer: IncomingMessage, method: string, path: string): Promise<string> {
    const parts: Buffer[] = [];
    try {
      for await (const part of answer) parts.push(part as Buffer);
    } catch (error) {
      throw unreachable(method, path, error as Error);
    }
    return Buffer.concat(parts).toString('utf8');
  }

  private async authorization(): Promise<RequestOptions['headers']> {
    const now = performance.now();
    if (!this.credentials || this.credentials.until < now) {
      const options: RequestOptions = { headers: {} };
      await this.config.applyToHTTPSOptions(options);
      this.credentials = { headers: options.headers, until: now + CREDENTIALS_MS };
    }
    return this.credentials.headers;
  }
}

/**
 * An answer in words. The server's message tells about names and rights, and of an object that is invalid (422) it repeats
 * the values: it is for the log, and for callers only where nothing was sent that they don't know.
 */
export function reasonOf({ status, body }: Answer): string {
  const message = (body as { message?: unknown } | null)?.message;
  return `${status}${typeof message === 'string' && message ? `: ${message}` : ''}`;
}

/** The server's own trouble, or a token that was just renewed: another time it may be answered. */
export const isPassing = (status: number) => status === 401 || status === 429 || status >= 500;

const unreachable = (method: string, path: string, error: Error) =>
  new KubernetesUnreachable(`the Kubernetes API did not answer ${method} ${path}: ${error.message}`);

function queryText(query: Call['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length ? `?${given.map(([key, value]) => `${key}=${encodeURIComponent(value!)}`).join('&')}` : '';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
