/** Labels and annotations that constructs write and programs select by. */

/** Label that OSCAR's own clients look for on everything of a service (upstream: `ServiceLabel`). */
export const SERVICE_LABEL = 'oscar_service';

/** Environment that an object belongs to. Never changes during an object's life, so pods carry it too. */
export const ENVIRONMENT_LABEL = 'oscar-cdk8s/environment';

/** Environment's version that last declared an object. Not on pods: a new version alone restarts nothing. */
export const VERSION_LABEL = 'oscar-cdk8s/version';

/**
 * `"true"` on whatever holds data or what Jobs of before refer to: never pruned (volumes, claims, generated secrets,
 * namespaces; a supervisor's version).
 */
export const KEEP_LABEL = 'oscar-cdk8s/keep';

/** On a pod template: hash of configuration that running pods read only at their start. */
export const CONFIG_HASH_ANNOTATION = 'oscar-cdk8s/config-hash';

/**
 * On the pods of a store of several: hash of what MinIO wants to be the same in all of them. One whose hash is another
 * doesn't begin to serve beside them.
 */
export const ALIKE_ANNOTATION = 'oscar-cdk8s/alike';

/**
 * On a Job that the manager suspended until its turn comes: how many Jobs of the service its definition allowed to be
 * under way at one time when it was made. It goes with the suspension, so that a Job which a person suspends has none.
 */
export const WAITING_LABEL = 'oscar-cdk8s/waits-for-one-of';

/** What deploy tools understand as «do not prune this»: Argo CD's and Flux's own marks. */
export const KEEP_ANNOTATIONS: Readonly<Record<string, string>> = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

/** Value of `app.kubernetes.io/component` for each kind of part. */
export type Component =
  'manager' | 'minio' | 'provisioner' | 'sweep' | 'supervisor-installer' | 'service' | 'job' | 'prefetch' | 'platform';

/**
 * Labels by which an object's part is selected. They are immutable in the cluster (Deployment's and StatefulSet's
 * selectors are), so they derive from names only, never from construct paths or versions.
 */
export function selectorLabels(component: Component, instance: string): Record<string, string> {
  return { 'app.kubernetes.io/component': component, 'app.kubernetes.io/instance': instance };
}

/** Selector labels and the recommended labels beside them. */
export function recommendedLabels(component: Component, instance: string): Record<string, string> {
  return {
    ...selectorLabels(component, instance),
    'app.kubernetes.io/name': component === 'service' || component === 'job' ? instance : `oscar-${component}`,
    'app.kubernetes.io/part-of': 'oscar',
    'app.kubernetes.io/managed-by': 'oscar-cdk8s',
  };
}

/** Labels of a service's object: the recommended ones and upstream's. `component` tells warm pods from Jobs' pods. */
export function serviceLabels(
  service: string,
  component: 'service' | 'job' | 'prefetch' = 'service',
): Record<string, string> {
  return { ...recommendedLabels(component, service), [SERVICE_LABEL]: service };
}
