import { Construct } from 'constructs';
import { platformSecrets } from '../contract';
import { Alerts, AlertsOptions } from './alerts';
import { checkBucketName, checkInteger, checkQuantity, checkSubdomain } from './checks';
import { Dashboard, DashboardOptions } from './dashboard';
import { refuseDuplicates } from './duplicates';
import { DeclarationError } from './errors';
import { checkImages, Images, ImagesProps } from './images';
import { KubernetesVersion } from './kubernetes-version';
import { Manager } from './manager';
import type { ManagerOptions } from './manager-options';
import { Minio } from './minio';
import type { MinioOptions } from './minio-options';
import { Namespaces } from './namespaces';
import { NetworkPolicies } from './network-policies';
import { checkPlace } from './place';
import type { MonitoredParts } from './platform-metrics';
import type { IPlatform } from './platform-reference';
import { Programs } from './programs';
import { Provisioner } from './provisioner';
import { checkRoute, hasCertificate, RouteProps } from './route';
import type { ServiceMonitorOptions } from './service-monitor';
import { BucketProps, ServiceRegistry } from './service-registry';
import type { StorageProvider } from './storage';
import type { SupervisorMount } from './supervisor-mount';
import { SupervisorVolume } from './supervisor-volume';
import { Sweep, SweepOptions } from './sweep';

/** What may be chosen of a platform. Errors name fields of these props. */
export interface PlatformProps {
  /** Names the platform's objects: RFC 1035 label of at most 34 characters. @default 'oscar' */
  readonly name?: string;
  /** @default the platform's name */
  readonly namespace?: string;
  /** @default `<namespace>-svc` */
  readonly servicesNamespace?: string;
  /** Whether the two Namespaces are made here. @default true */
  readonly createNamespaces?: boolean;
  /** @default KubernetesVersion.DEFAULT (1.27) */
  readonly kubernetesVersion?: KubernetesVersion;
  /** @default the pinned images, from their own registries */
  readonly images?: ImagesProps;
  /** @default the bundles of this package */
  readonly programs?: Programs;
  /** @default two pods, reached inside the cluster only */
  readonly manager?: ManagerOptions;
  /** @default MinIO in one pod */
  readonly minio?: MinioOptions;
  /** @default { kind: 'nodeLocal' } */
  readonly supervisor?: SupervisorOptions;
  /** How often lost events are looked for. @default every 5 minutes */
  readonly sweep?: SweepOptions;
  /** Buckets of the platform's own store, by name. @default none */
  readonly buckets?: Readonly<Record<string, BucketProps>>;
  /** Default-deny policies in both namespaces that open what is needed. @default true */
  readonly networkPolicies?: boolean;
  /** How exposed services are reached from outside. @default they can't be exposed */
  readonly servicesRoute?: RouteProps;
  /** CSI driver for services' bucket mounts. @default none */
  readonly bucketMountDriver?: string;
  /** ServiceMonitors for the Prometheus operator. @default false */
  readonly serviceMonitors?: boolean | ServiceMonitorOptions;
  /** A PrometheusRule for the Prometheus operator; needs `serviceMonitors`. @default false */
  readonly alerts?: boolean | AlertsOptions;
  /** A dashboard for Grafana; needs `serviceMonitors`. @default false */
  readonly dashboard?: boolean | DashboardOptions;
}

/** How the supervisor comes into the services' pods. */
export type SupervisorOptions =
  | { readonly kind: 'nodeLocal'; /** @default '/var/lib/oscar-cdk8s' */ readonly hostPath?: string }
  | {
      readonly kind: 'shared';
      /** @default the cluster's default class */
      readonly storageClassName?: string;
      /** @default '1Gi' */
      readonly size?: string;
    }
  | { readonly kind: 'perPod' }
  | { readonly kind: 'image'; readonly image: string };

/**
 * The whole platform: namespaces, store, supervisor volume, manager, provisioner, sweep, network policies, alerts and
 * dashboard, each a child construct of that id. Services are added beside it, in its own chart or in others, before its chart is synthesized.
 * Of charts in one App, those with services come after the platform's in the files' names, and so in an apply, when
 * they say so: `services.addDependency(platformChart)`. Two objects of one chart with the same name are refused when it
 * is synthesized.
 */
export class Platform extends Construct implements IPlatform {
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  readonly kubernetesVersion: KubernetesVersion;
  readonly images: Images;
  readonly supervisor: SupervisorMount;
  readonly store: StorageProvider<'minio'>;
  readonly externalStore: boolean;
  readonly networkPolicies: boolean;
  readonly route?: RouteProps;
  readonly bucketMountDriver?: string;
  readonly services: ServiceRegistry;

