/**
 * Rules that the API server, S3 and container runtimes would enforce later, at apply or at run time. Each check throws
 * a `DeclarationError` with the value, what is allowed and the fix.
 */
import { CONFIG_DIR, PROVIDERS_DIR, SUPERVISOR_DIR, WORK_DIR } from '../contract';
import { DeclarationError, FieldPath } from './errors';
import { bytesOf, isWholeMillis, LARGEST, millisOf, parseQuantity } from './quantity';

/** What a value belongs to: for the message, and for finding its line in an environment's file. */
export interface Subject {
  /** Service or other named part. @default none */
  readonly service?: string;
  readonly field: FieldPath;
}

/** Largest whole number that most fields of the API take. */
export const INT32 = 2 ** 31 - 1;

/** Throws unless `holds`. */
export function check(
  holds: boolean,
  subject: Subject,
  finding: { problem: string; value?: unknown; allowed?: string; fix?: string },
): void {
  if (!holds) throw new DeclarationError({ ...subject, ...finding });
}

const LABEL_1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** RFC 1123 label, as names of namespaces and of most parts have to be. @param max @default 63 characters */
export function checkLabelName(subject: Subject, value: string, max = 63): void {
  check(LABEL_1123.test(value) && value.length <= max, subject, {
    problem: 'not a name that Kubernetes takes',
    value,
    allowed: `lower-case letters, digits and "-", at most ${max} characters, letters or digits at both ends`,
    fix: fixedName(value, max),
  });
}

/** RFC 1035 label, as names of Services have to be: it begins with a letter. @param max @default 63 characters */
export function checkServiceName(subject: Subject, value: string, max = 63): void {
  check(LABEL_1035.test(value) && value.length <= max, subject, {
    problem: 'not a name that Kubernetes takes for a Service',
    value,
    allowed: `lower-case letters, digits and "-", at most ${max} characters, beginning with a letter, not ending with "-"`,
    fix: fixedName(value.replace(/^[^A-Za-z]+/, ''), max),
  });
}

/** RFC 1123 subdomain, as names of Secrets, ConfigMaps and claims have to be, and hosts. At most 253 characters. */
export function checkSubdomain(subject: Subject, value: string, what = 'a name that Kubernetes takes'): void {
  check(SUBDOMAIN.test(value) && value.length <= 253, subject, {
    problem: `not ${what}`,
    value,
    allowed: 'lower-case letters, digits, "-" and ".", at most 253 characters, letters or digits around each "."',
    fix: fixedName(value, 253),
  });
}

/** Host of an Ingress or an HTTPRoute: a DNS name, no IP address, port or scheme. */
export function checkHost(subject: Subject, value: string): void {
  check(!/^\d+(\.\d+){3}$/.test(value), subject, {
    problem: 'an IP address where a host name has to be',
    value,
    allowed: 'a DNS name, e.g. "oscar.example.org"',
    fix: 'name the host that clients use',
  });
  checkSubdomain(subject, value, 'a host name');
}

/** An example that is near, for the `fix` of an error. */
export function fixedName(value: string, max: number): string {
  const name = value
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, max)
    .replace(/^-+|-+$/g, '');
  return name && name !== value ? `for example "${name}"` : 'choose another name';
}

/** Key of a label or annotation: `[prefix/]name`, the name at most 63 characters. */
export function checkQualifiedKey(subject: Subject, key: string): void {
  const slash = key.indexOf('/');
  const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  const prefixHolds = prefix === undefined || (SUBDOMAIN.test(prefix) && prefix.length <= 253);
  check(prefixHolds && QUALIFIED_PART.test(name) && name.length <= 63, subject, {
    problem: 'not a key that Kubernetes takes',
    value: key,
    allowed: 'letters, digits, "-", "_" and ".", at most 63 characters, optionally after a DNS name and "/"',
    fix: 'rename the key, e.g. "example.org/team"',
  });
}

