import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sign } from 'aws4';
import {
  BucketDeclaration,
  Declaration,
  NotificationRule,
  SETTINGS_KEY,
  UPLOAD_EVENTS,
  UserDeclaration,
  WEBHOOK_ARN,
} from '../../src/contract';
import { Cluster, eventually } from './cluster';
import type { KubernetesObject, Secret } from './objects';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';

interface Service extends KubernetesObject {
  readonly spec: { readonly clusterIP: string };
}

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Keys {
  readonly rootUser: string;
  readonly rootPassword: string;
}

/** Where a Service is reached. */
export async function addressOf(cluster: Cluster, namespace: string, service: string): Promise<string> {
  return (await cluster.get<Service>('service', '-n', namespace, service)).spec.clusterIP;
}

/** The platform's store, as its root. */
export class Store {
  static async of(cluster: Cluster): Promise<Store> {
    const keys = (await secretOf(cluster, PLATFORM, 'oscar-minio-root')) as unknown as Keys;
    return new Store(cluster, `${await addressOf(cluster, PLATFORM, 'oscar-minio')}:9000`, keys);
  }

  private readonly access: NodeJS.ProcessEnv;

  private constructor(
    private readonly cluster: Cluster,
    private readonly host: string,
    private readonly keys: Keys,
  ) {
    this.access = { MC_HOST_store: `http://${keys.rootUser}:${keys.rootPassword}@${host}` };
  }

  async mc(...args: string[]): Promise<string> {
    return (await this.cluster.run('mc', args, this.access)).stdout;
  }

  /** @param path `bucket/key` */
  async put(path: string, content: string | Uint8Array): Promise<void> {
    await this.cluster.pipe(content, 'mc', ['pipe', '--quiet', `store/${path}`], this.access);
  }

  async get(path: string): Promise<string> {
    return this.mc('cat', `store/${path}`);
  }

  async remove(...paths: string[]): Promise<void> {
    await this.mc('rm', '--quiet', ...paths.map((path) => `store/${path}`));
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

  /** Makes a policy of one statement an action, and gives it to a new user. */
  async user(name: string, password: string, rights: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const given = Object.entries(rights).filter(([, prefixes]) => prefixes.length);
    const Statement = given.map(([action, prefixes]) => ({
      Effect: 'Allow',
      Action: [action],
      Resource: prefixes.map((prefix) => `arn:aws:s3:::${prefix}*`),
    }));
    const folder = mkdtempSync(join(tmpdir(), 'oscar-cluster-policy-'));
    const policy = join(folder, 'policy.json');
    writeFileSync(policy, JSON.stringify({ Version: '2012-10-17', Statement }));
    await this.mc('admin', 'user', 'add', 'store', name, password);
    await this.mc('admin', 'policy', 'create', 'store', name, policy);
    rmSync(folder, { recursive: true });
    await this.mc('admin', 'policy', 'attach', 'store', name, '--user', name);
  }
}

/**
 * What the provisioner declares of the store and doesn't make yet: buckets, the events that they tell, and services'
 * users, who read inputs and write outputs and can do nothing else.
 */
export function theStoreIsPrepared(scenario: Scenario): void {
  scenario.step('the store has what is declared', async () => {
    const { cluster } = scenario;
    const { buckets, users } = await declaration(cluster);
    const store = await Store.of(cluster);
    const makeBucket = async ({ name, notifications }: BucketDeclaration) => {
      // A store of several pods takes writes a moment after it is ready, which is for reads.
      await eventually(`the store makes ${name}`, 90, async () => {
        await store.mc('mb', '--ignore-existing', `store/${name}`);
        if (notifications.length) await store.tellsOf(name, notifications);
      });
    };
    const makeUser = async ({ secret, read, write }: UserDeclaration) => {
      const { accessKey, secretKey } = await secretOf(cluster, secret.namespace, secret.name);
      await store.user(accessKey, secretKey, { 's3:GetObject': read, 's3:PutObject': write });
    };
    await Promise.all(buckets.map(makeBucket));
    await Promise.all(users.map(makeUser));
  });
}

async function declaration(cluster: Cluster): Promise<Declaration> {
  const selector = 'app.kubernetes.io/component=provisioner';
  const maps = await cluster.list<ConfigMap>('configmaps', '-n', PLATFORM, '-l', selector);
  return JSON.parse(maps.find(({ data }) => data?.[SETTINGS_KEY])!.data![SETTINGS_KEY]) as Declaration;
}

export async function secretOf(cluster: Cluster, namespace: string, name: string): Promise<Record<string, string>> {
  const { data } = await cluster.get<Secret>('secret', '-n', namespace, name);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
