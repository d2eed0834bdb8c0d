import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv, { ValidateFunction } from 'ajv';

/** What the schemas of a version were pruned to: `scripts/prune-schemas.mjs`. */
interface Schemas {
  readonly kinds: Readonly<Record<string, object>>;
  readonly definitions: Readonly<Record<string, object>>;
}

/** Formats that Kubernetes' schemas name. Int-or-string became a list of types when they were pruned. */
const FORMATS = {
  byte: /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  int32: { type: 'number', validate: (n: number) => Number.isInteger(n) && Math.abs(n) < 2 ** 31 },
  int64: { type: 'number', validate: (n: number) => Number.isSafeInteger(n) },
  double: { type: 'number', validate: Number.isFinite },
} as const;

/** Definitions' patterns are Go's: a flag stands in the pattern. */
const regExp = Object.assign(
  (pattern: string, flags: string) =>
    pattern.includes('(?i)') ? new RegExp(pattern.replace('(?i)', ''), `${flags}i`) : new RegExp(pattern, flags),
  { code: 'new RegExp' },
);

/** Says of an object what an API server of one version, and those of the custom resources, would refuse in its fields. */
export class KubernetesValidator {
  private readonly ajv = new Ajv({
    allErrors: true,
    strict: false,
    formats: FORMATS as never,
    verbose: true,
    code: { regExp },
  });
  private readonly kinds = new Map<string, string>();

  /** @param version `1.27` or `1.34`. */
  constructor(version: string) {
    this.add('kubernetes', `v${version}`);
    this.add('custom', 'custom-resources');
  }

  private add(id: string, file: string): void {
    const schemas = JSON.parse(readFileSync(join(__dirname, 'schemas', `${file}.json`), 'utf8')) as Schemas;
    this.ajv.addSchema({ $id: id, ...schemas });
    for (const kind of Object.keys(schemas.kinds)) {
      this.kinds.set(kind, `${id}#/kinds/${kind.replace(/~/g, '~0').replace(/\//g, '~1')}`);
    }
  }

  /** One line for each field that is wrong; none when the object is valid. */
  errors(object: { apiVersion: string; kind: string; metadata?: { name?: string } }): string[] {
    const kind = `${object.apiVersion}/${object.kind}`;
    const at = this.kinds.get(kind);
    if (!at) return [`no schema is kept of ${kind}: add it to scripts/prune-schemas.mjs`];
    const validate = this.ajv.getSchema(at) as ValidateFunction;
    const name = object.metadata?.name ?? '';
    if (validate(object)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const what = 'additionalProperty' in params ? ` (${params.additionalProperty})` : '';
      return `${kind} ${name} ${instancePath}: ${message}${what}`;
    });
  }
}
