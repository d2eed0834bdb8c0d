import { Json, toYaml } from '../contract';
import { DeclarationError } from '../constructs/errors';

/** A Kubernetes object as it is written. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** What tells an object from all others in a cluster, and the version it is written in. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** Nothing: the object is the cluster's. */
  readonly namespace?: string;
  readonly name: string;
}

export function referenceTo({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): ObjectReference {
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
}

/** Kinds in the order in which a plain apply works: what others refer to comes first, what runs comes late. */
const KINDS = [
  ...['Namespace', 'PriorityClass', 'NetworkPolicy', 'ResourceQuota', 'LimitRange', 'ServiceAccount'],
  ...['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'Secret', 'ConfigMap', 'StorageClass'],
  ...['PersistentVolume', 'PersistentVolumeClaim', 'Service', 'PodTemplate', 'PodDisruptionBudget'],
  ...['DaemonSet', 'StatefulSet', 'Deployment', 'Job', 'CronJob', 'HorizontalPodAutoscaler', 'Ingress'],
];
const RANKS = new Map(KINDS.map((kind, rank) => [kind, rank]));
const rank = ({ kind }: KubernetesObject) => RANKS.get(kind) ?? KINDS.length;

/** Objects in the order of their kinds; those of one kind stay as they were declared. */
export function inApplyOrder<T extends KubernetesObject>(objects: readonly T[]): T[] {
  return [...objects].sort((a, b) => rank(a) - rank(b));
}

/** Bytes of values that the API server takes in one ConfigMap. */
const CONFIG_MAP_MAX = 1024 * 1024;
/** Bytes that etcd takes in one request, by default. */
const OBJECT_MAX = 1.5 * 1024 * 1024;

/** Objects of one environment as they are written: refuses what the cluster would refuse, or would overwrite. */
export class ObjectIndex {
  /** File by object. */
  private readonly files = new Map<string, string>();

  /** The object's YAML. Throws `DeclarationError` when its like was written already, or it is too large. */
  add(object: KubernetesObject, file: string, service?: string): string {
    this.refuseDuplicate(object, file, service);
    const yaml = yamlOf(object, service);
    refuseLarge(object, yaml, service);
    return yaml;
  }

  private refuseDuplicate(object: KubernetesObject, file: string, service?: string): void {
    const { apiVersion, kind, metadata } = object;
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    const key = `${group}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
    const other = this.files.get(key);
    if (other !== undefined) {
      throw new DeclarationError({
        problem: `two objects are ${title(object)}: one of ${other}, one of ${file}`,
        service,
        value: metadata.name,
        fix: 'give one of them another name',
      });
    }
    this.files.set(key, file);
  }
}

/** `Service "cowsay" in namespace "oscar-svc"` */
const title = ({ kind, metadata: { name, namespace } }: KubernetesObject) =>
  `${kind} "${name}"${namespace === undefined ? '' : ` in namespace "${namespace}"`}`;

function yamlOf(object: KubernetesObject, service?: string): string {
  try {
    return toYaml(object as unknown as Json);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DeclarationError({
      problem: `${title(object)} has a value that no manifest can hold: ${error.message}`,
      service,
      fix: 'use text of whole Unicode characters',
    });
  }
}

function refuseLarge(object: KubernetesObject, yaml: string, service?: string): void {
  // JSON is at most twice as long as our YAML (a line's end is two characters there), so few are measured exactly.
  if (yaml.length < OBJECT_MAX / 4) return;
  const values = object.kind === 'ConfigMap' ? configMapBytes(object) : 0;
  if (values > CONFIG_MAP_MAX) refuse(values, CONFIG_MAP_MAX, 'a ConfigMap holds');
  const bytes = Buffer.byteLength(JSON.stringify(object));
  if (bytes > OBJECT_MAX) refuse(bytes, OBJECT_MAX, 'a cluster takes in one object');

  function refuse(bytes: number, most: number, what: string): never {
    throw new DeclarationError({
      problem: `${title(object)} is too large: ${bytes} bytes`,
      service,
      allowed: `${most} bytes, the most that ${what}`,
      fix: 'put large files into the image or a bucket',
    });
  }
}

function configMapBytes({ data = {}, binaryData = {} }: KubernetesObject): number {
  const text = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  return Object.values(binaryData).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), text);
}
