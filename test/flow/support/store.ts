import { join } from 'node:path';
import { sign } from 'aws4';
import { Answer, encoded, exchange, Keys } from '../../servers/support/bucket-store';
import { program, run } from '../../servers/support/process';

const PORT = 9000;

export interface Listed {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The platform's store, as somebody uses it who has its root keys or others. */
export class Store {
  constructor(
    private readonly folder: string,
    readonly keys: Keys,
  ) {}

  as(keys: Keys): Store {
    return new Store(this.folder, keys);
  }

  /** MinIO's client; the store is its `oscar`. */
  mc(...args: string[]): Promise<string> {
    const { accessKey, secretKey } = this.keys;
    const env = {
      HOME: this.folder,
      PATH: process.env.PATH,
      MC_CONFIG_DIR: join(this.folder, 'mc'),
      MC_HOST_oscar: `http://${encodeURIComponent(accessKey)}:${encodeURIComponent(secretKey)}@127.0.0.1:${PORT}`,
    };
    return run(program('mc'), ['--json', ...args], env);
  }

  put(path: string, body: Buffer | string): Promise<Answer> {
    return this.must('PUT', encoded(path), Buffer.from(body));
  }

  /** Nothing when there is no such object. */
  async get(path: string): Promise<string | undefined> {
    const { status, body } = await this.ask('GET', encoded(path));
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.toString('utf8')}`);
    return body.toString('utf8');
  }

  /** Of a folder, sorted by key, which is told without it. */
  async list(path: string): Promise<Listed[]> {
    const [bucket, ...rest] = path.split('/');
    const prefix = rest.join('/');
    const found: Listed[] = [];
    for (let next = ''; ;) {
      const token = next && `continuation-token=${encodeURIComponent(next)}&`;
      const query = `${token}encoding-type=url&list-type=2&prefix=${encodeURIComponent(prefix)}`;
      const text = (await this.must('GET', `/${bucket}?${query}`)).body.toString('utf8');
      for (const [, key, time] of text.matchAll(/<Key>([^<]*)<\/Key><LastModified>([^<]*)</g)) {
        const whole = decodeURIComponent(key.replaceAll('+', ' '));
        found.push({ key: whole.slice(prefix.length), at: Date.parse(time) });
      }
      next = /<NextContinuationToken>([^<]*)</.exec(text)?.[1] ?? '';
      if (!next) return found;
    }
  }

  async keysIn(path: string): Promise<string[]> {
    return (await this.list(path)).map(({ key }) => key);
  }

  async notifications(bucket: string): Promise<Buffer> {
    return (await this.must('GET', `/${bucket}?notification=`)).body;
  }

  async setNotifications(bucket: string, document: Buffer): Promise<void> {
    await this.must('PUT', `/${bucket}?notification=`, document);
  }

  async must(method: string, path: string, body?: Buffer): Promise<Answer> {
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString('utf8')}`);
    return answer;
  }

  ask(method: string, path: string, body?: Buffer): Promise<Answer> {
    const { accessKey: accessKeyId, secretKey: secretAccessKey } = this.keys;
    const target = { service: 's3', region: 'us-east-1', host: `127.0.0.1:${PORT}`, method, path, body };
    const signed = sign(target, { accessKeyId, secretAccessKey });
    return exchange(method, PORT, path, signed.headers as Record<string, string>, body);
  }
}

export const NO_NOTIFICATIONS = Buffer.from('<NotificationConfiguration></NotificationConfiguration>');
