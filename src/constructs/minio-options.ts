import { check, checkInteger, checkQuantity, checkSubdomain } from './checks';
import type { FieldPath } from './errors';
import type { ResourceProps } from './resources';
import type { RouteProps } from './route';

/** What may be chosen of the store. */
export type MinioOptions = MinioDeployed | MinioExternal;

/**
 * MinIO of the platform's own. Its kind, pods and storage are what it starts with: MinIO doesn't resize what it has,
 * and Kubernetes refuses to change them.
 */
export interface MinioDeployed {
  /** `standalone`: one pod. `distributed`: `pods` ≥ 4, erasure-coded (of 4, reads bear the loss of 2, writes of 1). @default 'standalone' */
  readonly kind?: 'standalone' | 'distributed';
  /** Pods of a distributed store: 4 to 32, no prime above 16. @default 4 */
  readonly pods?: number;
  /** Size of each pod's volume (objects and the event queue). @default '10Gi' */
  readonly storage?: string;
  /** @default the cluster's default class */
  readonly storageClassName?: string;
  /** @default cpu '100m' (limit '2'), memory '512Mi' (limit '2Gi') */
  readonly resources?: ResourceProps;
  /** @default 'us-east-1' */
  readonly region?: string;
  /** Of the S3 API. @default reached inside the cluster only */
  readonly route?: RouteProps;
  /** Secret (keys `rootUser`, `rootPassword`). @default `<name>-minio-root`, generated in the cluster */
  readonly rootSecretName?: string;
}

/**
 * Nothing is deployed: a store that is there already. Each service's user is made by hand: it reads the service's inputs
 * and `<name>-bodies/<service>/`, writes its outputs, and its keys are the Secret `<service>-minio`.
 */
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

const at = (...field: FieldPath) => ({ field: ['minio', ...field] });

/** Throws `DeclarationError` on what MinIO or Kubernetes would refuse. */
export function checkMinioOptions(options: MinioOptions): void {
  const { region } = options;
  check(region === undefined || /^[A-Za-z][-A-Za-z0-9_]+$/.test(region), at('region'), {
    problem: 'not a region that MinIO takes',
    value: region,
    allowed: 'letters, digits, "-" and "_", at least 2, beginning with a letter',
    fix: 'for example "us-east-1"',
  });
  if (options.kind === 'external') {
    checkEndpoint(options.endpoint);
    checkSubdomain(at('secretName'), options.secretName);
    return;
  }
  const { kind = 'standalone', pods, storage, storageClassName, rootSecretName } = options;
  check(kind === 'distributed' || pods === undefined, at('pods'), {
    problem: 'a standalone store has one pod',
    value: pods,
    fix: 'set `kind: distributed`, or leave `pods` out',
  });
  if (pods !== undefined) checkPods(pods);
  if (storage !== undefined) checkQuantity(at('storage'), storage, 'bytes');
  if (storageClassName !== undefined) checkSubdomain(at('storageClassName'), storageClassName);
  if (rootSecretName !== undefined) checkSubdomain(at('rootSecretName'), rootSecretName);
}

/** MinIO divides its drives (one a pod) into equal erasure sets of 2 to 16. */
function checkPods(pods: number): void {
  checkInteger(at('pods'), pods, 4, 32, 'pods');
  const divisible = Array.from({ length: 15 }, (_, index) => index + 2).some((size) => pods % size === 0);
  check(divisible, at('pods'), {
    problem: 'MinIO cannot divide so many pods into equal sets',
    value: pods,
    allowed: '4 to 32, but 17, 19, 23, 29 and 31',
    fix: `for example ${pods - 1}`,
  });
}

function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const secret = Boolean(url?.username || url?.password);
  const holds = url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash;
  check(holds && !secret, at('endpoint'), {
    problem: secret ? 'a user or password is written in the endpoint' : 'not the endpoint of an S3 API',
    value: secret ? undefined : endpoint,
    allowed: '"https://host[:port]" or "http://host[:port]", without a path',
    fix: secret ? 'put them in the Secret that `secretName` names' : 'for example "https://minio.example.org:9000"',
  });
}
