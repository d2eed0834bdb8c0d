import { Construct } from 'constructs';
import { KubeDaemonSet, KubeJob, KubePersistentVolume, KubePersistentVolumeClaim } from 'cdk8s-plus-27/lib/imports/k8s';
import { contentHash, selectorLabels, SUPERVISOR_DIR } from '../contract';
import { checkImage, checkMountPath, checkQuantity, checkSubdomain } from './checks';
import { DeclarationError } from './errors';
import { Images } from './images';
import { KubernetesVersion } from './kubernetes-version';
import { lazy } from './lazy';
import { metadata, podLabels } from './metadata';
import { checkPlace } from './place';
import { Pod, plainObject, PodContainer, PodVolumeMount } from './plain';
import type { SupervisorOptions } from './platform';
import { Programs } from './programs';
import { canonicalBytes } from './quantity';
import { LINUX, RESTRICTED_CONTAINER, SERVICE_POD } from './security';
import { INSTALLED_SIZE, SupervisorInstaller } from './supervisor-installer';
import { SUPERVISOR_VOLUME, SupervisorMount } from './supervisor-mount';

export interface SupervisorVolumeProps {
  /** Name of the platform. @default 'oscar' */
  readonly name?: string;
  /** The services' namespace: pods mount the volume there. */
  readonly namespace: string;
  /** @default KubernetesVersion.DEFAULT (1.27) */
  readonly kubernetesVersion?: KubernetesVersion;
  /** @default the pinned images */
  readonly images?: Images;
  /** @default the bundles of this package */
  readonly programs?: Programs;
  /** @default { kind: 'nodeLocal' } */
  readonly options?: SupervisorOptions;
  /** Longest that a Job of any service may run, in seconds; read at synthesis. @default less than a week */
  readonly longestJobSeconds?: () => number;
}

type Given = Required<SupervisorVolumeProps>;

/** Hex digits that tell places of the volume apart. */
const PLACE_DIGITS = 6;

const MOUNT: PodVolumeMount = { name: SUPERVISOR_VOLUME, mountPath: SUPERVISOR_DIR, readOnly: true };

/**
 * The supervisor's files, as services' pods mount them: one of four kinds behind one interface. Each version is a
 * folder of its own, so that what runs keeps what it started with, and nobody sees half of a version. What Jobs refer to
 * is kept when it is no longer declared: those of before may have to start yet.
 */
export abstract class SupervisorVolume extends Construct {
  /** @throws DeclarationError when an option is impossible, or the Kubernetes version lacks what the kind needs. */
  static of(scope: Construct, id: string, props: SupervisorVolumeProps): SupervisorVolume {
    const { name = 'oscar', namespace, options = { kind: 'nodeLocal' } } = props;
    checkPlace({ name, namespace });
    const given: Given = {
      name,
      namespace,
      kubernetesVersion: props.kubernetesVersion ?? KubernetesVersion.DEFAULT,
      images: props.images ?? new Images(),
      programs: props.programs ?? new Programs(),
      options,
      longestJobSeconds: props.longestJobSeconds ?? (() => 0),
    };
    switch (options.kind) {
      case 'nodeLocal':
        return new NodeLocalVolume(scope, id, given, options);
      case 'shared':
        return new SharedVolume(scope, id, given, options);
      case 'perPod':
        return new PerPodVolume(scope, id, given);
      case 'image':
        return new ImageVolume(scope, id, given, options);
      default:
        throw new DeclarationError({
          problem: 'no kind of supervisor volume',
          field: ['supervisor', 'kind'],
          value: (options as { kind: unknown }).kind,
          allowed: 'nodeLocal, shared, perPod, image',
          fix: 'use one of these',
        });
    }
  }

  abstract readonly mount: SupervisorMount;
  /** DaemonSet that installs the supervisor on each node. @default pods get it in another way */
  readonly daemonSetName?: string;
}

/**
 * A DaemonSet installs each version on every node, and services mount that version's folder through a claim. The
 * folder has to exist (`type: Directory`): a pod on a node that has not got it yet waits, as its mount is tried again.
 */
