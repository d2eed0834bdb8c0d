import { FileService } from '../../src/constructs/file-service';
import { StorageProvider } from '../../src/constructs/storage';
import { chart, manifests, platform, propsOf, refusal, synthesize } from './service-fixture';

const bucketMountDriver = 'ru.yandex.s3.csi';

function mounted(mount = platform().store.path('photos/shared')) {
  const scope = chart();
  new FileService(scope, 'cowsay', propsOf({ platform: platform({ bucketMountDriver }), mount }));
  const objects = manifests(scope);
  const find = (kind: string) => objects.find((object) => object.kind === kind)!;
  return { volume: find('PersistentVolume'), claim: find('PersistentVolumeClaim'), pod: find('PodTemplate').template };
}

test('a folder of a bucket is a claim of its own, with credentials of its own', () => {
  const { volume, claim } = mounted();
  const secret = { name: 'cowsay-mount', namespace: 'oscar-svc' };
  expect(volume.metadata.name).toBe('oscar-svc.cowsay-mount');
  expect(volume.spec.csi).toMatchObject({
    driver: bucketMountDriver,
    volumeHandle: 'photos/shared',
    controllerPublishSecretRef: secret,
    nodePublishSecretRef: secret,
    nodeStageSecretRef: secret,
  });
  expect(volume.spec.claimRef).toMatchObject({ namespace: 'oscar-svc', name: 'cowsay-mount' });
  expect(claim.metadata.name).toBe('cowsay-mount');
  expect(claim.spec).toMatchObject({ volumeName: 'oscar-svc.cowsay-mount', storageClassName: '' });
});

test('it is where upstream’s services look for it', () => {
  const { pod } = mounted();
  expect(pod.spec.containers[0].volumeMounts).toContainEqual({ name: 'mount', mountPath: '/mnt/photos/shared' });
  expect(pod.spec.volumes).toContainEqual({ name: 'mount', persistentVolumeClaim: { claimName: 'cowsay-mount' } });
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
