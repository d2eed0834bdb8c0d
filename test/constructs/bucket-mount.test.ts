import { FileService } from '../../src/constructs/file-service';
import { StorageProvider } from '../../src/constructs/storage';
import { chart, manifests, platform, propsOf, refusal, synthesize } from './service-fixture';

const bucketMountDriver = 'ru.yandex.s3.csi';

function mounted(mount = platform().store.path('photos/shared'), driver = bucketMountDriver) {
  const scope = chart();
  new FileService(scope, 'cowsay', propsOf({ platform: platform({ bucketMountDriver: driver }), mount }));
  const objects = manifests(scope);
  const find = (kind: string) => objects.find((object) => object.kind === kind)!;
  return { volume: find('PersistentVolume'), claim: find('PersistentVolumeClaim'), pod: find('PodTemplate').template };
}

test('a folder of a bucket is a claim of its own, with credentials of its own', () => {
  const { volume, claim } = mounted();
  const secret = { name: 'cowsay-mount', namespace: 'oscar-svc' };
  const { name } = claim.metadata;
  expect(name).toMatch(/^cowsay\.mount-[0-9a-f]{10}$/);
  expect(volume.metadata.name).toBe(`oscar-svc.${name}`);
  expect(volume.spec.csi).toMatchObject({
    driver: bucketMountDriver,
    volumeHandle: 'photos/shared',
    controllerPublishSecretRef: secret,
    nodePublishSecretRef: secret,
    nodeStageSecretRef: secret,
  });
  expect(volume.spec.claimRef).toMatchObject({ namespace: 'oscar-svc', name });
  expect(claim.spec).toMatchObject({ volumeName: `oscar-svc.${name}`, storageClassName: '' });
});

test('it is where upstream’s services look for it', () => {
  const { pod, claim } = mounted();
  expect(pod.spec.containers[0].volumeMounts).toContainEqual({ name: 'mount', mountPath: '/mnt/photos/shared' });
  expect(pod.spec.volumes).toContainEqual({ name: 'mount', persistentVolumeClaim: { claimName: claim.metadata.name } });
});

test('what can’t be changed in a volume that is there makes another one', () => {
  const own = platform().store;
  const names = [
    mounted(),
    mounted(own.path('photos/other')),
    mounted(undefined, 'csi.example.org'),
    mounted(StorageProvider.s3('aws', { region: 'x', secretName: 'aws-keys' }).path('photos/shared')),
  ].map(({ volume }) => volume.metadata.name);
  expect(new Set(names).size).toBe(names.length);
  expect(mounted().volume.metadata.name).toBe(names[0]);
});

test('its claim is not the volume of a service that has such a name', () => {
  const on = platform({ bucketMountDriver });
  const scope = chart();
  new FileService(scope, 'foo', propsOf({ platform: on, mount: on.store.path('photos') }));
  new FileService(scope, 'foo-mount', propsOf({ platform: on, volume: { size: '1Gi', mountPath: '/data' } }));
  const claims = manifests(scope).filter(({ kind }) => kind === 'PersistentVolumeClaim');
  expect(new Set(claims.map(({ metadata }) => metadata.name)).size).toBe(2);
});

test('another provider’s Secret is used as it is', () => {
  const s3 = StorageProvider.s3('aws', { region: 'x', secretName: 'aws-keys' });
  expect(mounted(s3.path('any/bucket')).volume.spec.csi.nodeStageSecretRef.name).toBe('aws-keys');
});

const webdav = StorageProvider.webdav('a', { hostname: 'dav', secretName: 's' });
const store = platform().store;
test.each([
  ['no driver', platform(), store.path('photos'), 'mount: the platform has no CSI driver'],
  ['no buckets', platform({ bucketMountDriver }), webdav.path('a'), 'mount.storage_provider: only buckets'],
  ['undeclared bucket', platform({ bucketMountDriver }), store.path('foto'), 'mount.path: no bucket "foto"'],
  ['a path with ":"', platform({ bucketMountDriver }), store.path('photos/a:b'), 'mount.path: not a folder that can'],
  ['no bucket’s name', platform({ bucketMountDriver }), store.path('A/b'), 'mount.path: not a name'],
])('%s is refused', (_, on, mount, problem) => {
  expect(refusal(() => synthesize({ platform: on, mount }))).toContain(`service "cowsay": ${problem}`);
});

test.each(['/mnt', '/mnt/photos', '/mnt/photos/in/x'])('a volume at %s would overlap', (mountPath) => {
  const given = { platform: platform({ bucketMountDriver }), mount: store.path('photos/in') };
  expect(refusal(() => synthesize({ ...given, volume: { size: '1Gi', mountPath } }))).toContain(
    'overlaps with the bucket mounted at /mnt/photos/in',
  );
});
