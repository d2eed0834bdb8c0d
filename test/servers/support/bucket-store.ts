import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, IncomingHttpHeaders, request, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from 'aws4';
import { keyPrefix, UPLOAD_EVENTS, WEBHOOK_ARN, WEBHOOK_TARGET } from '../../../src/contract';
import { freePort, program, run, serverFolder, ServerProcess } from './process';

const START_MS = 30_000;
const EVENT_MS = 10_000;

export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Whom a store tells of its events. */
export interface EventTarget {
  readonly port: number;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const ROOT: Keys = { accessKey: 'oscar-root', secretKey: 'Secret-of-nobody-9d2f' };

/** A MinIO with users, policies and bucket events, told to a webhook that is here. */
export class BucketStore {
  readonly root: Keys = ROOT;
  /** Bodies as MinIO sent them, in their order. */
  readonly events: string[] = [];

  private constructor(
    private readonly server: ServerProcess,
    private readonly webhook?: Server,
  ) {}

  /** With empty buckets; events of the first are told. */
  static async start(watched: string, ...others: string[]): Promise<BucketStore> {
    const webhook = createServer().listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    const endpoint = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/events`;
    const store = new BucketStore(await minio(serverFolder('bucket-store'), { ENDPOINT: endpoint }), webhook);
    webhook.on('request', (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        if (incoming.method === 'POST' && chunks.length) store.events.push(Buffer.concat(chunks).toString('utf8'));
        response.end();
      });
    });
    await store.up();
    for (const bucket of [watched, ...others]) await store.must('PUT', `/${bucket}`);
    await store.mc('event', 'add', `oscar/${watched}`, WEBHOOK_ARN, '--event', 'put,delete');
    return store;
  }

  /** With empty buckets; its events go to somebody else, as the cluster's store sends them: from a queue on its disk. */
  static async startFor({ port, token }: EventTarget, ...buckets: string[]): Promise<BucketStore> {
    const folder = serverFolder('bucket-store');
    const webhook = {
      ENDPOINT: `http://127.0.0.1:${port}/events`,
      AUTH_TOKEN: token,
      QUEUE_DIR: queueIn(folder),
      QUEUE_LIMIT: '500000',
    };
    const store = new BucketStore(await minio(folder, webhook, { MINIO_API_SYNC_EVENTS: 'on', MINIO_SYNC_BOOT: 'on' }));
    await store.up();
    for (const bucket of buckets) await store.must('PUT', `/${bucket}`);
    return store;
  }

  get port(): number {
    return this.server.port;
  }

  /** Events that nobody has taken yet. */
  get queued(): number {
    return readdirSync(queueIn(this.server.folder), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ).length;
  }

  /** Tells of what is put into these folders of a bucket, and of nothing else. */
  async tellOf(bucket: string, ...folders: string[]): Promise<void> {
    const rules = folders.map((folder) => {
      const events = UPLOAD_EVENTS.map((name) => `<Event>${name}</Event>`).join('');
      const rule = `<FilterRule><Name>prefix</Name><Value>${keyPrefix(folder)}</Value></FilterRule>`;
      const filter = `<Filter><S3Key>${rule}</S3Key></Filter>`;
      return `<QueueConfiguration><Queue>${WEBHOOK_ARN}</Queue>${events}${filter}</QueueConfiguration>`;
    });
    const document = `<NotificationConfiguration>${rules.join('')}</NotificationConfiguration>`;
    await this.must('PUT', `/${bucket}?notification=`, Buffer.from(document));
  }

