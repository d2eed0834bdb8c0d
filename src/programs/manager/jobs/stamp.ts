import {
  JOB_VARIABLES,
  jobLifetimeSeconds,
  JobSettings,
  SERVICE_CONTAINER_NAME,
  WAITING_LABEL,
} from '../../../contract';
import type { Container } from '../kubernetes/objects';
import type { Service } from '../state/services';

/** On a Job: what it is about, for people. */
export const OBJECT_ANNOTATION = 'oscar-cdk8s/object';

/** What a Job's supervisor is given: variables of its environment, and where a value comes from. */
export interface JobInput {
  readonly variables: Readonly<Record<string, string>>;
  /** `bucket/key`. @default the Job is about no object */
  readonly object?: string;
}

/**
 * A Job of a service: its PodTemplate with an input, and what the definition says of Jobs. It bears the labels of the
 * template's pods: those of the PodTemplate itself may be a deploy tool's, which would then take the Job for its own,
 * and delete it as something that nobody declared.
 */
export function stampJob(service: Service, name: string, namespace: string, { variables, object }: JobInput): object {
  const { metadata, spec } = service.template;
  const { job } = service.definition;
  const env = [
    ...Object.entries({ ...variables, [JOB_VARIABLES.jobUuid]: name }).map(([key, value]) => ({
      name: key,
      value: verbatim(value),
    })),
    { name: JOB_VARIABLES.resourceId, valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ];
  const containers = spec.containers.map((container) =>
    container.name === SERVICE_CONTAINER_NAME ? { ...container, env: [...(container.env ?? []), ...env] } : container,
  );
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace,
      labels: { ...metadata?.labels, ...waitingLabel(job) },
      ...(object === undefined ? {} : { annotations: { [OBJECT_ANNOTATION]: object } }),
    },
    spec: {
      ...jobFields(job),
      template: {
        metadata,
        spec: {
          ...spec,
          containers: containers satisfies Container[],
          // A Job's own is counted while it waits for room as well: what has waited long would fail and never have run.
          activeDeadlineSeconds: job.deadlineSeconds,
        },
      },
    },
  };
}

function jobFields(job: JobSettings) {
  return {
    backoffLimit: job.retries,
    activeDeadlineSeconds: jobLifetimeSeconds(job),
    ttlSecondsAfterFinished: job.ttlSeconds,
    // Of a Job that is suspended none of its time counts. `Turns` lets it go on, however free the service is now: what
    // two managers make at one moment neither of them can count.
    ...(job.concurrency === undefined ? {} : { suspend: true }),
  };
}

const waitingLabel = ({ concurrency }: JobSettings) =>
  concurrency === undefined ? {} : { [WAITING_LABEL]: String(concurrency) };

/**
 * Kubernetes puts other variables' values where a value says `$(NAME)`: a file of that name would read the service's
 * token. `$$` stands for `$`.
 */
const verbatim = (value: string) => value.replaceAll('$', '$$$$');
