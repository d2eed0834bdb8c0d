import { ApiObject, Container, Template } from './objects';
import type { Cause } from './status';

const ALPHANUMERIC = 'lower case alphanumeric characters';
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const NOT_SUBDOMAIN =
  `a lowercase RFC 1123 subdomain must consist of ${ALPHANUMERIC}, '-' or '.', and must start and end with an ` +
  "alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const NOT_LABEL =
  `a lowercase RFC 1123 label must consist of ${ALPHANUMERIC} or '-', and must start and end with an alphanumeric ` +
  "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const NOT_LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NOT_LABEL_KEY =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
  "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
  "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const LONGEST_LABEL = 63;
const LONGEST_NAME = 253;
const ANNOTATIONS_BYTES = 262_144;

/** What is obviously wrong with an object, as the server puts it; it looks at far more. */
export function causesOf(object: ApiObject): Cause[] {
  return [...metadataCauses(object), ...(OF_KIND[object.kind]?.(object) ?? [])];
}

const OF_KIND: Readonly<Record<string, (object: ApiObject) => Cause[]>> = {
  Job: (job) => jobCauses(job),
  Pod: ({ spec }) => podCauses({ spec: spec as Template['spec'] }, ''),
  Deployment: ({ spec }) => podCauses((spec as { template?: Template }).template, 'spec.template.'),
  PodTemplate: ({ template }) => podCauses(template as Template, 'template.'),
  Event: ({ metadata: { namespace }, involvedObject }) => {
    const about = (involvedObject as { namespace?: string } | undefined)?.namespace;
    // An Event about what is in no namespace is in `default`.
    if (about === namespace || (!about && namespace === 'default')) return [];
    return [wrong('involvedObject.namespace', about ?? '', 'does not match event.namespace')];
  },
};

function metadataCauses({ metadata: { name, labels, annotations } }: ApiObject): Cause[] {
  const causes: Cause[] = [];
  if (!name) causes.push(missing('metadata.name', 'name or generateName is required'));
  else if (name.length > LONGEST_NAME) causes.push(tooLong('metadata.name', name, LONGEST_NAME));
  else if (!SUBDOMAIN.test(name)) causes.push(wrong('metadata.name', name, NOT_SUBDOMAIN));
  causes.push(...labelCauses(labels, 'metadata.labels'));
  const bytes = Object.entries(annotations ?? {}).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (bytes > ANNOTATIONS_BYTES) {
    const message = `Too long: may not be more than ${ANNOTATIONS_BYTES} bytes`;
    causes.push({ reason: 'FieldValueTooLong', message, field: 'metadata.annotations' });
  }
  return causes;
}

function labelCauses(labels: Readonly<Record<string, string>> | undefined, field: string): Cause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...(LABEL_KEY.test(key) ? [] : [wrong(field, key, NOT_LABEL_KEY)]),
    ...(value.length > LONGEST_LABEL ? [tooLong(field, value, LONGEST_LABEL)] : []),
    ...(LABEL_VALUE.test(value) ? [] : [wrong(field, value, NOT_LABEL_VALUE)]),
  ]);
}

function jobCauses({ spec }: ApiObject): Cause[] {
  const { template } = spec as { template: Template };
  const causes = labelCauses(template.metadata?.labels, 'spec.template.labels');
  causes.push(...podCauses(template, 'spec.template.'));
  const { restartPolicy = '' } = template.spec ?? {};
  if (!['OnFailure', 'Never'].includes(restartPolicy)) {
    causes.push(missing('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
  }
  return causes;
}

function podCauses(template: Template | undefined, prefix: string): Cause[] {
  const containers = template?.spec?.containers ?? [];
  if (containers.length === 0) return [missing(`${prefix}spec.containers`)];
  const names = new Set<string>();
  return containers.flatMap((container, index) => {
    const causes = containerCauses(container, names, `${prefix}spec.containers[${index}]`);
    if (container.name) names.add(container.name);
    return causes;
  });
}

function containerCauses({ name, image, env }: Container, others: ReadonlySet<string>, field: string): Cause[] {
  const causes: Cause[] = [];
  if (!name) causes.push(missing(`${field}.name`));
  else if (!LABEL.test(name) || name.length > LONGEST_LABEL) causes.push(wrong(`${field}.name`, name, NOT_LABEL));
  else if (others.has(name)) {
    const message = `Duplicate value: ${JSON.stringify(name)}`;
    causes.push({ reason: 'FieldValueDuplicate', message, field: `${field}.name` });
  }
  if (!image) causes.push(missing(`${field}.image`));
  for (const [index, variable] of ((env as { name?: string }[]) ?? []).entries()) {
    if (!variable.name) causes.push(missing(`${field}.env[${index}].name`));
  }
  return causes;
}

const missing = (field: string, detail?: string): Cause => ({
  reason: 'FieldValueRequired',
  message: `Required value${detail ? `: ${detail}` : ''}`,
  field,
});

export const wrong = (field: string, value: string | number, problem: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${problem}`,
  field,
});

const tooLong = (field: string, value: string, longest: number) =>
  wrong(field, value, `must be no more than ${longest} characters`);