  /** @throws DeclarationError on what Kubernetes, S3 or the platform's parts would refuse. */
  constructor(scope: Construct, id: string, props: PlatformProps = {}) {
    super(scope, id);
    refuseDuplicates(this);
    this.name = props.name ?? 'oscar';
    this.namespace = props.namespace ?? this.name;
    this.servicesNamespace = props.servicesNamespace ?? `${this.namespace}-svc`;
    checkPlace(this.place);
    checkProps(props);
    this.kubernetesVersion = props.kubernetesVersion ?? KubernetesVersion.DEFAULT;
    this.images = new Images(props.images);
    this.networkPolicies = props.networkPolicies ?? true;
    this.route = props.servicesRoute;
    this.bucketMountDriver = props.bucketMountDriver;
    this.services = new ServiceRegistry({ servicesNamespace: this.servicesNamespace, platform: this.name });
    for (const [bucket, options] of Object.entries(props.buckets ?? {})) this.services.declareBucket(bucket, options);

    const { place } = this;
    if (props.createNamespaces ?? true) new Namespaces(this, 'namespaces', place);
    const programs = props.programs ?? new Programs();
    const minio = this.addMinio(props);
    this.store = minio.store;
    this.externalStore = minio.externalPort !== undefined;
    const supervisor = this.addSupervisor(programs, props.supervisor);
    this.supervisor = supervisor.mount;
    const parts = this.addPrograms(props, programs, minio);
    if (this.networkPolicies) {
      const certificatesIn = this.certificatesIn(props);
      new NetworkPolicies(this, 'network-policies', {
        ...place,
        externalStorePort: minio.externalPort,
        certificatesIn,
      });
    }
    this.addMonitoring(props, { ...parts, supervisorInstaller: supervisor.daemonSetName });
  }

  private get place() {
    return { name: this.name, namespace: this.namespace, servicesNamespace: this.servicesNamespace };
  }

  private certificatesIn({ manager, minio, servicesRoute }: PlatformProps): string[] {
    const own = [manager?.route, minio?.kind === 'external' ? undefined : minio?.route];
    return [
      ...(own.some(hasCertificate) ? [this.namespace] : []),
      ...(hasCertificate(servicesRoute) ? [this.servicesNamespace] : []),
    ];
  }

  private addMinio({ minio, serviceMonitors }: PlatformProps): Minio {
    return new Minio(this, 'minio', {
      ...minio,
      name: this.name,
      namespace: this.namespace,
      events: {
        endpoint: Manager.eventsEndpoint(this.name, this.namespace),
        secretName: platformSecrets(this.name).webhook,
      },
      images: this.images,
      serviceMonitor: serviceMonitors,
    });
  }

  private addSupervisor(programs: Programs, options?: SupervisorOptions): SupervisorVolume {
    return SupervisorVolume.of(this, 'supervisor', {
      name: this.name,
      namespace: this.servicesNamespace,
      kubernetesVersion: this.kubernetesVersion,
      images: this.images,
      programs,
      options,
      longestJobSeconds: () => this.services.longestJobSeconds,
    });
  }

  private addPrograms(
    { manager: options, sweep, serviceMonitors }: PlatformProps,
    programs: Programs,
    minio: Minio,
  ): MonitoredParts {
    const common = {
      ...this.place,
      store: minio.store,
      storeCredentials: minio.credentials,
      images: this.images,
      programs,
    };
    const manager = new Manager(this, 'manager', {
      ...options,
      ...common,
      serviceNames: () => this.services.serviceNames,
      serviceMonitor: serviceMonitors,
    });
    const provisioner = new Provisioner(this, 'provisioner', {
      ...common,
      externalStore: this.externalStore,
      storePods: minio.storePods,
      services: this.services,
      secrets: [...minio.secrets, ...manager.secrets],
    });
    const sweeper = new Sweep(this, 'sweep', { ...sweep, ...common, provisioner });
    return {
      namespace: this.namespace,
      servicesNamespace: this.servicesNamespace,
      manager: manager.name,
      ...(this.externalStore ? {} : { store: minio.name }),
      provisioner: provisioner.name,
      sweep: sweeper.name,
    };
  }

  private addMonitoring({ alerts, dashboard }: PlatformProps, parts: MonitoredParts): void {
    const common = { name: this.name, parts };
    if (alerts) new Alerts(this, 'alerts', { ...optionsOf(alerts), ...common });
    if (dashboard) {
      new Dashboard(this, 'dashboard', { ...optionsOf(dashboard), ...common, hasAlerts: Boolean(alerts) });
    }
  }
}

const optionsOf = <Options extends object>(given: true | Options) => (given === true ? undefined : given);

function checkProps(props: PlatformProps): void {
  const { images, buckets = {}, servicesRoute, bucketMountDriver } = props;
  if (images) checkImages({ field: ['images'] }, images);
  for (const [name, { expireDays, quota }] of Object.entries(buckets)) {
    checkBucketName({ field: ['buckets', name] }, name);
    if (expireDays !== undefined)
      checkInteger({ field: ['buckets', name, 'expireDays'] }, expireDays, 1, 36_500, 'days');
    if (quota !== undefined) checkQuantity({ field: ['buckets', name, 'quota'] }, quota, 'bytes');
  }
  if (servicesRoute) checkRoute({ field: ['servicesRoute'] }, servicesRoute);
  if (bucketMountDriver !== undefined) checkSubdomain({ field: ['bucketMountDriver'] }, bucketMountDriver);
  for (const field of ['alerts', 'dashboard'] as const) checkMetrics(field, props);
}

function checkMetrics(field: 'alerts' | 'dashboard', { serviceMonitors, ...props }: PlatformProps): void {
  if (!props[field] || serviceMonitors) return;
  throw new DeclarationError({
    problem: 'made of metrics that nobody collects without ServiceMonitors',
    field: [field],
    value: props[field],
    allowed: 'only together with `serviceMonitors`',
    fix: `set \`serviceMonitors: true\`, or leave \`${field}\` out`,
  });
}
