import type { PodSpec } from 'cdk8s-plus-27/lib/imports/k8s';

const HOST = 'kubernetes.io/hostname';

/**
 * Pods of one kind on as many nodes as there are, so that one node's end is not the end of all. A preference: where
 * nodes are few they share one, or a cluster of two could never roll out a third pod.
 */
export function spreadOverHosts(
  labels: Record<string, string>,
): Pick<PodSpec, 'affinity' | 'topologySpreadConstraints'> {
  const labelSelector = { matchLabels: labels };
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: HOST, labelSelector } },
        ],
      },
    },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: HOST, whenUnsatisfiable: 'ScheduleAnyway', labelSelector }],
  };
}
