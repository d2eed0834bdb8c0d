import { Construct } from 'constructs';
import { KubePersistentVolume, KubePersistentVolumeClaim } from 'cdk8s-plus-27/lib/imports/k8s';
import { contentHash, serviceLabels, serviceSecrets } from '../contract';
import { check, Subject } from './checks';
import { metadata } from './metadata';
import type { IPlatform } from './platform-reference';
import { plainObject } from './plain';
import { checkBinding, hasBuckets, StoragePath } from './storage';

/** Where upstream's services find it. */
export const mountedAt = ({ path }: StoragePath) => `/mnt/${path}`;

/** Throws when the platform has no driver, or the provider no buckets. */
export function checkBucketMount(at: (...field: string[]) => Subject, mount: StoragePath, platform: IPlatform): void {
  check(platform.bucketMountDriver !== undefined, at('mount'), {
    problem: 'the platform has no CSI driver that mounts buckets',
    fix: 'install one (csi-s3) and name it as `bucketMountDriver`, or read the files as `input`',
  });
  checkBinding(at('mount'), mount);
  check(!mount.path.includes(':'), at('mount', 'path'), {
    problem: 'not a folder that can be mounted: its path in the container would have a ":"',
    value: mount.path,
    allowed: 'a path without ":"',
    fix: 'mount the folder above it, or rename it',
  });
  check(hasBuckets(mount.provider), at('mount', 'storage_provider'), {
    problem: 'only buckets can be mounted',
    value: mount.provider.name,
    allowed: 'a provider of type minio or s3',
    fix: 'write the files there as `output`',
  });
}

export interface BucketMountProps {
  /** Service whose pods mount it. */
  readonly service: string;
  readonly platform: IPlatform;
  readonly mount: StoragePath;
}

/**
 * A folder of a bucket as a claim, by a driver of the csi-s3 family: it takes `bucket/folder` as the volume's handle.
 * The mount has credentials of its own, for this folder only. Services that mount one folder have one handle, as it is
 * the driver's address for it: on a node that runs both, they share the first one's mount, whose rights are the same.
 */
export class BucketMount extends Construct {
  readonly claimName: string;

  constructor(scope: Construct, id: string, props: BucketMountProps) {
    super(scope, id);
    const { service, platform } = props;
    const namespace = platform.servicesNamespace;
    const csi = csiOf(props);
    // Nothing of it can be changed in a volume that is there, so another folder or driver is another volume.
    const name = `${service}.mount-${contentHash([JSON.stringify(csi)])}`; // no service's own name has a dot
    const volumeName = `${namespace}.${name}`; // volumes are the cluster's, and a namespace's name has no dot
    const labels = serviceLabels(service);
    const accessModes = ['ReadWriteMany'];
    plainObject(this, 'volume', KubePersistentVolume, {
      metadata: metadata({ name: volumeName, labels }),
      spec: {
        accessModes,
        capacity: { storage: '1Gi' }, // has to be named, and means nothing for a bucket
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
        csi,
        persistentVolumeReclaimPolicy: 'Retain',
      },
    });
    plainObject(this, 'claim', KubePersistentVolumeClaim, {
      metadata: metadata({ name, namespace, labels }),
      spec: { accessModes, resources: { requests: { storage: '1Gi' } }, storageClassName: '', volumeName },
    });
    this.claimName = name;
  }
}

function csiOf({ service, platform, mount }: BucketMountProps) {
  const secret = {
    name: mount.provider.secretName ?? serviceSecrets(service).mount,
    namespace: platform.servicesNamespace,
  };
  return {
    driver: platform.bucketMountDriver!,
    volumeHandle: mount.path,
    // Users' images run as any user.
    volumeAttributes: { mounter: 'geesefs', options: '--memory-limit 1000 --dir-mode 0777 --file-mode 0666' },
    controllerPublishSecretRef: secret,
    nodePublishSecretRef: secret,
    nodeStageSecretRef: secret,
  };
}
