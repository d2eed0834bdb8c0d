import { GeneratedSecret, KEEP_ANNOTATIONS, KEEP_LABEL, SecretValue } from '../contract';

/** A Secret that the provisioner makes where it is missing: it holds data from then on, so no pruning may take it. */
export function generatedSecret(
  namespace: string,
  name: string,
  labels: Record<string, string>,
  data: Readonly<Record<string, SecretValue>>,
): GeneratedSecret {
  return { namespace, name, labels: { ...labels, [KEEP_LABEL]: 'true' }, annotations: KEEP_ANNOTATIONS, data };
}