/** Labels: keys as above; values of at most 63 letters, digits, `-`, `_` and `.`, or empty. */
export function checkLabels(subject: Subject, labels: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(labels)) {
    const at = inside(subject, key);
    checkQualifiedKey(at, key);
    check(value === '' || (QUALIFIED_PART.test(value) && value.length <= 63), at, {
      problem: 'not a label value that Kubernetes takes',
      value,
      allowed: 'at most 63 letters, digits, "-", "_" and ".", letters or digits at both ends, or nothing',
      fix: 'shorten it, or use an annotation, which takes any text',
    });
  }
}

/** Annotations: keys as labels' (any letter case); all keys and values together at most 256 KiB. */
export function checkAnnotations(subject: Subject, annotations: Readonly<Record<string, string>>): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    checkQualifiedKey(inside(subject, key), key.toLowerCase());
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  check(size <= 256 * 1024, subject, {
    problem: 'too much text in the annotations',
    value: `${size} bytes`,
    allowed: 'at most 262144 bytes, all keys and values together',
    fix: 'put the text in a ConfigMap of its own',
  });
}

const inside = ({ service, field }: Subject, ...more: (string | number)[]): Subject => ({
  service,
  field: [...field, ...more],
});

/**
 * Kubernetes quantity above 0. @param kind `cpu` knows no finer step than 1m; `bytes` are whole bytes, and fewer than
 * 1 MiB are taken for a slip (`512m` is half a byte)
 */
export function checkQuantity(subject: Subject, value: string, kind: 'cpu' | 'bytes'): void {
  const parsed = parseQuantity(value);
  check(parsed !== undefined && parsed > 0n, subject, {
    problem: 'not a quantity above zero',
    value,
    allowed: kind === 'cpu' ? 'cores, e.g. "0.5", "500m" or "2"' : 'bytes, e.g. "512Mi", "2Gi" or "1G"',
    fix: kind === 'cpu' ? 'for example "0.5"' : 'for example "512Mi"',
  });
  const units = kind === 'cpu' ? millisOf(parsed!) : bytesOf(parsed!);
  check(units <= LARGEST, subject, {
    problem: 'more than Kubernetes can count to',
    value,
    allowed: `at most ${LARGEST} ${kind === 'cpu' ? 'thousandths of a core' : 'bytes'}`,
    fix: 'name an amount that a node can have',
  });
  if (kind === 'cpu') {
    check(isWholeMillis(parsed!), subject, {
      problem: 'finer than the CPU can be shared',
      value,
      allowed: 'steps of 1m (a thousandth of a core)',
      fix: `for example "${units}m"`,
    });
  } else {
    check(units >= 1024n ** 2n, subject, {
      problem: 'less than one MiB',
      value,
      allowed: 'at least "1Mi" ("m" means thousandths, "M" and "Mi" millions)',
      fix: `for example "${value.replace(/[a-z]+$/i, '')}Mi"`,
    });
  }
}

/** Environment variable's name: what Kubernetes 1.27 takes and shells can read (C identifier). */
export function checkEnvironmentName(subject: Subject, value: string): void {
  check(/^[A-Za-z_][A-Za-z0-9_]*$/.test(value), subject, {
    problem: 'not a name that an environment variable can have',
    value,
    allowed: 'letters, digits and "_", not beginning with a digit',
    fix: `for example "${value.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_') || 'NAME'}"`,
  });
}

/** Whole number in a range. */
export function checkInteger(subject: Subject, value: number, min: number, max: number, unit = ''): void {
  check(Number.isInteger(value) && value >= min && value <= max, subject, {
    problem: 'not a number that is possible here',
    value,
    allowed: `whole numbers from ${min} to ${max}${unit && ` (${unit})`}`,
    fix: `for example ${Number.isFinite(value) ? Math.min(max, Math.max(min, Math.round(value))) : min}`,
  });
}

/** TCP port, 1 to 65535. */
export function checkPort(subject: Subject, value: number): void {
  checkInteger(subject, value, 1, 65535, 'TCP ports');
}

/** Port that every node opens, 30000 to 32767 (the API server's default range). */
export function checkNodePort(subject: Subject, value: number): void {
  checkInteger(subject, value, 30000, 32767, 'node ports');
}

