import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import {
  Container,
  IntOrString,
  KubeConfigMap,
  KubeDeployment,
  KubePodDisruptionBudget,
  KubeService,
} from 'cdk8s-plus-27/lib/imports/k8s';
import {
  bodiesBucket,
  CONFIG_HASH_ANNOTATION,
  contentHash,
  ENVIRONMENT_LABEL,
  EVENTS_PATH,
  GeneratedSecret,
  HEALTH_PATH,
  LIVENESS_PATH,
  MANAGER_PORT,
  managerName,
  ManagerSettings,
  platformSecrets,
  PROGRAM_DIR,
  recommendedLabels,
  recordsBucket,
  selectorLabels,
  SETTINGS_DIR,
  SETTINGS_KEY,
  StoreCredentials,
  VERSION_LABEL,
} from '../contract';
import { generatedSecret } from './generated-secret';
import { Images } from './images';
import { checkManagerOptions, ManagerOptions } from './manager-options';
import { ManagerRights } from './manager-rights';
import { metadata, podLabels } from './metadata';
import { checkOwnSecret, checkPlace } from './place';
import { programCommand, programConfigMap, Programs } from './programs';
import { resources } from './resources';
import { Route, RouteProps } from './route';
import { Mounted, mounts, secretFiles, storeFiles } from './secret-files';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './security';
import { addServiceMonitor, ServiceMonitorOptions } from './service-monitor';
import { spreadOverHosts } from './spread';
import type { StorageProvider } from './storage';

export interface ManagerProps extends ManagerOptions {
  /** Name of the platform. @default 'oscar' */
  readonly name?: string;
  readonly namespace: string;
  /** Where the services are: the manager makes Jobs there. */
  readonly servicesNamespace: string;
  readonly store: StorageProvider<'minio'>;
  readonly storeCredentials: StoreCredentials;
  /** Services whose token the manager may read; asked at synthesis. @default none */
  readonly serviceNames?: () => readonly string[];
  /** @default the pinned images */
  readonly images?: Images;
  /** @default the bundles of this package */
  readonly programs?: Programs;
  /** Makes a ServiceMonitor for the Prometheus operator. @default false */
  readonly serviceMonitor?: boolean | ServiceMonitorOptions;
}

const RESOURCES = {
  cpu: '100m',
  cpuLimit: '1',
  memory: '128Mi',
  memoryLimit: '512Mi',
  ephemeralStorage: '128Mi',
};

/** A pod that is told to end is still sent requests for a moment: endpoints spread through the cluster slowly. */
const ENDPOINT_SECONDS = 10;
/** Then it finishes what it has: a synchronous call takes up to 300 s by default. */
const GRACE_SECONDS = ENDPOINT_SECONDS + 300 + 20;

/** The one door of the platform: its HTTP API, and the receiver of bucket events. Makes a Job for each file. */
export class Manager extends Construct {
  /** Where events are sent, inside the cluster. */
  static eventsEndpoint(name: string, namespace: string): string {
    return `${Manager.endpoint(name, namespace)}${EVENTS_PATH}`;
  }

  /** Where it is reached, inside the cluster only. */
  static endpoint(name: string, namespace: string): string {
    return `http://${managerName(name)}.${namespace}.svc:${MANAGER_PORT}`;
  }

  /** `<platform>-manager`, which names the manager's objects. */
  readonly name: string;
  /** Secrets that it needs and nobody named: for the provisioner to make. */
  readonly secrets: readonly GeneratedSecret[];
  private readonly platform: string;
  private readonly labels: Record<string, string>;

  /** @throws DeclarationError on values that Kubernetes or the manager would refuse. */
  constructor(
    scope: Construct,
    id: string,
    private readonly props: ManagerProps,
  ) {
    super(scope, id);
    this.platform = props.name ?? 'oscar';
    checkPlace({ ...props, name: this.platform });
    checkManagerOptions(props);
    const { admin } = platformSecrets(this.platform);
    checkOwnSecret({ field: ['manager', 'adminSecretName'] }, this.platform, props.adminSecretName, [admin]);
    this.name = managerName(this.platform);
    this.labels = recommendedLabels('manager', this.platform);
    this.secrets = this.generated();

    const rights = new ManagerRights(this, 'rights', {
      name: this.name,
      namespace: props.namespace,
      servicesNamespace: props.servicesNamespace,
      labels: this.labels,
      serviceNames: props.serviceNames ?? (() => []),
    });
    this.deployment(rights.serviceAccountName);
    this.service();
    if (this.replicas > 1) this.disruptionBudget();
    if (props.route) this.route(props.route);
    this.serviceMonitor(props.serviceMonitor);
  }

  private get replicas(): number {
    return this.props.replicas ?? 2;
  }

  private get maxBodyBytes(): number {
    return this.props.maxBodyBytes ?? 100 * 1024 ** 2;
  }

  private metadata(name = this.name) {
    return metadata({ name, namespace: this.props.namespace, labels: this.labels });
  }

  private generated(): GeneratedSecret[] {
    const { namespace, adminSecretName } = this.props;
    const names = platformSecrets(this.platform);
    const token = (name: string) => generatedSecret(namespace, name, this.labels, { token: { hex: 64 } });
    const tokens = [token(names.webhook), token(names.managerMetrics)];
    if (adminSecretName !== undefined) return tokens;
    const login = { username: { text: 'oscar' }, password: { hex: 40 } };
    return [generatedSecret(namespace, names.admin, this.labels, login), ...tokens];
  }