class NodeLocalVolume extends SupervisorVolume {
  readonly mount: SupervisorMount;
  override readonly daemonSetName: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: Given,
    { hostPath = '/var/lib/oscar-cdk8s' }: Extract<SupervisorOptions, { kind: 'nodeLocal' }>,
  ) {
    super(scope, id);
    checkMountPath({ field: ['supervisor', 'hostPath'] }, hostPath);
    const { name, namespace } = props;
    const installer = new SupervisorInstaller(props);
    const folder = `${hostPath}/${namespace}/${name}`;
    this.daemonSetName = `${name}-supervisor-installer`;
    // A volume's folder can't be changed: it is part of the name.
    const stem = `${name}-supervisor-local-${contentHash([folder], PLACE_DIGITS)}`;
    const all = this.claim('versions', stem, { path: folder, type: 'DirectoryOrCreate' }, installer);
    this.daemonSet(installer, all);
    const { version } = installer;
    const path = `${folder}/${version}`;
    const one = this.claim('version', `${stem}-${version}`, { path, type: 'Directory' }, installer);
    this.mount = {
      volumes: [{ name: SUPERVISOR_VOLUME, persistentVolumeClaim: { claimName: one, readOnly: true } }],
      volumeMount: MOUNT,
      initContainers: [],
    };
  }

  /** A folder of the node as a claim: bound both ways, so that it binds at once and nobody else takes it. */
  private claim(
    id: string,
    name: string,
    hostPath: { path: string; type: 'Directory' | 'DirectoryOrCreate' },
    { labels }: SupervisorInstaller,
  ): string {
    const { namespace } = this.props;
    const keep = hostPath.type === 'Directory'; // a version's own, which Jobs refer to
    const accessModes = [keep ? 'ReadOnlyMany' : 'ReadWriteMany'];
    const volumeName = `${namespace}.${name}`; // volumes are the cluster's, and a namespace's name has no dot
    plainObject(this, `${id}-volume`, KubePersistentVolume, {
      metadata: metadata({ name: volumeName, labels, keep }),
      spec: {
        accessModes,
        capacity: { storage: '1Gi' },
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
        hostPath,
        persistentVolumeReclaimPolicy: 'Retain',
      },
    });
    plainObject(this, `${id}-claim`, KubePersistentVolumeClaim, {
      metadata: metadata({ name, namespace, labels, keep }),
      spec: { accessModes, resources: { requests: { storage: '1Gi' } }, storageClassName: '', volumeName },
    });
    return name;
  }

  /**
   * Root's folder needs root to be filled; afterwards a container of a few hundred kilobytes stays. It runs on a node
   * whenever another version becomes the current one, a rollback's too, so it knows which are not and since when.
   */
  private daemonSet(installer: SupervisorInstaller, claimName: string): void {
    const { name, namespace, images, longestJobSeconds } = this.props;
    const { labels } = installer;
    const options = () => SupervisorInstaller.removing(longestJobSeconds());
    plainObject(this, 'installer', KubeDaemonSet, {
      metadata: metadata({ name: this.daemonSetName, namespace, labels }),
      spec: {
        selector: { matchLabels: selectorLabels('supervisor-installer', name) },
        // Installers of different nodes have nothing to do with each other: all change at once.
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
        template: {
          metadata: { labels: podLabels(this, labels) },
          spec: {
            ...INSTALLER_POD,
            nodeSelector: { ...LINUX },
            // Services may run on nodes with any taint.
            tolerations: [{ operator: 'Exists' }],
            initContainers: lazy(() => [installer.container('versions', 'root', options())]),
            containers: [pauseContainer(images)],
            volumes: [{ name: 'versions', persistentVolumeClaim: { claimName } }, installer.programVolume(this)],
          } as Pod,
        },
      },
    });
  }
}

/**
 * One claim on all nodes, which a Job fills. A folder that is missing when a pod starts would be made, empty, by the
 * kubelet; so pods have an init container that waits for the version, and mount only its folder. Old versions stay: a
 * Job runs once, and not again at a rollback, so nothing there can tell which version is old.
 */
