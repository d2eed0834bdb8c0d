import { randomBytes, randomUUID } from 'node:crypto';
import { ApiObject, GivenObject, Metadata, PodSpec, Template, timestamp } from './objects';
import { apiVersionOf, Resource } from './resources';
import { badRequest, invalid } from './status';
import { causesOf } from './validation';

/** What only a test may say of an object. */
export interface Identity {
  readonly uid?: string;
  readonly creationTimestamp?: string;
}

/** What the server makes of a new object before it stores it. @throws Refusal 400 or 422 */
export function admitted(
  resource: Resource,
  namespace: string,
  given: GivenObject,
  identity: Identity = {},
): ApiObject {
  const apiVersion = apiVersionOf(resource);
  const { kind, group, version } = resource;
  if ((given.kind && given.kind !== kind) || (given.apiVersion && given.apiVersion !== apiVersion)) {
    const is = given.kind ?? kind;
    throw badRequest(
      `${is} in version "${version}" cannot be handled as a ${kind}: converting (${is}) to (${group}.${kind}): unknown conversion`,
    );
  }
  if (given.metadata?.namespace && given.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const metadata = newMetadata(resource, namespace, given.metadata ?? {}, identity);
  const object: ApiObject = { ...given, kind, apiVersion, metadata };
  const full = DEFAULTS[kind]?.(object) ?? object;
  const causes = causesOf(full);
  if (causes.length) throw invalid(resource, kind, metadata.name, causes);
  return full;
}

function newMetadata(
  { counted, namespaced }: Resource,
  namespace: string,
  given: Partial<Metadata>,
  { uid = randomUUID(), creationTimestamp = timestamp() }: Identity,
): Metadata {
  const { labels, annotations, finalizers, ownerReferences, generateName } = given;
  const name = given.name || (generateName ? generateName + suffix() : '');
  return {
    name,
    ...(generateName ? { generateName } : {}),
    ...(namespaced ? { namespace } : {}),
    uid,
    resourceVersion: '',
    ...(counted ? { generation: 1 } : {}),
    creationTimestamp,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(ownerReferences ? { ownerReferences } : {}),
    ...(finalizers ? { finalizers } : {}),
  };
}

/** As Kubernetes makes names unique: without vowels and what looks alike. */
export function suffix(): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from(randomBytes(5), (byte) => letters[byte % letters.length]).join('');
}

const DEFAULTS: Readonly<Record<string, (object: ApiObject) => ApiObject>> = {
  Job: jobDefaults,
  Deployment: (object) => ({
    ...object,
    spec: {
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...(object.spec as object),
      template: templateDefaults((object.spec as { template?: Template } | undefined)?.template, 'Always'),
    },
    status: {},
  }),
  PodTemplate: (object) => ({ ...object, template: templateDefaults(object.template as Template, 'Always') }),
  Pod: (object) => ({
    ...object,
    spec: podDefaults(object.spec as PodSpec, 'Always'),
    status: (object.status as object) ?? { phase: 'Pending', qosClass: 'BestEffort' },
  }),
  Secret: (object) => {
    const { stringData, data, type, ...rest } = object;
    const encoded = Object.entries((stringData as Record<string, string>) ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value).toString('base64'),
    ]);
    return {
      ...rest,
      data: { ...(data as object), ...Object.fromEntries(encoded) },
      type: type ?? 'Opaque',
    } as ApiObject;
  },
  Event: (object) => ({
    ...{ source: {}, firstTimestamp: null, lastTimestamp: null, eventTime: null },
    ...{ reportingComponent: '', reportingInstance: '' },
    ...object,
  }),
  Namespace: (object) => ({ ...object, status: { phase: 'Active' } }),
};

/** The server selects a Job's pods itself, by labels that it adds to the template. */
function jobDefaults(object: ApiObject): ApiObject {
  const spec = (object.spec ?? {}) as { template?: Template };
  const { name, uid } = object.metadata;
  const template = templateDefaults(spec.template);
  const labels = {
    ...template.metadata?.labels,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const own = object.metadata.labels;
  return {
    ...object,
    metadata: { ...object.metadata, labels: own && Object.keys(own).length ? own : labels },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      manualSelector: false,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
      ...spec,
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    // Whatever status came along is none of the creator's business.
    status: {},
  };
}

const templateDefaults = (template: Template | undefined, restartPolicy?: string): Template => ({
  ...template,
  metadata: template?.metadata ?? {},
  spec: podDefaults(template?.spec, restartPolicy),
});

function podDefaults(spec: PodSpec | undefined, restartPolicy?: string): PodSpec {
  const containers = Array.isArray(spec?.containers) ? spec.containers : [];
  return {
    ...(restartPolicy ? { restartPolicy } : {}),
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    containers: containers.map((container) => ({
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: isLatest(container.image) ? 'Always' : 'IfNotPresent',
      ...container,
    })),
  };
}

const isLatest = (image = '') => image.endsWith(':latest') || !/[:@][^/]*$/.test(image);
