import { Construct } from 'constructs';
import { IntOrString, KubePodDisruptionBudget, KubeService } from 'cdk8s-plus-27/lib/imports/k8s';
import {
  GeneratedSecret,
  MINIO_PORT,
  platformSecrets,
  recommendedLabels,
  selectorLabels,
  StoreCredentials,
  StorePods,
} from '../contract';
import { generatedSecret } from './generated-secret';
import { Images } from './images';
import { metadata } from './metadata';
import { checkMinioOptions, MinioDeployed, MinioOptions } from './minio-options';
import { EventTarget, MinioPods } from './minio-pods';
import { checkOwnSecret, checkPlace } from './place';
import { STORE_METRICS } from './platform-metrics';
import { Route } from './route';
import { addServiceMonitor, ServiceMonitorOptions } from './service-monitor';
import { StorageProvider } from './storage';

export type MinioProps = MinioOptions & MinioPlace;

export interface MinioPlace {
  /** Name of the platform. @default 'oscar' */
  readonly name?: string;
  readonly namespace: string;
  /** Where a deployed store sends its events. @default nowhere */
  readonly events?: EventTarget;
  /** @default the pinned images */
  readonly images?: Images;
  /**
   * Makes a ServiceMonitor for the Prometheus operator, with a token that the provisioner makes of the root user's
   * keys: after those are changed, delete the Secret `<name>-minio-metrics` and run the provisioner again. @default false
   */
  readonly serviceMonitor?: boolean | ServiceMonitorOptions;
}

/** Tells the pods' own Service from the clients'. */
const PEERS_LABEL = 'oscar-cdk8s/peers';

/** The platform's store: MinIO in one pod or in many, or one that is somewhere already. */
export class Minio extends Construct {
  /** `minio.default` for services. */
  readonly store: StorageProvider<'minio'>;
  /** Secret with every right on the store. */
  readonly credentials: StoreCredentials;
  /** Secrets that it needs and nobody named: for the provisioner to make. */
  readonly secrets: readonly GeneratedSecret[];
  /** Pods that have to be replaced together; of a store that is in one pod, or elsewhere, none. */
  readonly storePods?: StorePods;
  /** TCP port of a store that is elsewhere. */
  readonly externalPort?: number;
  private readonly platform: string;
  private readonly namespace: string;
  private readonly labels: Record<string, string>;

  /** @throws DeclarationError on values that MinIO or Kubernetes would refuse. */
  constructor(scope: Construct, id: string, props: MinioProps) {
    super(scope, id);
    this.platform = props.name ?? 'oscar';
    this.namespace = props.namespace;
    checkPlace({ name: this.platform, namespace: this.namespace });
    checkMinioOptions(props);
    this.checkSecret(props);
    this.labels = recommendedLabels('minio', this.platform);
    const region = props.region ?? 'us-east-1';
    if (props.kind === 'external') {
      const { origin } = new URL(props.endpoint);
      this.store = StorageProvider.platformStore({ endpoint: origin, region, verify: props.verify ?? true });
      this.credentials = {
        secretName: props.secretName,
        keys: { accessKey: 'accessKey', secretKey: 'secretKey' },
      };
      this.secrets = [];
      this.externalPort = this.store.address.port;
      return;
    }
    const endpoint = `http://${this.name}.${this.namespace}.svc:${MINIO_PORT}`;
    this.store = StorageProvider.platformStore({ endpoint, region, verify: true });
    const generated = platformSecrets(this.platform).minio;
    this.credentials = {
      secretName: props.rootSecretName ?? generated,
      keys: { accessKey: 'rootUser', secretKey: 'rootPassword' },
    };
    this.secrets = [
      ...(props.rootSecretName === undefined ? [this.rootSecret(generated)] : []),
      ...(props.serviceMonitor ? [this.metricsSecret()] : []),
    ];
    this.storePods = this.deploy(props, region);
  }

