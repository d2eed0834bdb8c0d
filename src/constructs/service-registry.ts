import {
  BindingDeclaration,
  bodiesBucket,
  BucketDeclaration,
  GeneratedSecret,
  keyPrefix,
  NotificationRule,
  recordsBucket,
  UserDeclaration,
} from '../contract';
import { DeclarationError, FieldPath, Finding } from './errors';
import { withoutOverlap } from './notification-rules';
import { prefixOf, secretsOf, ServicesPlace, usersOf } from './service-declaration';
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
  /** Users' own buckets, and whose they are. */
  private readonly userBuckets = new Map<string, string>();
  private readonly flows = new FlowGraph();
  /** Mounts of folders of the platform's own store, by service. */
  private readonly mounts = new Map<string, StoragePath>();
  /** The first mount of each path, in any store, and whose it is. */
  private readonly mounted = new Map<string, readonly [service: string, mount: StoragePath]>();
  private readonly bound: BindingDeclaration[] = [];
  /** Longest that a Job of any service may be there, in seconds. */
  private longestJob = 0;
  /** By what only one service can have: which one has it. */
  private readonly owners = new Map<string, string>();

  constructor(private readonly props: ServicesPlace) {}

  /**
   * Declares a bucket of the platform's own store. Declaring it again merges nothing: the first stands. Throws when the
   * platform keeps this bucket for itself.
   */
  declareBucket(name: string, props: BucketProps = {}): void {
    this.refuseOwnBucket(name);
    if (!this.buckets.has(name)) this.buckets.set(name, props);
  }

  /**
   * Declares a user's own bucket with the properties of the one that it is beside; nothing is declared where that isn't.
   * Says whose it is: first come, first served, as names may meet (`a` and `b-c`, `a-b` and `c`).
   */
  declareUserBucket(name: string, shared: string, user: string): string {
    const props = this.buckets.get(shared);
    if (props) this.declareBucket(name, props);
    const owner = this.userBuckets.get(name) ?? user;
    this.userBuckets.set(name, owner);
    return owner;
  }

  /** What is there belongs to services that may not see each other's. */
  private refuseOwnBucket(name: string): void {
    const kept = this.ownUse(name);
    if (kept === undefined) return;
    throw new DeclarationError({
      problem: `the platform keeps this bucket for itself: ${kept}`,
      field: ['buckets', name],
      value: name,
      allowed: 'any other name',
      fix: 'rename the bucket, and the paths in it',
    });
  }

  /** What the platform keeps a bucket of this name for, if it does. */
  ownUse(name: string): string | undefined {
    const { platform } = this.props;
    return new Map([
      [bodiesBucket(platform), 'the bodies of Jobs that no environment variable holds are in it'],
      [recordsBucket(platform), 'the records of uploads that are done with are in it'],
    ]).get(name);
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

  /** Tells how long a service's Jobs may be there before they are over, in seconds. */
  addJobLifetime(seconds: number): void {
    this.longestJob = Math.max(this.longestJob, seconds);
  }

  /** Longest that a Job of any service may be there, in seconds; 0 without services. */
  get longestJobSeconds(): number {
    return this.longestJob;
  }

  /** Opens a port of every node for one service. Throws when another has it: the API server would refuse the second. */
  addNodePort(service: string, port: number): void {
    this.own(service, `node port ${port}`, {
      problem: 'has this port of every node',
      field: ['expose', 'nodePort'],
      value: port,
      fix: 'choose another port, or leave it out to be reached by the route only',
    });
  }

  /** Makes a claim for one service's volume. Throws when another service makes it. */
  addClaim(service: string, claim: string): void {
    this.own(service, `claim ${claim}`, {
      problem: 'makes a volume of this name',
      field: ['volume', 'name'],
      value: claim,
      fix: "choose another name, or leave out `size` to attach the other service's volume",
    });
  }

  private own(service: string, what: string, { problem, ...taken }: Finding): void {
    const other = this.owners.get(what);
    if (other !== undefined) {
      throw new DeclarationError({ ...taken, service, problem: `the service "${other}" ${problem}` });
    }
    this.owners.set(what, service);
  }

  /** Binds a registered service to uploads. Throws when the bucket is not declared, or a ring of services closes. */
  addInput(service: string, from: StoragePath & FileFilter, index: number): void {
    const field = ['input', index, 'path'];
    const flow = this.placed(service, from, field);
    if (!flow) return;
    this.flows.addInput(flow, place(from), field);
    const { prefix = [], suffix = [] } = from;
    this.bound.push({ service, path: prefixOf(bucketOf(from)), prefix, suffix });
  }

  /** Adds a path that a registered service writes to. Throws as `addInput` does. */
  addOutput(service: string, to: StoragePath & FileFilter, index: number): void {
    const field = ['output', index, 'path'];
    const flow = this.placed(service, to, field);
    if (flow) this.flows.addOutput(flow, place(to), field);
  }

  /**
   * Mounts a folder of a bucket in a registered service's pods. It is no output: what is written there may trigger
   * services, also this one, and only its script knows. Throws when the bucket is the platform's and not declared, and
   * when another store's folder of this path is mounted.
   */
  addMount(service: string, path: StoragePath): void {
    const field = ['mount', 'path'];
    const isOwn = this.placed(service, path, field) !== undefined;
    this.refuseOtherStore(service, path, field);
    if (isOwn) this.mounts.set(service, path);
  }

  /** To a node, a driver's volumes of one path are one volume, whichever store they are in. */
  private refuseOtherStore(service: string, mount: StoragePath, field: FieldPath): void {
    const [other, theirs] = this.mounted.get(mount.path) ?? [service, mount];
    if (storeOf(theirs) !== storeOf(mount)) {
      throw new DeclarationError({
        problem: `the service "${other}" mounts this path of another store, and a node can't tell the two apart`,
        service,
        field,
        value: mount.path,
        fix: 'mount a bucket of another name, or another folder of it',
      });
    }
    this.mounted.set(mount.path, [other, theirs]);
  }

  /** The service's flow; nothing when the path is not in the platform's own store, which alone sends events. */
  private placed(service: string, path: StoragePath, field: FieldPath): Flow | undefined {
    const flow = this.flows.get(service);
    if (!flow) throw new Error(`service "${service}" was never added to the registry`);
    if (!path.provider.isPlatformStore) return undefined;
    refuseWildcards(service, path, field);
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

  secrets(): GeneratedSecret[] {
    return this.serviceNames.flatMap((service) => secretsOf(service, this.props, this.mounts.get(service)));
  }

  users(): UserDeclaration[] {
    return this.serviceNames.flatMap((service) =>
      usersOf(this.flows.get(service)!, this.props, this.mounts.get(service)),
    );
  }

  /** Inputs in the platform's own store, in an order that doesn't depend on the services' order. */
  bindings(): BindingDeclaration[] {
    const order = ({ service, path }: BindingDeclaration) => `${service}\n${path}`;
    return [...this.bound].sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
  }

  /** Every declared bucket with its whole notification document, and the one of Jobs' bodies. */
  bucketDeclarations(): BucketDeclaration[] {
    const rules = new Map<string, NotificationRule[]>();
    for (const service of this.serviceNames) {
      for (const { bucket, folder, suffix } of this.flows.get(service)!.inputs) {
        const list = rules.get(bucket) ?? rules.set(bucket, []).get(bucket)!;
        const suffixes = suffix.length ? suffix : [''];
        list.push(...suffixes.map((one) => ({ prefix: keyPrefix(folder), suffix: one })));
      }
    }
    return [...this.buckets.entries(), ...this.ownBuckets()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { versioning = false, ...props }]) => ({
        name,
        versioning,
        ...props,
        notifications: withoutOverlap(rules.get(name) ?? []),
      }));
  }

  /** A body is needed until its Job is over. A day more, as it is stored before its Job. */
  private ownBuckets(): [string, BucketProps][] {
    if (!this.serviceNames.length) return [];
    const expireDays = Math.max(Math.ceil(this.longestJob / DAY_SECONDS), 1) + 1;
    const { platform } = this.props;
    return [
      [bodiesBucket(platform), { expireDays }],
      [recordsBucket(platform), {}],
    ];
  }
}

const DAY_SECONDS = 24 * 3600;

/** Tells stores, and who is asking there, apart. */
const storeOf = ({ provider }: StoragePath) => JSON.stringify([provider.address, provider.secretName]);

const place = (path: StoragePath & FileFilter) => ({ ...bucketOf(path), suffix: path.suffix ?? [] });

/** Users' rights are by path, and there such characters stand for others (MinIO's policies; AWS' as well). */
function refuseWildcards(service: string, { path }: StoragePath, field: FieldPath): void {
  if (!/[*?]|\$\{/.test(path)) return;
  throw new DeclarationError({
    problem: "a path of the platform's own store that would give rights to other paths",
    service,
    field,
    value: path,
    allowed: 'names without "*", "?" and "${"',
    fix: `for example "${path.replace(/[*?$]+/g, '-')}"`,
  });
}
