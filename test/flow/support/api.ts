import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { KeyedObject, Read } from './pods';

export interface ApiAt {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

export interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** The API server as a controller uses it. */
export class Api {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly at: ApiAt) {}

  /** @throws when there is no answer, or none that fits: 404 is undefined */
  async call<T>(method: string, path: string, body?: object): Promise<T | undefined> {
    const answer = await this.open(method, path, body, this.agent);
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString('utf8');
    if (answer.statusCode === 404) return undefined;
    if (answer.statusCode! >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as T;
  }

  readonly read: Read = (kind, namespace, name) =>
    this.call<KeyedObject>('GET', `/api/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`);

  /** What is there, and each change from then on, until the connection breaks. @throws then */
  async follow<T extends ApiObject>(path: string, take: (change: Change<T>) => void): Promise<void> {
    const list = await this.call<{ metadata: { resourceVersion: string }; items: T[] }>('GET', path);
    for (const object of list!.items) take({ type: 'ADDED', object });
    const watch = await this.open('GET', `${path}?watch=1&resourceVersion=${list!.metadata.resourceVersion}`);
    for await (const line of createInterface(watch)) {
      const change = JSON.parse(line) as Change<T>;
      if (!['ADDED', 'MODIFIED', 'DELETED'].includes(change.type)) throw new Error(`the watch says ${line}`);
      take(change);
    }
  }

  private open(method: string, path: string, body?: object, agent?: Agent): Promise<IncomingMessage> {
    const { host, port, token, ca } = this.at;
    const text = body && JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(text ? { 'content-type': typeOf(method), 'content-length': Buffer.byteLength(text) } : {}),
    };
    return new Promise((resolve, reject) => {
      request({ host, port, path, method, headers, ca, agent: agent ?? false }, resolve)
        .on('error', reject)
        .end(text);
    });
  }
}

const typeOf = (method: string) => (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