  private checkSecret(props: MinioProps): void {
    const { minio, minioMetrics } = platformSecrets(this.platform);
    // A store that was moved out may keep the Secret that was made for it.
    if (props.kind === 'external') {
      checkOwnSecret({ field: ['minio', 'secretName'] }, this.platform, props.secretName, [minio, minioMetrics]);
    } else checkOwnSecret({ field: ['minio', 'rootSecretName'] }, this.platform, props.rootSecretName, [minio]);
  }

  /** `<platform>-minio`, which names the objects of a store that is deployed. */
  get name(): string {
    return `${this.platform}-minio`;
  }

  private get selector(): Record<string, string> {
    return selectorLabels('minio', this.platform);
  }

  private metadata(name = this.name, more: Record<string, string> = {}) {
    return metadata({ name, namespace: this.namespace, labels: { ...this.labels, ...more } });
  }

  private rootSecret(name: string): GeneratedSecret {
    const data = { rootUser: { text: `${this.platform}-root` }, rootPassword: { hex: 40 } };
    return generatedSecret(this.namespace, name, this.labels, data);
  }

  private metricsSecret(): GeneratedSecret {
    const { secretName, keys } = this.credentials;
    const token = { metricsToken: { secretName, userKey: keys.accessKey, passwordKey: keys.secretKey } };
    return generatedSecret(this.namespace, platformSecrets(this.platform).minioMetrics, this.labels, { token });
  }

  private deploy(props: MinioDeployed & MinioPlace, region: string): StorePods | undefined {
    const pods = props.kind === 'distributed' ? (props.pods ?? 4) : 1;
    const peers = `${this.name}-peers`;
    const { storePods } = new MinioPods(this, 'pods', {
      ...props,
      name: this.name,
      pods,
      peers,
      region,
      labels: this.labels,
      selector: this.selector,
      images: props.images ?? new Images(),
      credentials: this.credentials,
    });
    this.services(peers);
    if (pods > 1) this.disruptionBudget();
    if (props.route) this.route(props.route);
    this.serviceMonitor(props.serviceMonitor);
    return storePods;
  }

  /** One for clients, and one that gives each pod a name: pods find their peers there before they are ready. */
  private services(peers: string): void {
    const ports = [{ name: 'http', port: MINIO_PORT, targetPort: IntOrString.fromString('http') }];
    new KubeService(this, 'service', {
      metadata: this.metadata(),
      spec: { type: 'ClusterIP', selector: this.selector, ports },
    });
    new KubeService(this, 'peers', {
      metadata: this.metadata(peers, { [PEERS_LABEL]: 'true' }),
      spec: { type: 'ClusterIP', clusterIp: 'None', publishNotReadyAddresses: true, selector: this.selector, ports },
    });
  }

  /** One pod at a time. A single pod has none: it would hold up every drain of its node for ever. */
  private disruptionBudget(): void {
    new KubePodDisruptionBudget(this, 'disruption-budget', {
      metadata: this.metadata(),
      spec: { maxUnavailable: IntOrString.fromNumber(1), selector: { matchLabels: this.selector } },
    });
  }

  private route(route: NonNullable<MinioDeployed['route']>): void {
    new Route(this, 'route', {
      name: this.name,
      namespace: this.namespace,
      labels: this.labels,
      route,
      to: { service: this.name, port: MINIO_PORT },
      streaming: true,
      subject: { field: ['minio', 'route'] },
    });
  }

  private serviceMonitor(options: MinioPlace['serviceMonitor']): void {
    const credentials = { name: platformSecrets(this.platform).minioMetrics, key: 'token' };
    const relabelings = [{ sourceLabels: ['__metrics_path__'], targetLabel: 'metrics_path' }];
    const endpoint = { port: 'http', authorization: { credentials }, relabelings };
    addServiceMonitor(this, {
      name: this.name,
      namespace: this.namespace,
      labels: this.labels,
      options,
      spec: {
        // Not the peers' Service as well, or each pod would be counted twice.
        selector: { matchLabels: this.selector, matchExpressions: [{ key: PEERS_LABEL, operator: 'DoesNotExist' }] },
        endpoints: Object.values(STORE_METRICS).map((path) => ({ ...endpoint, path })),
      },
    });
  }
}
