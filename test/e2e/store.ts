import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { sign } from 'aws4';
import { NotificationRule, UPLOAD_EVENTS, WEBHOOK_ARN } from '../../src/contract';
import type { Cluster } from './cluster';
import type { Pod, Secret } from './objects';
import { PLATFORM } from './steps';

/** `mc` waits ten minutes for an answer on a connection whose other end is gone, as with a node's power. */
const ANSWER_SECONDS = 60;
/** Of a request that has to be done: half a minute. */
export const PATIENT_ATTEMPTS = 10;
const PORT = 9000;
/** Of a command that `timeout` ended. */
const TIMED_OUT = 124;
/** Nothing was sent: an endpoint of the Service that is gone, which this node's kube-proxy had not heard of. */
const NO_CONNECTION = /dial tcp [^ ]+: i\/o timeout/;

interface Keys {
  readonly rootUser: string;
  readonly rootPassword: string;
}

/** The platform's store, as its root. */
export class Store {
  static async of(cluster: Cluster): Promise<Store> {
    const keys = (await secretOf(cluster, PLATFORM, 'oscar-minio-root')) as unknown as Keys;
    return new Store(cluster, await cluster.reachService(PLATFORM, 'oscar-minio', PORT), keys);
  }

  /** Each of its pods by itself: a Service gives any of them. */
  static async clientsOfPods(cluster: Cluster): Promise<S3Client[]> {
    const keys = (await secretOf(cluster, PLATFORM, 'oscar-minio-root')) as unknown as Keys;
    const pods = await cluster.list<Pod>('pods', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=minio');
    const hosts = pods.map(({ metadata }) => cluster.reachPod(PLATFORM, metadata.name, PORT));
    return (await Promise.all(hosts)).map((host) => new Store(cluster, host, keys).client());
  }

  private readonly access: NodeJS.ProcessEnv;

  private constructor(
    private readonly cluster: Cluster,
    private readonly host: string,
    private readonly keys: Keys,
  ) {
    this.access = this.as('store');
  }

  /** What lets `mc` know it by an alias. */
  as(alias: string): NodeJS.ProcessEnv {
    return { [`MC_HOST_${alias}`]: `http://${this.keys.rootUser}:${this.keys.rootPassword}@${this.host}` };
  }

  async mc(...args: string[]): Promise<string> {
    return this.call(args);
  }

  /** @param path `bucket/key` */
  async put(path: string, content: string | Uint8Array): Promise<void> {
    await this.call(['pipe', '--quiet', `store/${path}`], content);
  }

  /** Without an answer once more, as any client of the store would. */
  private async call(args: string[], input: string | Uint8Array = '', isAgain = false): Promise<string> {
    const bounded = ['--kill-after=5', String(ANSWER_SECONDS), 'mc', ...args];
    try {
      return (await this.cluster.pipe(input, 'timeout', bounded, this.access)).stdout;
    } catch (error) {
      const { code, message } = error as Error & { code?: number };
      if (isAgain || (code !== TIMED_OUT && !NO_CONNECTION.test(message))) throw error;
      process.stderr.write(`      no answer, tried again: mc ${args.join(' ')}\n`);
      return this.call(args, input, true);
    }
  }

  async get(path: string): Promise<string> {
    return this.mc('cat', `store/${path}`);
  }

  /** Keys below `bucket/folder/`. */
  async list(path: string): Promise<string[]> {
    const lines = (await this.mc('ls', '--recursive', '--json', `store/${path}`)).split('\n').filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as { key: string }).key).sort();
  }

  /** One by one: what a store that is busy for a moment (503) refuses of many at once, no client asks for again. */
  async remove(...paths: string[]): Promise<void> {
    const client = this.client(undefined, PATIENT_ATTEMPTS);
    for (const path of paths) await client.send(new DeleteObjectCommand(placeOf(path)));
    client.destroy();
  }

  /** By the S3 API: what mc calls `put` is every event whose name begins so, changes of tags too. */
  async tellsOf(bucket: string, rules: readonly NotificationRule[]): Promise<void> {
    const events = UPLOAD_EVENTS.map((event) => `<Event>${event}</Event>`).join('');
    const filter = (name: string, value: string) =>
      `<FilterRule><Name>${name}</Name><Value>${value}</Value></FilterRule>`;
    const queues = rules.map(
      ({ prefix, suffix }) =>
        `<QueueConfiguration><Queue>${WEBHOOK_ARN}</Queue>${events}<Filter><S3Key>` +
        `${filter('prefix', prefix)}${filter('suffix', suffix)}</S3Key></Filter></QueueConfiguration>`,
    );
    const body = `<NotificationConfiguration>${queues.join('')}</NotificationConfiguration>`;
    const { rootUser: accessKeyId, rootPassword: secretAccessKey } = this.keys;
    const call = {
      service: 's3',
      region: 'us-east-1',
      host: this.host,
      method: 'PUT',
      path: `/${bucket}?notification=`,
    };
    const { headers } = sign({ ...call, body }, { accessKeyId, secretAccessKey });
    const answer = await fetch(`http://${this.host}${call.path}`, {
      method: call.method,
      headers: headers as Record<string, string>,
      body,
    });
    if (!answer.ok) throw new Error(`${bucket} takes no rules: ${answer.status} ${await answer.text()}`);
  }

  async buckets(): Promise<string[]> {
    const lines = (await this.mc('ls', '--json', 'store')).split('\n').filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as { key: string }).key.replace('/', ''));
  }

  /** How many rules tell of a bucket's uploads. */
  async rulesOf(bucket: string): Promise<number> {
    return (await this.mc('event', 'ls', '--json', `store/${bucket}`)).split('\n').filter(Boolean).length;
  }

  /** Whether a user of the store may do anything, as its root sees it. */
  async statusOf(user: string): Promise<string> {
    const told = await this.mc('admin', 'user', 'info', '--json', 'store', user);
    return (JSON.parse(told) as { userStatus: string }).userStatus;
  }

  /**
   * The SDK that most programs upload with.
   * @param keys of a user @default the root's
   * @param maxAttempts of each request @default 1: what the store refuses is told
   */
  client(keys?: Readonly<Record<string, string>>, maxAttempts = 1): S3Client {
    const { accessKey = this.keys.rootUser, secretKey = this.keys.rootPassword } = keys ?? {};
    return new S3Client({
      endpoint: `http://${this.host}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      maxAttempts,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
    });
  }
}

/** `bucket/key`, as the S3 API takes it. */
export function placeOf(path: string): { Bucket: string; Key: string } {
  const [bucket, ...key] = path.split('/');
  return { Bucket: bucket, Key: key.join('/') };
}

export async function secretOf(cluster: Cluster, namespace: string, name: string): Promise<Record<string, string>> {
  const { data } = await cluster.get<Secret>('secret', '-n', namespace, name);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
