import type { ManagerSettings, ServiceDefinition } from '../../../../src/contract';
import { Attempts } from '../../../../src/programs/manager/auth/attempts';
import { authenticator } from '../../../../src/programs/manager/auth/authenticator';
import { ServiceTokens } from '../../../../src/programs/manager/auth/service-tokens';
import { KubernetesApi } from '../../../../src/programs/manager/kubernetes/api';
import { pageRoute } from '../../../../src/programs/manager/page/route';
import { Jobs } from '../../../../src/programs/manager/state/jobs';
import { WarmPods } from '../../../../src/programs/manager/state/warm-pods';
import { systemRoutes } from '../../../../src/programs/manager/system/routes';
import { ApiServerDouble } from '../double';
import { basic, Sent, Serving } from '../http/serving';
import { definition, known } from '../services';

export const ADMIN = basic('oscar', 'password');
export const SECRETS: Record<string, string> = {
  'admin/username': 'oscar',
  'admin/password': 'password',
  'webhook/token': 'webhook-token',
  'metrics/token': 'metrics-token',
  'minio/accessKey': 'minio-user',
  'minio/secretKey': 'minio-password',
};
export const SETTINGS: ManagerSettings = {
  name: 'oscar',
  namespace: 'oscar',
  servicesNamespace: 'oscar-svc',
  environment: { name: 'prod', version: '1.2.3' },
  // Nobody listens there.
  minio: { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', verify: true },
  bodiesBucket: 'oscar-bodies',
  recordsBucket: 'oscar-records',
  maxBodyBytes: 1000,
  idleSeconds: 1,
  coldStartSeconds: 1,
  corsOrigins: [],
};

class NoDelay extends Attempts {
  override isTooMany = () => false;
  override failed = async () => {};
}

/** `/system` and the page in front of a cluster with the services `cow` and `sheep`. */
export class SystemUnderTest {
  readonly jobs = new Jobs();
  readonly warmPods = new WarmPods();
  readonly services;
  readonly routes;
  readonly authenticate;
  readonly serving: Serving;

  static async start(
    definitions: readonly ServiceDefinition[] = [definition('cow'), definition('sheep')],
    settings: Partial<ManagerSettings> = {},
  ): Promise<SystemUnderTest> {
    const double = await ApiServerDouble.start();
    const config = {
      getCurrentCluster: () => ({ server: double.url }),
      applyToHTTPSOptions: async (options: { headers?: object }) => {
        if (options.headers) Object.assign(options.headers, { authorization: `Bearer ${double.token}` });
      },
    };
    const api = await KubernetesApi.of(config as never);
    const it = new SystemUnderTest(double, api, definitions, { ...SETTINGS, ...settings });
    for (const { name } of definitions) it.putToken(name, `${name}-token`);
    await it.serving.start();
    return it;
  }

  private constructor(
    readonly double: ApiServerDouble,
    readonly api: KubernetesApi,
    definitions: readonly ServiceDefinition[],
    settings: ManagerSettings,
  ) {
    this.services = known(...definitions);
    const { services, jobs, warmPods } = this;
    jobs.onListed();
    const secrets = { get: (file: string) => SECRETS[file] };
    const exists = (service: string) => services.all.has(service);
    const tokens = new ServiceTokens({ api, namespace: settings.servicesNamespace, exists, log: () => {} });
    const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' };
    const system = { settings, services, jobs, warmPods, api, secrets, tokens, metrics };
    this.routes = [...systemRoutes(system), pageRoute(system)];
    this.authenticate = authenticator({
      secrets,
      tokens,
      metrics: { refusedLogin: () => {} },
      log: () => {},
      attempts: new NoDelay(),
    });
    this.serving = new Serving(this.routes, { authenticate: this.authenticate });
  }

  async stop(): Promise<void> {
    Serving.stopAll();
    this.api.close();
    await this.double.stop();
  }

  /** As the admin, unless told otherwise. */
  call(path: string, sent: Sent = {}) {
    return this.serving.call(path, { ...sent, headers: { authorization: ADMIN, ...sent.headers } });
  }

  open(path: string) {
    return this.serving.open(path, { headers: { authorization: ADMIN } });
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async json(path: string, sent?: Sent): Promise<any> {
    const { status, text } = await this.call(path, sent);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return JSON.parse(text);
  }

  /** What Kubernetes was asked, without tokens being read. */
  get asked(): string[] {
    return this.double.requests
      .map(({ method, url }) => `${method} ${url}`)
      .filter((call) => !call.includes('/secrets/'));
  }

  putToken(service: string, token: string): void {
    const data = { token: Buffer.from(token).toString('base64') };
    const metadata = { name: `${service}-token`, namespace: 'oscar-svc' };
    this.double.objects.put({ apiVersion: 'v1', kind: 'Secret', metadata, data });
  }

  putJob(service: string, name: string, status: object = {}): void {
    const labels = { oscar_service: service };
    const template = { metadata: { labels }, spec: { restartPolicy: 'Never', containers: [CONTAINER] } };
    const metadata = { name, namespace: 'oscar-svc', labels };
    this.double.objects.put({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template }, status });
  }

  /** A Job's pod, or a warm one. */
  putPod(service: string, name: string, { job, created, ...status }: PodFields = {}): void {
    const labels: Record<string, string> = job
      ? { oscar_service: service, 'batch.kubernetes.io/job-name': job }
      : { oscar_service: service, 'app.kubernetes.io/component': 'service' };
    this.double.objects.put({
      ...{ apiVersion: 'v1', kind: 'Pod', status },
      metadata: { name, namespace: 'oscar-svc', labels, ...(created ? { creationTimestamp: created } : {}) },
      spec: { nodeName: 'node-1', activeDeadlineSeconds: 30, containers: [CONTAINER, { name: 'beside', image: 'x' }] },
    });
  }
}

const CONTAINER = { name: 'oscar-container', image: 'x', resources: { limits: { memory: '64Mi' } } };

interface PodFields {
  readonly job?: string;
  readonly created?: string;
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly object[];
  readonly containerStatuses?: readonly object[];
}
