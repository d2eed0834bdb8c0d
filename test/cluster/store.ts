import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from './cluster';
import type { KubernetesObject, Secret } from './objects';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';

interface Service extends KubernetesObject {
  readonly spec: { readonly clusterIP: string };
}

/** Where a Service is reached. */
export async function addressOf(cluster: Cluster, namespace: string, service: string): Promise<string> {
  return (await cluster.get<Service>('service', '-n', namespace, service)).spec.clusterIP;
}

/** The platform's store, as its root. */
export class Store {
  static async of(cluster: Cluster): Promise<Store> {
    const { rootUser, rootPassword } = await secretOf(cluster, PLATFORM, 'oscar-minio-root');
    const host = await addressOf(cluster, PLATFORM, 'oscar-minio');
    return new Store(cluster, { MC_HOST_store: `http://${rootUser}:${rootPassword}@${host}:9000` });
  }

  private constructor(
    private readonly cluster: Cluster,
    private readonly access: NodeJS.ProcessEnv,
  ) {}

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

  /** Makes a policy of one statement an action, and gives it to a new user. */
  async user(name: string, password: string, rights: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const Statement = Object.entries(rights).map(([action, prefixes]) => ({
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

/** What the provisioner declares of a service: its user reads inputs and writes outputs, and can do nothing else. */
export function storeIsPrepared(scenario: Scenario, service: string, read: string, write: readonly string[]): void {
  scenario.step(`the store knows the service ${service}`, async () => {
    const store = await Store.of(scenario.cluster);
    for (const path of [read, ...write]) await store.mc('mb', '--ignore-existing', `store/${path.split('/')[0]}`);
    const { accessKey, secretKey } = await secretOf(scenario.cluster, SERVICES, `${service}-minio`);
    await store.user(accessKey, secretKey, { 's3:GetObject': [read], 's3:PutObject': write });
  });
}

async function secretOf(cluster: Cluster, namespace: string, name: string): Promise<Record<string, string>> {
  const { data } = await cluster.get<Secret>('secret', '-n', namespace, name);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
