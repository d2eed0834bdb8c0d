import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import type { ObjectMeta } from 'cdk8s-plus-27/lib/imports/k8s';
import { ENVIRONMENT_LABEL, KEEP_ANNOTATIONS, KEEP_LABEL } from '../contract';

export interface MetadataProps {
  readonly name: string;
  /** @default none: the object is the cluster's */
  readonly namespace?: string;
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
  /** It holds data, or Jobs of before refer to it: pruning must not take it. @default false */
  readonly keep?: boolean;
}

/** Metadata of an object. The chart's own labels (environment, version) are added by cdk8s. */
export function metadata({ name, namespace, labels, annotations, keep = false }: MetadataProps): ObjectMeta {
  const marks = keep ? KEEP_ANNOTATIONS : {};
  const all = { ...annotations, ...marks };
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: keep ? { ...labels, [KEEP_LABEL]: 'true' } : labels,
    ...(Object.keys(all).length ? { annotations: all } : {}),
  };
}

/** Labels of pods: those given and the chart's environment. The version is left out, or it would restart them. */
export function podLabels(scope: Construct, labels: Record<string, string>): Record<string, string> {
  const environment = Chart.of(scope).labels[ENVIRONMENT_LABEL];
  return environment === undefined ? labels : { ...labels, [ENVIRONMENT_LABEL]: environment };
}
