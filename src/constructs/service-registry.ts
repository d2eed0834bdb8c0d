import {
  BucketDeclaration,
  keyPrefix,
  KEEP_ANNOTATIONS,
  KEEP_LABEL,
  GeneratedSecret,
  NotificationRule,
  serviceLabels,
  serviceSecrets,
  UserDeclaration,
} from '../contract';
import { DeclarationError, FieldPath } from './errors';
import { Flow, FlowGraph } from './service-rings';
import { bucketOf, FileFilter, StoragePath } from './storage';

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

  /** Secrets that every service needs: its token and its MinIO user's keys. */
  secrets(): GeneratedSecret[] {
    return this.serviceNames.flatMap((service): GeneratedSecret[] => {
      const common = {
        namespace: this.props.servicesNamespace,
        labels: { ...serviceLabels(service), [KEEP_LABEL]: 'true' },
        annotations: KEEP_ANNOTATIONS,
      };
      const names = serviceSecrets(service);
      return [
        { ...common, name: names.token, data: { token: { hex: 64 } } },
        {
          ...common,
          name: names.minio,
          data: { accessKey: { text: `${this.props.platform}-${service}` }, secretKey: { hex: 40 } },
        },
      ];
    });
  }

  users(): UserDeclaration[] {
    const paths = (side: Flow['inputs']) =>
      [...new Set(side.map(({ bucket, folder }) => `${bucket}/${keyPrefix(folder)}`))].sort();
    return this.serviceNames.map((service) => {
      const { inputs, outputs } = this.flows.get(service)!;
      const secret = { namespace: this.props.servicesNamespace, name: serviceSecrets(service).minio };
      return { service, secret, read: paths(inputs), write: paths(outputs) };
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

/**
 * S3 refuses rules that overlap. Rules are widened until none do: it costs an event that nobody wants, which the
 * manager drops, and never one that somebody wants.
 */
function withoutOverlap(rules: readonly NotificationRule[]): NotificationRule[] {
  const kept: NotificationRule[] = [];
  for (let rule of [...rules].sort((a, b) => a.prefix.length - b.prefix.length || (a.suffix < b.suffix ? -1 : 1))) {
    const overlapping = kept.filter((other) => overlap(rule, other));
    for (const other of overlapping) {
      kept.splice(kept.indexOf(other), 1);
      const prefix = other.prefix.length <= rule.prefix.length ? other.prefix : rule.prefix;
      rule = { prefix, suffix: other.suffix === rule.suffix ? rule.suffix : '' };
    }
    const widened = kept.filter((other) => overlap(rule, other));
    for (const other of widened) kept.splice(kept.indexOf(other), 1);
    kept.push(rule);
  }
  return kept.sort((a, b) => (a.prefix + '\0' + a.suffix < b.prefix + '\0' + b.suffix ? -1 : 1));
}

const overlap = (a: NotificationRule, b: NotificationRule) =>
  (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
  (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));