  private settings(): ManagerSettings {
    const { namespace, servicesNamespace, store, idleSeconds, coldStartSeconds, corsOrigins } = this.props;
    const labels = Chart.of(this).labels;
    const environment = { name: labels[ENVIRONMENT_LABEL], version: labels[VERSION_LABEL] };
    return {
      name: this.platform,
      namespace,
      servicesNamespace,
      ...(environment.name && environment.version ? { environment } : {}),
      minio: store.settings,
      bodiesBucket: bodiesBucket(this.platform),
      recordsBucket: recordsBucket(this.platform),
      maxBodyBytes: this.maxBodyBytes,
      idleSeconds: idleSeconds ?? 300,
      coldStartSeconds: coldStartSeconds ?? 120,
      corsOrigins: corsOrigins ?? [],
    };
  }

  private deployment(serviceAccountName: string): void {
    const { namespace, images = new Images(), programs = new Programs() } = this.props;
    const settings = this.settings();
    new KubeConfigMap(this, 'settings', {
      metadata: this.metadata(),
      data: { [SETTINGS_KEY]: `${JSON.stringify(settings, null, 2)}\n` },
    });
    // The environment is only shown to clients, and changes with each version: no reason to restart.
    const restartsOn = JSON.stringify({ ...settings, environment: undefined });
    const bundle = programConfigMap(this, programs.of('manager'), {
      namespace,
      platform: this.platform,
      labels: this.labels,
    });
    const selector = selectorLabels('manager', this.platform);
    const volumes = this.volumes(bundle);
    new KubeDeployment(this, 'deployment', {
      metadata: this.metadata(),
      spec: {
        replicas: this.replicas,
        selector: { matchLabels: selector },
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxUnavailable: IntOrString.fromNumber(0), maxSurge: IntOrString.fromNumber(1) },
        },
        template: {
          metadata: {
            labels: podLabels(this, this.labels),
            annotations: { [CONFIG_HASH_ANNOTATION]: contentHash([restartsOn]) },
          },
          spec: {
            serviceAccountName,
            automountServiceAccountToken: true,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: GRACE_SECONDS,
            securityContext: RESTRICTED_POD,
            ...spreadOverHosts(selector),
            containers: [this.container(images, volumes)],
            volumes: volumes.map(({ volume }) => volume),
          },
        },
      },
    });
  }

  private container(images: Images, volumes: readonly Mounted[]): Container {
    const get = (path: string) => ({ path, port: IntOrString.fromString('http') });
    return {
      name: 'manager',
      image: images.of('node'),
      imagePullPolicy: 'Always',
      command: programCommand('manager'),
      ports: [{ name: 'http', containerPort: MANAGER_PORT }],
      startupProbe: { httpGet: get(HEALTH_PATH), periodSeconds: 1, failureThreshold: 60 },
      readinessProbe: { httpGet: get(HEALTH_PATH), periodSeconds: 5, timeoutSeconds: 3 },
      livenessProbe: { httpGet: get(LIVENESS_PATH), periodSeconds: 10, timeoutSeconds: 5 },
      // By Node, as an image of the user's own needs to have nothing else.
      lifecycle: { preStop: { exec: { command: ['node', '-e', `setTimeout(() => {}, ${ENDPOINT_SECONDS * 1000})`] } } },
      resources: resources(['manager', 'resources'], this.props.resources ?? {}, RESOURCES),
      securityContext: RESTRICTED_CONTAINER,
      volumeMounts: mounts(volumes),
    };
  }

  private volumes(bundle: string): Mounted[] {
    const { adminSecretName, storeCredentials } = this.props;
    const names = platformSecrets(this.platform);
    return [
      { volume: { name: 'program', configMap: { name: bundle } }, mountPath: PROGRAM_DIR },
      { volume: { name: 'settings', configMap: { name: this.name } }, mountPath: SETTINGS_DIR },
      secretFiles('admin', adminSecretName ?? names.admin, { username: 'username', password: 'password' }),
      secretFiles('webhook', names.webhook, { token: 'token' }),
      secretFiles('metrics', names.managerMetrics, { token: 'token' }),
      storeFiles(storeCredentials),
    ];
  }

  private service(): void {
    new KubeService(this, 'service', {
      metadata: this.metadata(),
      spec: {
        type: 'ClusterIP',
        selector: selectorLabels('manager', this.platform),
        ports: [{ name: 'http', port: MANAGER_PORT, targetPort: IntOrString.fromString('http') }],
      },
    });
  }

  private disruptionBudget(): void {
    new KubePodDisruptionBudget(this, 'disruption-budget', {
      metadata: this.metadata(),
      spec: {
        minAvailable: IntOrString.fromNumber(1),
        selector: { matchLabels: selectorLabels('manager', this.platform) },
        // Pods that never got ready protect nothing, and must not hold up a node's drain.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    });
  }

  private route(route: RouteProps): void {
    new Route(this, 'route', {
      name: this.name,
      namespace: this.props.namespace,
      labels: this.labels,
      route,
      to: { service: this.name, port: MANAGER_PORT },
      maxBodyBytes: this.maxBodyBytes,
      subject: { field: ['manager', 'route'] },
    });
  }

  private serviceMonitor(options: ManagerProps['serviceMonitor']): void {
    const credentials = { name: platformSecrets(this.platform).managerMetrics, key: 'token' };
    addServiceMonitor(this, {
      name: this.name,
      namespace: this.props.namespace,
      labels: this.labels,
      options,
      spec: {
        selector: { matchLabels: selectorLabels('manager', this.platform) },
        endpoints: [{ port: 'http', path: '/metrics', authorization: { credentials } }],
      },
    });
  }
}
