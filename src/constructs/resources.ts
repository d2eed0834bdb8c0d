import { Quantity, ResourceRequirements } from 'cdk8s-plus-27/lib/imports/k8s';
import { checkQuantity } from './checks';
import { DeclarationError, FieldPath } from './errors';
import { canonicalBytes, canonicalCpu, parseQuantity } from './quantity';

/** What a container may use. Kubernetes quantities. */
export interface ResourceProps {
  /** CPU request. @default the part's own, or the limit where that is lower */
  readonly cpu?: string;
  /** Memory request. @default the part's own, or the limit where that is lower */
  readonly memory?: string;
  /** CPU limit. @default the request where one is given, else the part's own default */
  readonly cpuLimit?: string;
  /** Memory limit. @default the request where one is given, else the part's own default */
  readonly memoryLimit?: string;
}

export interface ContainerDefaults extends Required<ResourceProps> {
  /** Disk outside volumes (logs, mostly): request and limit. */
  readonly ephemeralStorage: string;
}

/**
 * Requests and limits of a container of the platform's own.
 * @throws DeclarationError on a quantity that Kubernetes refuses, and on a limit below its request.
 */
export function resources(field: FieldPath, props: ResourceProps, defaults: ContainerDefaults): ResourceRequirements {
  const cpu = bounds([...field, 'cpu'], 'cpu', [props.cpu, props.cpuLimit], [defaults.cpu, defaults.cpuLimit]);
  const memory = bounds(
    [...field, 'memory'],
    'bytes',
    [props.memory, props.memoryLimit],
    [defaults.memory, defaults.memoryLimit],
  );
  const disk = Quantity.fromString(defaults.ephemeralStorage);
  return {
    requests: { cpu: cpu.request, memory: memory.request, 'ephemeral-storage': disk },
    limits: { cpu: cpu.limit, memory: memory.limit, 'ephemeral-storage': disk },
  };
}

type Pair<T> = readonly [request: T, limit: T];

function bounds(field: FieldPath, kind: 'cpu' | 'bytes', given: Pair<string | undefined>, defaults: Pair<string>) {
  const limitField = [...field.slice(0, -1), `${field[field.length - 1]}Limit`];
  if (given[0] !== undefined) checkQuantity({ field }, given[0], kind);
  if (given[1] !== undefined) checkQuantity({ field: limitField }, given[1], kind);
  // A limit alone may be lower than the default request, which then comes down with it.
  const request = given[0] ?? (given[1] === undefined ? defaults[0] : lower(given[1], defaults[0]));
  const limit = given[1] ?? given[0] ?? defaults[1];
  if (parseQuantity(limit)! < parseQuantity(request)!) {
    throw new DeclarationError({
      problem: `the limit is below the request (${request})`,
      field: limitField,
      value: limit,
      allowed: `at least "${request}"`,
      fix: 'raise the limit, or leave it out: it is the request then',
    });
  }
  const canonical = kind === 'cpu' ? canonicalCpu : canonicalBytes;
  return { request: Quantity.fromString(canonical(request)), limit: Quantity.fromString(canonical(limit)) };
}

const lower = (a: string, b: string) => (parseQuantity(a)! < parseQuantity(b)! ? a : b);
