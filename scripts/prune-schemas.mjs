// `node scripts/prune-schemas.mjs DIR`: writes test/kubernetes/schemas from a folder that holds
//   kubernetes-schemas/v<version>.json   `definitions` of the OpenAPI v2 document that an API server serves
//   crds/<plural>.<group>.yaml           CustomResourceDefinitions
// Only the kinds that we make are kept, and every object that names its fields is closed: an unknown field fails.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const VERSIONS = ['v1.27', 'v1.34'];
const KINDS = [
  'v1/ConfigMap',
  'v1/Namespace',
  'v1/PersistentVolume',
  'v1/PersistentVolumeClaim',
  'v1/PodTemplate',
  'v1/Secret',
  'v1/Service',
  'v1/ServiceAccount',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/StatefulSet',
  'autoscaling/v2/HorizontalPodAutoscaler',
  'batch/v1/CronJob',
  'batch/v1/Job',
  'networking.k8s.io/v1/Ingress',
  'networking.k8s.io/v1/NetworkPolicy',
  'policy/v1/PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1/ClusterRole',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  'rbac.authorization.k8s.io/v1/Role',
  'rbac.authorization.k8s.io/v1/RoleBinding',
];
const CUSTOM = {
  'httproutes.gateway.networking.k8s.io': 'v1',
  'servicemonitors.monitoring.coreos.com': 'v1',
  'prometheusrules.monitoring.coreos.com': 'v1',
};
const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** What only the cluster writes: a manifest that has it is wrong, so it is left out and thereby refused. */
const WRITTEN_BY_THE_CLUSTER = ['status', 'managedFields', 'uid', 'resourceVersion', 'generation', 'selfLink'];
const QUANTITY = '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$';

/** What an object has at the top of a manifest; one inside another (a claim's template) may leave it out. */
const manifestOf = (name) => ({
  allOf: [{ $ref: `#/definitions/${name}` }],
  required: ['apiVersion', 'kind', 'metadata'],
});
const kindOf = ({ group, version, kind }) => [group, version, kind].filter(Boolean).join('/');

/** The schema without what no validator reads, its objects closed. */
function closed(schema) {
  if (schema.$ref) return { $ref: schema.$ref };
  const result = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') result.properties = map(value, closed);
    else if (key === 'items' || key === 'additionalProperties') result[key] = value === true ? true : closed(value);
    else if (key === 'enum') result.enum = [...new Set(value)];
    else if (!key.startsWith('x-') && key !== 'default' && key !== 'description') result[key] = value;
  }
  const open = schema['x-kubernetes-preserve-unknown-fields'] || schema['x-kubernetes-embedded-resource'];
  if (result.properties && result.additionalProperties === undefined && !open) result.additionalProperties = false;
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') {
    return { type: ['integer', 'string'], ...(schema.pattern ? { pattern: schema.pattern } : {}) };
  }
  return result;
}

const map = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

function withoutClusterFields(schema) {
  const properties = Object.fromEntries(
    Object.entries(schema.properties).filter(([field]) => !WRITTEN_BY_THE_CLUSTER.includes(field)),
  );
  return { ...schema, properties };
}

function kubernetes(directory, version) {
  const { definitions } = JSON.parse(readFileSync(join(directory, 'kubernetes-schemas', `${version}.json`), 'utf8'));
  const names = new Map();
  for (const [name, schema] of Object.entries(definitions)) {
    for (const gvk of schema['x-kubernetes-group-version-kind'] ?? []) names.set(kindOf(gvk), name);
  }
  const kept = {};
  const keep = (name) => {
    if (kept[name]) return;
    const isRoot = definitions[name]['x-kubernetes-group-version-kind'] !== undefined;
    const schema = isRoot || name === OBJECT_META ? withoutClusterFields(definitions[name]) : definitions[name];
    kept[name] = closed(schema);
    if (name.endsWith('.Quantity')) kept[name].pattern = QUANTITY;
    for (const [, inner] of JSON.stringify(kept[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) keep(inner);
  };
  const kinds = {};
  for (const kind of KINDS) {
    if (!names.has(kind)) throw new Error(`${version} has no ${kind}`);
    keep(names.get(kind));
    kinds[kind] = manifestOf(names.get(kind));
  }
  return { kinds, definitions: kept };
}

function customResources(directory) {
  const kinds = {};
  const definitions = {};
  for (const [name, wanted] of Object.entries(CUSTOM)) {
    const { spec } = parse(readFileSync(join(directory, 'crds', `${name}.yaml`), 'utf8'));
    const version = spec.versions.find((one) => one.name === wanted);
    if (!version) throw new Error(`${name} has no ${wanted}`);
    const schema = closed(withoutClusterFields(version.schema.openAPIV3Schema));
    schema.properties.metadata = { $ref: `kubernetes#/definitions/${OBJECT_META}` };
    definitions[name] = schema;
    kinds[`${spec.group}/${wanted}/${spec.names.kind}`] = manifestOf(name);
  }
  return { kinds, definitions };
}

/** A definition a line: small, and a difference can still be read. */
function write(name, { kinds, definitions }) {
  const lines = (object) =>
    Object.keys(object)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${JSON.stringify(object[key])}`)
      .join(',\n');
  const file = join(
    import.meta.dirname ?? new URL('.', import.meta.url).pathname,
    `../test/kubernetes/schemas/${name}.json`,
  );
  writeFileSync(file, `{"kinds":{\n${lines(kinds)}\n},"definitions":{\n${lines(definitions)}\n}}\n`);
}

const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: prune-schemas.mjs DIR');
for (const version of VERSIONS) write(version, kubernetes(directory, version));
write('custom-resources', customResources(directory));
