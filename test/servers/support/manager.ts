import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEALTH_PATH, ManagerSettings, ServiceDefinition } from '../../../src/contract';
import { bundled } from '../../programs/bundled';
import { ApiServerDouble } from '../../programs/manager/double';
import type { ApiObject } from '../../programs/manager/double/objects';
import { ADMIN, METRICS_TOKEN, SETTINGS, tokenOf, WEBHOOK_TOKEN } from '../../programs/manager/running';
import { configMap, podTemplate } from '../../programs/manager/services';
import { Answer, exchange, Keys } from './bucket-store';
import type { ManagerArgument } from './manager-program';
import { freePort, ServerProcess, serverFolder } from './process';

const PROGRAM = bundled(join(__dirname, 'manager-program.ts'));
const PATIENCE_MS = 60_000;

/** The manager as a process of its own, beside a double of Kubernetes that lives on when it is killed. */
export class ManagerProcess {
  /** Not started yet: its store has to be told where it is, and its settings tell where the store is. */
  static async create(): Promise<ManagerProcess> {
    return new ManagerProcess(await ApiServerDouble.start(), await freePort());
  }

  private readonly folder = serverFolder('manager');
  private server?: ServerProcess;

  private constructor(
    readonly kubernetes: ApiServerDouble,
    readonly port: number,
  ) {
    writeFileSync(join(this.folder, 'manager.cjs'), PROGRAM);
    this.secret('admin/username', 'oscar');
    this.secret('admin/password', 'not-a-secret');
    this.secret('webhook/token', WEBHOOK_TOKEN);
    this.secret('metrics/token', METRICS_TOKEN);
  }

  /** As the webhook of a store. */
  get target() {
    return { port: this.port, token: WEBHOOK_TOKEN };
  }

  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  secret(file: string, value: string): void {
    const path = join(this.folder, 'secrets', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, value);
  }

  /** Puts a service's objects into the cluster. */
  declare(definition: ServiceDefinition): void {
    const { objects } = this.kubernetes;
    const { name } = definition;
    objects.put(configMap(definition));
    objects.put(podTemplate(name));
    const token = Buffer.from(tokenOf(name)).toString('base64');
    objects.put({
      ...{ apiVersion: 'v1', kind: 'Secret' },
      ...{ metadata: { name: `${name}-token`, namespace: SETTINGS.servicesNamespace }, data: { token } },
    });
  }

  /** Starts it for a store, and waits until it is ready. */
  async start(store: { readonly port: number; readonly root: Keys }, more: Partial<ManagerSettings> = {}) {
    this.secret('minio/accessKey', store.root.accessKey);
    this.secret('minio/secretKey', store.root.secretKey);
    const minio = { ...SETTINGS.minio, endpoint: `http://127.0.0.1:${store.port}` };
    const argument: ManagerArgument = {
      settings: { ...SETTINGS, minio, ...more },
      secretsDir: join(this.folder, 'secrets'),
      kubeconfig: this.kubernetes.kubeconfig,
      port: this.port,
    };
    const command = [process.execPath, join(this.folder, 'manager.cjs'), JSON.stringify(argument)];
    this.server = new ServerProcess(this.folder, this.port, command);
    await this.up();
    await until('the manager is ready', async () => (await this.ask('GET', HEALTH_PATH)).status === 200);
  }

  /** Until it listens; again, after `kill`. */
  async up(): Promise<void> {
    await this.server!.start();
  }

  kill(): Promise<void> {
    return this.server!.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.server?.stop();
    await this.kubernetes.stop();
  }

  ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: Buffer): Promise<Answer> {
    return exchange(method, this.port, path, headers, body);
  }

  async asAdmin(path: string): Promise<string> {
    const { status, body } = await this.ask('GET', path, { authorization: ADMIN });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.toString()}`);
    return body.toString();
  }

  get jobs(): StampedJob[] {
    return this.kubernetes.objects.list('Job').map(stampedJob);
  }
}

/** What a Job says, as its container finds it. */
export interface StampedJob {
  readonly name: string;
  readonly service: string;
  readonly variables: Readonly<Record<string, string>>;
}

function stampedJob({ metadata, spec }: ApiObject): StampedJob {
  const { containers } = (spec as { template: { spec: { containers: { env: Variable[] }[] } } }).template.spec;
  const given = containers[0].env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]));
  return {
    name: metadata.name,
    service: metadata.labels!.oscar_service,
    // As the kubelet reads `$$`; it would put other values in the place of `$(NAME)`.
    variables: Object.fromEntries(given.map(([name, value]) => [name, expanded(value)])),
  };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

const expanded = (value: string) =>
  value.replace(/\$(\$|\([^)]*\))/g, (_, what: string) => (what === '$' ? '$' : '(replaced by Kubernetes)'));

/** @throws when it doesn't hold in time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(50)) if (await holds()) return;
  throw new Error(`this never comes: ${what}`);
}
