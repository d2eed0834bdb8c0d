import { ApiObject, valueAt } from './objects';

/** A kind of objects, and where the API has it. */
export interface Resource {
  /** Empty for core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** A change of `spec` (of a PodTemplate: of `template`) counts in `metadata.generation`. */
  readonly counted?: 'spec' | 'template';
  /** `status` is written by a call of its own. */
  readonly hasStatus?: boolean;
  /** What `fieldSelector` knows besides the name and namespace. */
  readonly fields?: Readonly<Record<string, (object: ApiObject) => string>>;
}

const text = (path: string) => (object: ApiObject) => String(valueAt(object, path) ?? '');
const texts = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, text(path)]));

const core = { group: '', version: 'v1', namespaced: true } as const;

export const NAMESPACES: Resource = { ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false };
export const PODS: Resource = {
  ...core,
  ...{ plural: 'pods', kind: 'Pod', counted: 'spec', hasStatus: true },
  fields: texts('spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'),
};
export const JOBS: Resource = {
  ...{ group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true },
  ...{ counted: 'spec', hasStatus: true },
  fields: { 'status.successful': (job) => String(valueAt(job, 'status.succeeded') ?? 0) },
};
export const DEPLOYMENTS: Resource = {
  ...{ group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true },
  ...{ counted: 'spec', hasStatus: true },
};
export const EVENTS: Resource = {
  ...{ ...core, plural: 'events', kind: 'Event' },
  fields: {
    ...texts('involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid'),
    ...texts('involvedObject.apiVersion', 'involvedObject.resourceVersion', 'involvedObject.fieldPath'),
    ...texts('reason', 'reportingComponent', 'type'),
    source: (event) => String(valueAt(event, 'source.component') || valueAt(event, 'reportingComponent') || ''),
  },
};
export const SECRETS: Resource = { ...core, plural: 'secrets', kind: 'Secret', fields: texts('type') };
export const CONFIG_MAPS: Resource = { ...core, plural: 'configmaps', kind: 'ConfigMap' };
export const POD_TEMPLATES: Resource = { ...core, plural: 'podtemplates', kind: 'PodTemplate', counted: 'template' };
export const NODES: Resource = { ...core, plural: 'nodes', kind: 'Node', namespaced: false, hasStatus: true };
/** Not stored by the API server, but answered by an extension of it, if there is one. */
export const NODE_METRICS: Resource = {
  ...{ group: 'metrics.k8s.io', version: 'v1beta1', plural: 'nodes', kind: 'NodeMetrics', namespaced: false },
};

export const RESOURCES: readonly Resource[] = [
  ...[NAMESPACES, PODS, JOBS, DEPLOYMENTS, EVENTS, SECRETS, CONFIG_MAPS, POD_TEMPLATES, NODES, NODE_METRICS],
];

export const apiVersionOf = ({ group, version }: Resource) => (group ? `${group}/${version}` : version);

/** @throws when the double doesn't know the kind */
export function resourceOf(kind: string): Resource {
  const resource = RESOURCES.find((known) => known.kind === kind);
  if (!resource) {
    throw new Error(`the double has no kind "${kind}"; it has ${RESOURCES.map(({ kind }) => kind).join(', ')}`);
  }
  return resource;
}
