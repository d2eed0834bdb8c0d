import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { ManagerSettings, ServiceDefinition } from '../../../src/contract';
import type { LogFields } from '../../../src/programs/common/log';
import type { Route } from '../../../src/programs/manager/http/route';
import { Manager } from '../../../src/programs/manager/manager';
import { ApiServerDouble } from './double';
import { configMap, podTemplate } from './services';

export const WEBHOOK_TOKEN = 'w'.repeat(64);
export const ADMIN = `Basic ${Buffer.from('oscar:not-a-secret').toString('base64')}`;
export const METRICS_TOKEN = 'm'.repeat(64);
/** Of each service. */
export const tokenOf = (service: string) => Buffer.from(service).toString('hex').padEnd(64, '0').slice(0, 64);

export const SETTINGS: ManagerSettings = {
  name: 'oscar',
  namespace: 'oscar',
  servicesNamespace: 'oscar-svc',
  environment: { name: 'test', version: '1.2.3' },
  minio: { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', verify: true },
  bodiesBucket: 'oscar-bodies',
  recordsBucket: 'oscar-records',
  maxBodyBytes: 100 * 1024 ** 2,
  idleSeconds: 300,
  coldStartSeconds: 5,
  corsOrigins: [],
};

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Asked {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address that it comes from: wrong logins are slowed down by it. @default 127.0.0.1 */
  readonly from?: string;
}

export interface Logged extends LogFields {
  readonly level: string;
  readonly message: string;
}

/** A manager that runs in the test's own process, beside a double of Kubernetes. */
export class RunningManager {
  static async start(
    definitions: readonly ServiceDefinition[],
    settings: Partial<ManagerSettings> = {},
    double?: ApiServerDouble,
  ): Promise<RunningManager> {
    const running = new RunningManager(double ?? (await ApiServerDouble.start()), { ...SETTINGS, ...settings });
    for (const definition of definitions) running.declare(definition);
    await running.begin();
    return running;
  }

  readonly logged: Logged[] = [];
  readonly secrets = mkdtempSync(join(tmpdir(), 'oscar-manager-'));
  private manager?: Manager;
  private port = 0;

  private constructor(
    readonly kubernetes: ApiServerDouble,
    private readonly settings: ManagerSettings,
  ) {
    this.secret('admin/username', 'oscar');
    this.secret('admin/password', 'not-a-secret');
    this.secret('webhook/token', WEBHOOK_TOKEN);
    this.secret('metrics/token', METRICS_TOKEN);
    this.secret('minio/accessKey', 'oscar-test');
    this.secret('minio/secretKey', 'not-a-secret-of-anybody');
  }

  get routes(): readonly Route[] {
    return this.manager!.routes;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  secret(file: string, value: string): void {
    mkdirSync(dirname(join(this.secrets, file)), { recursive: true });
    writeFileSync(join(this.secrets, file), value);
  }

  /** Puts a service's objects into the cluster. */
  declare(definition: ServiceDefinition): void {
    const { name } = definition;
    const { objects } = this.kubernetes;
    objects.put(configMap(definition));
    objects.put(podTemplate(name));
    const metadata = { name: `${name}-token`, namespace: 'oscar-svc' };
    const token = Buffer.from(tokenOf(name)).toString('base64');
    objects.put({ apiVersion: 'v1', kind: 'Secret', metadata, data: { token } });
  }

  /** Starts it, and waits until it is ready. */
  async begin(): Promise<void> {
    const config = new KubeConfig();
    config.loadFromOptions(this.kubernetes.kubeconfig);
    const log = (level: string, message: string, fields: LogFields = {}) => {
      this.logged.push({ level, message, ...fields });
    };
    const manager = await Manager.create({ settings: this.settings, config, log, secretsDir: this.secrets });
    this.manager = manager;
    manager.start();
    await new Promise<void>((resolve) => manager.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (manager.server.address() as AddressInfo).port;
    await eventually(() => manager.missing === undefined);
  }

  /** Ends it at once; what it had under way breaks. */
  async end(): Promise<void> {
    const { manager } = this;
    if (!manager) return;
    this.manager = undefined;
    manager.stop();
    const closed = new Promise((resolve) => manager.server.close(resolve));
    manager.server.closeAllConnections();
    await closed;
  }

  async stop(): Promise<void> {
    await this.end();
    await this.kubernetes.stop();
    rmSync(this.secrets, { recursive: true });
  }

  ask(method: string, path: string, { body, headers = {}, from }: Asked = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request(`${this.url}${path}`, { method, headers, agent: false, localAddress: from }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(parts).toString('utf8'),
          }),
        );
      });
      sent.on('error', reject).end(body);
    });
  }

  /** As MinIO does. */
  sendEvent(event: unknown): Promise<Reply> {
    const body = typeof event === 'string' ? event : JSON.stringify(event);
    return this.ask('POST', '/events', { body, headers: { authorization: `Bearer ${WEBHOOK_TOKEN}` } });
  }

  asAdmin(method: string, path: string, body?: string): Promise<Reply> {
    return this.ask(method, path, { body, headers: { authorization: ADMIN } });
  }

  /** Value of a metric, with its labels as Prometheus writes them. */
  async metric(name: string): Promise<number> {
    const { text } = await this.asAdmin('GET', '/metrics');
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }
}

/** @throws when it doesn't hold within ten seconds */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) if (await holds()) return;
  throw new Error(`it never holds: ${holds.toString()}`);
}
