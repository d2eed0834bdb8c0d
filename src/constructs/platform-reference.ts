import type { Images } from './images';
import type { KubernetesVersion } from './kubernetes-version';
import type { RouteProps } from './route';
import type { ServiceRegistry } from './service-registry';
import type { StorageProvider } from './storage';
import type { SupervisorMount } from './supervisor-mount';

/** What a service needs to know about the platform that it is on. `Platform` is one. */
export interface IPlatform {
  /** Names the platform's objects. */
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  readonly kubernetesVersion: KubernetesVersion;
  readonly images: Images;
  /** How the supervisor comes into the services' pods. */
  readonly supervisor: SupervisorMount;
  /** The platform's own store, `minio.default`. */
  readonly store: StorageProvider<'minio'>;
  /** Whether the store is not the platform's own MinIO, but one that is elsewhere. @default false */
  readonly externalStore?: boolean;
  /** Whether NetworkPolicies are made. */
  readonly networkPolicies: boolean;
  /** How exposed services are reached from outside; without it they can't be exposed. */
  readonly route?: RouteProps;
  /** CSI driver that mounts buckets, e.g. `ru.yandex.s3.csi`; without it services can't mount one. */
  readonly bucketMountDriver?: string;
  /** What services declare to the rest of the platform: buckets they use, users and secrets they need. */
  readonly services: ServiceRegistry;
}