  /** Until it answers; again, after `down`, with what it had. */
  async up(): Promise<void> {
    await this.server.start();
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
      const answer = await this.ask('GET', '/minio/health/cluster').catch(() => undefined);
      if (answer?.status === 200) return;
    }
    throw new Error('MinIO is not ready');
  }

  /** At once, as a machine that fails. */
  down(): Promise<void> {
    return this.server.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.server.stop();
    this.webhook?.closeAllConnections();
    this.webhook?.close();
  }

  /** MinIO's client; the store is its `oscar`. */
  async mc(...args: string[]): Promise<string> {
    const { accessKey, secretKey } = this.root;
    const env = {
      HOME: this.server.folder,
      PATH: process.env.PATH,
      MC_CONFIG_DIR: join(this.server.folder, 'mc'),
      MC_HOST_oscar: `http://${accessKey}:${secretKey}@127.0.0.1:${this.port}`,
    };
    return run(program('mc'), ['--json', ...args], env).catch(({ stdout }) => {
      throw new Error(`mc ${args.join(' ')}: ${stdout}`);
    });
  }

  /** A user who may do this and nothing else. */
  async addUser(name: string, statements: readonly object[]): Promise<Keys> {
    const keys = { accessKey: name, secretKey: `Secret-of-${name}-41c7` };
    const file = join(this.server.folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: statements }));
    await this.mc('admin', 'user', 'add', 'oscar', keys.accessKey, keys.secretKey);
    await this.mc('admin', 'policy', 'create', 'oscar', name, file);
    await this.mc('admin', 'policy', 'attach', 'oscar', name, '--user', name);
    return keys;
  }

  /** What MinIO tells of an action, and nothing that came before it. */
  async eventOf(action: () => Promise<unknown>): Promise<string> {
    const before = this.events.length;
    await action();
    for (const end = Date.now() + EVENT_MS; Date.now() < end; await sleep(10)) {
      if (this.events.length > before) return this.events[before];
    }
    throw new Error('MinIO tells of nothing');
  }

  /** Puts an object into the bucket whose events are told, and returns its event. */
  upload(path: string, body: Buffer | string): Promise<string> {
    return this.eventOf(() => this.put(path, body));
  }

  put(path: string, body: Buffer | string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.must('PUT', encoded(path), Buffer.from(body), headers);
  }

  /** Nothing when there is no such object. */
  async get(path: string): Promise<Buffer | undefined> {
    const { status, body } = await this.ask('GET', encoded(path));
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.toString('utf8')}`);
    return body;
  }

  async delete(path: string): Promise<void> {
    await this.must('DELETE', encoded(path));
  }

  /** Keys of all objects in a bucket, sorted. */
  async list(bucket: string): Promise<string[]> {
    const { body } = await this.must('GET', `/${bucket}?encoding-type=url&list-type=2`);
    const keys = [...body.toString('utf8').matchAll(/<Key>([^<]*)<\/Key>/g)];
    return keys.map(([, key]) => decodeURIComponent(key.replaceAll('+', ' '))).sort();
  }

  /** Removes all objects of a bucket. */
  async empty(bucket: string): Promise<void> {
    for (const key of await this.list(bucket)) await this.delete(`${bucket}/${key}`);
  }

  async must(method: string, path: string, body?: Buffer, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    const answer = await this.ask(method, path, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString('utf8')}`);
    return answer;
  }

  ask(method: string, path: string, body?: Buffer, headers = {}): Promise<Answer> {
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = this.root;
    const target = { service: 's3', region: 'us-east-1', host: `127.0.0.1:${this.port}`, method, path, body, headers };
    const signed = sign(target, { accessKeyId, secretAccessKey });
    return exchange(method, this.port, path, signed.headers as Record<string, string>, body);
  }
}

/** @param webhook its settings, as MinIO names them */
async function minio(
  folder: string,
  webhook: Readonly<Record<string, string>>,
  more: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const port = await freePort();
  const command = [program('minio'), 'server', '--quiet', '--address', `127.0.0.1:${port}`, join(folder, 'data')];
  const settings = Object.entries({ ENABLE: 'on', ...webhook }).map(([setting, value]) => [
    `MINIO_NOTIFY_WEBHOOK_${setting}_${WEBHOOK_TARGET}`,
    value,
  ]);
  return new ServerProcess(folder, port, command, {
    MINIO_ROOT_USER: ROOT.accessKey,
    MINIO_ROOT_PASSWORD: ROOT.secretKey,
    MINIO_BROWSER: 'off',
    ...Object.fromEntries(settings),
    ...more,
  });
}

const queueIn = (folder: string) => join(folder, 'queue');
/** Path of a request for `bucket/key`. */
export const encoded = (path: string) => `/${path.split('/').map(encodeSegment).join('/')}`;
const encodeSegment = (segment: string) =>
  encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** One request to this machine, whatever becomes of it. */
export function exchange(
  method: string,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