/** By S3's own rules, which MinIO follows. */
export function isBucketName(value: string): boolean {
  const shape = /^[a-z0-9][-.a-z0-9]{1,61}[a-z0-9]$/.test(value) && !/\.\.|\.-|-\./.test(value);
  const reserved = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3)$/.test(value);
  return shape && !reserved && !/^\d+(\.\d+){3}$/.test(value);
}

export function checkBucketName(subject: Subject, value: string): void {
  check(isBucketName(value), subject, {
    problem: 'not a name that S3 takes for a bucket',
    value,
    allowed: '3 to 63 lower-case letters, digits, "-" and "."; no IP address and none of S3\'s own prefixes or endings',
    fix: fixedName(value, 63),
  });
}

/** Path of objects or files in a store: relative, no empty part, no `.` or `..`, at most 1024 bytes (S3's limit). */
export function checkObjectPath(subject: Subject, value: string): void {
  const parts = value.split('/');
  const holds = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  // eslint-disable-next-line no-control-regex
  check(holds && Buffer.byteLength(value) <= 1024 && !/[\u0000-\u001f\u007f\\]/.test(value), subject, {
    problem: 'not a path that a store takes',
    value,
    allowed:
      'names joined by single "/", none of them ".", "..", or empty; at most 1024 bytes; no control characters or "\\"',
    fix: `for example "${parts.filter((part) => !/^\.{0,2}$/.test(part)).join('/') || 'bucket/folder'}"`,
  });
}

/** Folders of the contract, which nothing else may be mounted on, above or below. */
const RESERVED_DIRS = [SUPERVISOR_DIR, CONFIG_DIR, WORK_DIR, PROVIDERS_DIR, '/proc', '/sys', '/dev'];

/** Absolute path of a folder in a container, that hides none of ours. */
export function checkMountPath(subject: Subject, value: string): void {
  const parts = value.split('/').slice(1);
  const holds = value.startsWith('/') && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  check(holds && !value.includes(':'), subject, {
    problem: 'not a folder that a volume can be mounted on',
    value,
    allowed: 'an absolute path without "..", ":" or a "/" at its end, and not "/" itself',
    fix: 'for example "/data"',
  });
  const hidden = RESERVED_DIRS.find((dir) => `${dir}/`.startsWith(`${value}/`) || value.startsWith(`${dir}/`));
  check(hidden === undefined, subject, {
    problem: `would hide ${hidden}, which services need`,
    value,
    allowed: `any folder outside ${RESERVED_DIRS.join(', ')}`,
    fix: 'for example "/data"',
  });
}

const IMAGE_PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const IMAGE = new RegExp(
  `^(?:[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?(?::\\d+)?/)?${IMAGE_PART}(?:/${IMAGE_PART})*` +
    '(?::[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(?:@sha256:[0-9a-f]{64})?$',
);

/** Image reference: `[registry/]name[:tag][@digest]`. */
export function checkImage(subject: Subject, value: string): void {
  check(value.length <= 512 && IMAGE.test(value), subject, {
    problem: 'not an image reference',
    value,
    allowed: '[registry[:port]/]name[:tag][@sha256:…], the name in lower case',
    fix: 'for example "ghcr.io/grycap/cowsay:latest"',
  });
}

/** `http://` or `https://` address of a store: host and port only, and no password in it. The value stays untold. */
export function checkUrl(subject: Subject, value: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  check(!url?.username && !url?.password, subject, {
    problem: 'a user or password is written in the address',
    fix: 'leave it out, and reference a Secret',
  });
  const plain = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash;
  check(Boolean(plain), subject, {
    problem: 'not the address of a store',
    value,
    allowed: '"http://" or "https://", a host and optionally a port',
    fix: 'for example "https://minio.example.org:9000"',
  });
}

/** Key of a Secret. */
export function checkSecretKey(subject: Subject, value: string): void {
  check(/^[-._a-zA-Z0-9]{1,253}$/.test(value) && !/^\.\.?$/.test(value), subject, {
    problem: 'not a key that a Secret can have',
    value,
    allowed: 'letters, digits, "-", "_" and ".", at most 253 characters',
    fix: 'name a key of the Secret',
  });
}
