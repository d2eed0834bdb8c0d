import { Construct } from 'constructs';
import type { ImagesProps } from './images';
import type { KubernetesVersion } from './kubernetes-version';
import type { Programs } from './programs';
import type { RouteProps } from './route';
import type { BucketProps } from './service-registry';

export interface PlatformProps {
  /** Names the platform's objects. @default 'oscar' */
  readonly name?: string;
  /** @default the platform's name */
  readonly namespace?: string;
  /** @default `<namespace>-svc` */
  readonly servicesNamespace?: string;
  /** Whether the two Namespaces are made here. @default true */
  readonly createNamespaces?: boolean;
  /** @default KubernetesVersion.DEFAULT (1.27) */
  readonly kubernetesVersion?: KubernetesVersion;
  readonly images?: ImagesProps;
  /** @default the bundles of this package */
  readonly programs?: Programs;
  readonly manager?: ManagerOptions;
  readonly minio?: MinioOptions;
  /** @default { kind: 'nodeLocal' } */
  readonly supervisor?: SupervisorOptions;
  /** Buckets of the platform's own store, by name. @default none */
  readonly buckets?: Readonly<Record<string, BucketProps>>;
  /** Default-deny policies in both namespaces that open what is needed. @default true */
  readonly networkPolicies?: boolean;
  /** How exposed services are reached from outside. @default they can't be exposed */
  readonly servicesRoute?: RouteProps;
  /** CSI driver for services' bucket mounts. @default none */
  readonly bucketMountDriver?: string;
  /** ServiceMonitors for the Prometheus operator. @default false */
  readonly serviceMonitors?: boolean;
}

export interface ResourceProps {
  /** Kubernetes quantities: request, and limit where it differs. */
  readonly cpu?: string;
  readonly memory?: string;
  readonly cpuLimit?: string;
  readonly memoryLimit?: string;
}

export interface ManagerOptions {
  /** @default 2 */
  readonly replicas?: number;
  readonly resources?: ResourceProps;
  /** @default reached inside the cluster only */
  readonly route?: RouteProps;
  /** Bytes. @default 100 MiB */
  readonly maxBodyBytes?: number;
  /** @default 300 */
  readonly idleSeconds?: number;
  /** @default 120 */
  readonly coldStartSeconds?: number;
  /** @default none */
  readonly corsOrigins?: readonly string[];
  /** Secret (keys `username`, `password`) of the admin. @default `<name>-admin`, generated in the cluster */
  readonly adminSecretName?: string;
}

export type MinioOptions = MinioDeployed | MinioExternal;
export interface MinioDeployed {
  /** `standalone`: one pod. `distributed`: `pods` ≥ 4, erasure-coded. @default 'standalone' */
  readonly kind?: 'standalone' | 'distributed';
  /** Pods of a distributed store, 4 to 32. @default 4 */
  readonly pods?: number;
  /** Size of each pod's volume (objects and the event queue). @default '10Gi' */
  readonly storage?: string;
  readonly storageClassName?: string;
  readonly resources?: ResourceProps;
  readonly region?: string;
  /** Of the S3 API. @default reached inside the cluster only */
  readonly route?: RouteProps;
  /** Secret (keys `rootUser`, `rootPassword`). @default `<name>-minio-root`, generated in the cluster */
  readonly rootSecretName?: string;
}
/** Nothing is deployed: a store that is there already. */
export interface MinioExternal {
  readonly kind: 'external';
  /** `https://host[:port]` */
  readonly endpoint: string;
  /** Secret in the platform's namespace (keys `accessKey`, `secretKey`) with the rights to make buckets and notifications. */
  readonly secretName: string;
  /** @default 'us-east-1' */
  readonly region?: string;
  /** Verify TLS certificates. @default true */
  readonly verify?: boolean;
}

export type SupervisorOptions =
  | { readonly kind: 'nodeLocal'; /** @default '/var/lib/oscar-cdk8s' */ readonly hostPath?: string }
  | { readonly kind: 'shared'; readonly storageClassName?: string; /** @default '1Gi' */ readonly size?: string }
  | { readonly kind: 'perPod' }
  | { readonly kind: 'image'; readonly image: string };

/** The whole platform: manager, store, supervisor volume, provisioner, namespaces and network policies. */
export class Platform extends Construct {
  constructor(scope: Construct, id: string, _props: PlatformProps = {}) {
    super(scope, id);
  }
}
