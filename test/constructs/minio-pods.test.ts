import { Minio, MinioPlace } from '../../src/constructs/minio';
import type { MinioDeployed } from '../../src/constructs/minio-options';
import { ALIKE_ANNOTATION } from '../../src/contract';
import { Images } from '../../src/constructs/images';
import { manifests, only } from '../support/platform';

const statefulSet = (options: MinioDeployed & Pick<MinioPlace, 'images' | 'events'>) =>
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

describe('what MinIO wants alike in all pods is told apart from what may differ while they are replaced', () => {
  const alike = (options: Omit<Parameters<typeof statefulSet>[0], 'kind'> = {}) =>
    statefulSet({ ...options, kind: 'distributed' }).template.metadata.annotations[ALIKE_ANNOTATION];

  test.each([
    ['image', { images: new Images({ replace: { minio: 'example.org/minio:2' } }) }],
    ['region', { region: 'eu-south-2' }],
    ['root user', { rootSecretName: 'of-our-own' }],
    ['place of events', { events: { endpoint: 'http://elsewhere:8080/events', secretName: 'webhook' } }],
  ])('its %s', (_what, options) => {
    expect(alike(options)).toMatch(/^[0-9a-f]{10}$/);
    expect(alike(options)).not.toBe(alike());
  });

  test.each([
    ['resources', { resources: { memory: '1Gi' } }],
    ['number of pods, which would be another store', { pods: 5 }],
  ])('but not its %s', (_what, options) => expect(alike(options)).toBe(alike()));

  test('the provisioner is told, of many and not of one', () => {
    const of = (options: MinioDeployed) => {
      let minio: Minio | undefined;
      manifests((chart) => (minio = new Minio(chart, 'minio', { ...options, namespace: 'p' })));
      return minio!.storePods;
    };
    expect(of({ kind: 'distributed' })).toEqual({
      statefulSet: 'oscar-minio',
      names: ['oscar-minio-0', 'oscar-minio-1', 'oscar-minio-2', 'oscar-minio-3'],
      alike: alike(),
    });
    expect(of({ kind: 'standalone' })).toBeUndefined();
    expect(statefulSet({ kind: 'standalone' }).template.metadata.annotations).toBeUndefined();
  });
});