class SharedVolume extends SupervisorVolume {
  readonly mount: SupervisorMount;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: Given,
    { storageClassName, size = '1Gi' }: Extract<SupervisorOptions, { kind: 'shared' }>,
  ) {
    super(scope, id);
    checkQuantity({ field: ['supervisor', 'size'] }, size, 'bytes');
    if (storageClassName !== undefined) checkSubdomain({ field: ['supervisor', 'storageClassName'] }, storageClassName);
    const { namespace } = props;
    const installer = new SupervisorInstaller(props);
    const storage = canonicalBytes(size);
    // A claim's class can't be changed, nor can it shrink: both are part of the name.
    const place = contentHash([storageClassName ?? '', storage], PLACE_DIGITS);
    const claimName = `${props.name}-supervisor-shared-${place}`;
    plainObject(this, 'claim', KubePersistentVolumeClaim, {
      metadata: metadata({ name: claimName, namespace, labels: installer.labels, keep: true }),
      spec: {
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage } },
        ...(storageClassName === undefined ? {} : { storageClassName }),
      },
    });
    this.job(installer, claimName);
    this.mount = {
      volumes: [{ name: SUPERVISOR_VOLUME, persistentVolumeClaim: { claimName } }],
      volumeMount: { ...MOUNT, subPath: installer.version },
      initContainers: [installer.waitingContainer(SUPERVISOR_VOLUME)],
    };
  }

  /** A Job can't be changed, so it is named by all that is in it. */
  private job(installer: SupervisorInstaller, claimName: string): void {
    const { namespace } = this.props;
    const { labels } = installer;
    const spec = {
      template: {
        metadata: { labels: podLabels(this, labels) },
        spec: {
          ...INSTALLER_POD,
          restartPolicy: 'OnFailure',
          containers: [installer.container('versions', 'root')],
          volumes: [{ name: 'versions', persistentVolumeClaim: { claimName } }, installer.programVolume(this)],
        } as Pod,
      },
    };
    const name = `${this.props.name}-supervisor-${contentHash([JSON.stringify(spec)])}`;
    plainObject(this, 'installer', KubeJob, { metadata: metadata({ name, namespace, labels }), spec });
  }
}

/** Each pod installs for itself: no claim, no privileges, a slower start. */
class PerPodVolume extends SupervisorVolume {
  readonly mount: SupervisorMount;

  constructor(scope: Construct, id: string, props: Given) {
    super(scope, id);
    const installer = new SupervisorInstaller(props);
    this.mount = {
      volumes: [
        { name: SUPERVISOR_VOLUME, emptyDir: { sizeLimit: INSTALLED_SIZE } },
        installer.programVolume(this, true),
      ],
      volumeMount: { ...MOUNT, subPath: installer.version },
      initContainers: [installer.container(SUPERVISOR_VOLUME, 'restricted')],
    };
  }
}

/** On by default from Kubernetes 1.35 (the API field is older, behind a gate); before, runtimes mounted it `noexec`. */
const IMAGE_VOLUMES = 35;

/** An image that holds the supervisor's files at its root, mounted as it is. */
class ImageVolume extends SupervisorVolume {
  readonly mount: SupervisorMount;

  constructor(
    scope: Construct,
    id: string,
    { kubernetesVersion }: Given,
    { image }: Extract<SupervisorOptions, { kind: 'image' }>,
  ) {
    super(scope, id);
    checkImage({ field: ['supervisor', 'image'] }, image);
    kubernetesVersion.require(IMAGE_VOLUMES, 'a supervisor volume of kind "image"', ['supervisor', 'kind']);
    this.mount = {
      volumes: [{ name: SUPERVISOR_VOLUME, image: { reference: image, pullPolicy: 'IfNotPresent' } }],
      volumeMount: MOUNT,
      initContainers: [],
    };
  }
}

const INSTALLER_POD = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: SERVICE_POD,
};

const PAUSE_RESOURCES = { cpu: '10m', memory: '16Mi', 'ephemeral-storage': '16Mi' };

/** Does nothing: keeps a pod whose init containers did the work. */
export function pauseContainer(images: Images): PodContainer {
  return {
    name: 'pause',
    image: images.of('pause'),
    imagePullPolicy: 'Always',
    resources: { requests: PAUSE_RESOURCES, limits: PAUSE_RESOURCES },
    securityContext: RESTRICTED_CONTAINER,
  };
}
