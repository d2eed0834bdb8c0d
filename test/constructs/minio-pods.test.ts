import { Minio } from '../../src/constructs/minio';
import type { MinioDeployed } from '../../src/constructs/minio-options';
import { manifests, only } from '../support/platform';

const statefulSet = (options: MinioDeployed) =>
  only(
    manifests((chart) => new Minio(chart, 'minio', { ...options, namespace: 'p' })),
    'StatefulSet',
  ).spec;
const variables = (spec: ReturnType<typeof statefulSet>) => spec.template.spec.containers[0].env;

test('a pod that is replaced is found again, by its new address, before the next one goes', () => {
  const spec = statefulSet({ kind: 'distributed' });
  expect(variables(spec)).toContainEqual({ name: 'MINIO_DNS_CACHE_TTL', value: '2s' });
  expect(spec.minReadySeconds).toBe(10);
});

test('one that is alone looks for none', () => {
  const spec = statefulSet({ kind: 'standalone' });
  expect(variables(spec)).not.toContainEqual(expect.objectContaining({ name: 'MINIO_DNS_CACHE_TTL' }));
  expect(spec.minReadySeconds).toBeUndefined();
});
