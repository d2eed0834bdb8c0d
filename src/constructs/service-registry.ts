import {
  BucketDeclaration,
  GeneratedSecret,
  keyPrefix,
  NotificationRule,
  serviceLabels,
  serviceSecrets,
  UserDeclaration,
} from '../contract';
import { DeclarationError, FieldPath } from './errors';
import { generatedSecret } from './generated-secret';
import { withoutOverlap } from './notification-rules';
import { Flow, FlowGraph } from './service-rings';
import { bucketOf, FileFilter, StoragePath, StorageProvider } from './storage';

export interface BucketProps {
  /** Keep every version of every object. @default false */
  readonly versioning?: boolean;
  /** Days until objects are removed. @default never */
  readonly expireDays?: number;
  /** Most that the bucket may hold, a Kubernetes quantity. @default no limit */
  readonly quota?: string;
}

/**
 * What services declare to the rest of the platform: plain data, so that a service can be synthesized in an App of
 * its own. The provisioner's declaration and the manager's rights are made from it, lazily, at synthesis.
 */
export class ServiceRegistry {
  private readonly buckets = new Map<string, BucketProps>();
  private readonly flows = new FlowGraph();
  private readonly mounts = new Map<string, StoragePath>();

  constructor(private readonly props: { readonly servicesNamespace: string; readonly platform: string }) {}

  /** Declares a bucket of the platform's own store. Declaring it again merges nothing: the first stands. */
  declareBucket(name: string, props: BucketProps = {}): void {
    if (!this.buckets.has(name)) this.buckets.set(name, props);
  }

  hasBucket(name: string): boolean {
    return this.buckets.has(name);
  }

  /** Throws when the name is taken. */
  addService(name: string): void {
    if (this.flows.get(name)) {
      throw new DeclarationError({
        problem: 'two services have this name',
        service: name,
        field: ['name'],
        fix: 'rename one',
      });
    }
    this.flows.add(name);
  }

  /** Binds a registered service to uploads. Throws when the bucket is not declared, or a ring of services closes. */
  addInput(service: string, from: StoragePath & FileFilter, index: number): void {
    const field = ['input', index, 'path'];
    const flow = this.placed(service, from, field);
    if (flow) this.flows.addInput(flow, place(from), field);
  }

  /** Adds a path that a registered service writes to. Throws as `addInput` does. */
  addOutput(service: string, to: StoragePath & FileFilter, index: number): void {
    const field = ['output', index, 'path'];
    const flow = this.placed(service, to, field);
    if (flow) this.flows.addOutput(flow, place(to), field);
  }

  /**
   * Mounts a folder of the platform's own store in a registered service's pods. It is no output: what is written
   * there may trigger services, also this one, and only its script knows. Throws when the bucket is not declared.
   */
  addMount(service: string, path: StoragePath): void {
    if (!this.placed(service, path, ['mount', 'path'])) throw new Error(`not in the platform's store: ${path.path}`);
    this.mounts.set(service, path);
  }

  /** The service's flow; nothing when the path is not in the platform's own store, which alone sends events. */
  private placed(service: string, path: StoragePath, field: FieldPath): Flow | undefined {
    const flow = this.flows.get(service);
    if (!flow) throw new Error(`service "${service}" was never added to the registry`);
    if (!path.provider.isPlatformStore) return undefined;
    this.requireBucket(service, path, field);
    return flow;
  }

  private requireBucket(service: string, path: StoragePath, field: FieldPath): void {
    const { bucket } = bucketOf(path);
    if (this.buckets.has(bucket)) return;
    throw new DeclarationError({
      problem: `no bucket "${bucket}" is declared`,
      service,
      field,
      value: path.path,
      allowed: this.buckets.size
        ? `a path in one of: ${[...this.buckets.keys()].sort().join(', ')}`
        : 'a path in a declared bucket',
      fix: `declare the bucket "${bucket}" (in an environment: under \`buckets\`)`,
    });
  }

  get serviceNames(): string[] {
    return this.flows.services;
  }

  /** Secrets that services need: each its token and its MinIO user's keys, and some a mount's user. */
  secrets(): GeneratedSecret[] {
    return this.serviceNames.flatMap((service) => {
      const names = serviceSecrets(service);
      const secret = (name: string, data: GeneratedSecret['data']) =>
        generatedSecret(this.props.servicesNamespace, name, serviceLabels(service), data);
      const keys = (user: string) => ({ accessKey: { text: user }, secretKey: { hex: 40 } });
      const user = `${this.props.platform}-${service}`;
      const mount = this.mounts.get(service);
      return [
        // `auth` is in every token's Secret: one that exists is never changed, and authentication may be asked for later.
        secret(names.token, { token: { hex: 64 }, auth: { htpasswd: { user: service, passwordKey: 'token' } } }),
        secret(names.minio, keys(user)),
        ...(mount ? [secret(names.mount, { ...keys(`${user}-mount`), ...driverKeys(`${user}-mount`, mount) })] : []),
      ];
    });
  }

  users(): UserDeclaration[] {
    const namespace = this.props.servicesNamespace;
    const paths = (side: readonly { bucket: string; folder: string }[]) =>
      [...new Set(side.map(({ bucket, folder }) => `${bucket}/${keyPrefix(folder)}`))].sort();
    return this.serviceNames.flatMap((service): UserDeclaration[] => {
      const { inputs, outputs } = this.flows.get(service)!;
      const names = serviceSecrets(service);
      const user = { service, secret: { namespace, name: names.minio }, read: paths(inputs), write: paths(outputs) };
      const mount = this.mounts.get(service);
      if (!mount) return [user];
      const mounted = paths([bucketOf(mount)]);
      return [user, { service, secret: { namespace, name: names.mount }, read: mounted, write: mounted }];
    });
  }

  /** Every declared bucket with its whole notification document. */
  bucketDeclarations(): BucketDeclaration[] {
    const rules = new Map<string, NotificationRule[]>();
    for (const service of this.serviceNames) {
      for (const { bucket, folder, suffix } of this.flows.get(service)!.inputs) {
        const list = rules.get(bucket) ?? rules.set(bucket, []).get(bucket)!;
        const suffixes = suffix.length ? suffix : [''];
        list.push(...suffixes.map((one) => ({ prefix: keyPrefix(folder), suffix: one })));
      }
    }
    return [...this.buckets.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { versioning = false, ...props }]) => ({
        name,
        versioning,
        ...props,
        notifications: withoutOverlap(rules.get(name) ?? []),
      }));
  }
}

const place = (path: StoragePath & FileFilter) => ({ ...bucketOf(path), suffix: path.suffix ?? [] });

/** The same keys, and the store's address, as CSI drivers of the csi-s3 family read them. */
const driverKeys = (user: string, { provider }: StoragePath): GeneratedSecret['data'] => {
  const { endpoint, region } = (provider as StorageProvider<'minio'>).settings;
  return {
    accessKeyID: { text: user },
    secretAccessKey: { copyOf: 'secretKey' },
    endpoint: { text: endpoint },
    region: { text: region },
  };
};
