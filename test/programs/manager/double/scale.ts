import { ApiObject, GivenObject, valueAt } from './objects';
import { invalid } from './status';
import { merged } from './patch';
import { wrong } from './validation';

interface Scale {
  readonly metadata: object;
  readonly spec: { readonly replicas?: number };
  readonly [field: string]: unknown;
}

/** `deployments/NAME/scale`. A zero is left out of `spec`, and isn't of `status`. */
export function readScale({ metadata, spec, status }: ApiObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const labels = Object.entries((valueAt(spec, 'selector.matchLabels') as Record<string, string>) ?? {});
  const replicas = valueAt(spec, 'replicas') as number;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: valueAt(status, 'replicas') ?? 0,
      selector: labels.map(([key, value]) => `${key}=${value}`).join(','),
    },
  };
}

/** What a patch of the scale is to the Deployment. @throws Refusal 422 */
export function scalePatch(deployment: ApiObject, patch: GivenObject): GivenObject {
  const { spec } = merged(readScale(deployment), patch) as Scale;
  const replicas = spec?.replicas ?? 0;
  if (replicas < 0) {
    const cause = wrong('spec.replicas', replicas, 'must be greater than or equal to 0');
    throw invalid({ group: 'autoscaling' }, 'Scale', deployment.metadata.name, [cause]);
  }
  const { resourceVersion } = patch.metadata ?? {};
  return { ...(resourceVersion ? { metadata: { resourceVersion } } : {}), spec: { replicas } };
}
