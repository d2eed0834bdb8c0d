import { Cluster, eventually } from './cluster';
import type { Deployment, Pod } from './objects';
import type { Scenario } from './scenario';
import { EVERY_SERVICE, PLATFORM, SERVICES } from './steps';
import { secretOf } from './store';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export interface Call {
  /** What stands in `Authorization`. @default nothing */
  readonly as?: string;
  readonly contentType?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Selects what the manager calls and sends to sleep: not the service that is exposed. */
export const CALLED = `${EVERY_SERVICE},${EVERY_SERVICE} notin (web)`;

const CALL_MS = 150_000;

/** The manager, by its Service. */
export class Manager {
  static async of(cluster: Cluster): Promise<Manager> {
    const host = await cluster.reachService(PLATFORM, 'oscar-manager', 8080);
    const { username, password } = await secretOf(cluster, PLATFORM, 'oscar-admin');
    return new Manager(cluster, `http://${host}`, basic(username, password));
  }

  private constructor(
    private readonly cluster: Cluster,
    private readonly url: string,
    readonly admin: string,
  ) {}

  async tokenOf(service: string): Promise<string> {
    return bearer((await secretOf(this.cluster, SERVICES, `${service}-token`)).token);
  }

  async webhook(): Promise<string> {
    return bearer((await secretOf(this.cluster, PLATFORM, 'oscar-webhook')).token);
  }

  /** A connection of its own for each, or else all would go to the same manager. */
  async call(method: string, path: string, { as, contentType, body }: Call = {}): Promise<Reply> {
    const response = await fetch(this.url + path, {
      method,
      body,
      headers: {
        connection: 'close',
        ...(as ? { authorization: as } : {}),
        ...(contentType ? { 'content-type': contentType } : {}),
      },
      signal: AbortSignal.timeout(CALL_MS),
    });
    return { status: response.status, text: await response.text() };
  }

  /** As the admin. @throws what was answered, unless it is a 200 */
  async read<T>(path: string): Promise<T> {
    const { status, text } = await this.call('GET', path, { as: this.admin });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }
}

export const bearer = (token: string) => `Bearer ${token}`;
export const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** How long something took, beside the test's name: for whoever wants to know how fast it is. */
export function measured(what: string, since: number): void {
  process.stderr.write(`      ${what}: ${((performance.now() - since) / 1000).toFixed(1)} s\n`);
}

/** How many pods a service is to have. */
export async function replicasOf(cluster: Cluster, service: string): Promise<number> {
  return (await cluster.get<Deployment>('deployment', '-n', SERVICES, service)).spec.replicas ?? 1;
}

/** New services start with a pod. Nobody calls them, so the manager takes it away. */
export function idleServicesGoToSleep(scenario: Scenario, selector: string): void {
  scenario.step(
    'services that nobody calls go to sleep',
    async () => {
      const { cluster } = scenario;
      await eventually('no pod is wanted', 120, async () => {
        const all = await cluster.list<Deployment>('deployments', '-n', SERVICES, '-l', selector);
        expect(all.filter(({ spec }) => spec.replicas !== 0).map(({ metadata }) => metadata.name)).toEqual([]);
      });
      await eventually('no pod is left', 60, async () => {
        const warm = `${selector},app.kubernetes.io/component=service`;
        expect(await cluster.list<Pod>('pods', '-n', SERVICES, '-l', warm)).toEqual([]);
      });
    },
    240,
  );
}

/** Waits until a service sleeps, and its pods are gone. */
export async function sleeps(cluster: Cluster, service: string): Promise<void> {
  await eventually(`${service} sleeps`, 90, async () => (await replicasOf(cluster, service)) === 0);
  await eventually(`${service} has no pods`, 60, async () => (await warmPodsOf(cluster, service)).length === 0);
}

export function warmPodsOf(cluster: Cluster, service: string): Promise<Pod[]> {
  const selector = `${EVERY_SERVICE}=${service},app.kubernetes.io/component=service`;
  return cluster.list<Pod>('pods', '-n', SERVICES, '-l', selector);
}

export function managerPods(cluster: Cluster): Promise<Pod[]> {
  return cluster.list<Pod>('pods', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=manager');
}

/** At once, as when its node loses power: nothing is brought to an end. */
export async function kill(cluster: Cluster, { metadata }: Pod): Promise<void> {
  await cluster.kubectl(
    'delete',
    'pod',
    '-n',
    PLATFORM,
    metadata.name,
    '--grace-period=0',
    '--force',
    '--ignore-not-found',
  );
}
