import { Construct } from 'constructs';
import {
  Container,
  EnvVar,
  IntOrString,
  KubePersistentVolumeClaimProps,
  KubeStatefulSet,
  Probe,
  Quantity,
} from 'cdk8s-plus-27/lib/imports/k8s';
import {
  ALIKE_ANNOTATION,
  contentHash,
  KEEP_ANNOTATIONS,
  KEEP_LABEL,
  MINIO_PORT,
  StoreCredentials,
  StorePods,
  WEBHOOK_TARGET,
} from '../contract';
import type { Images } from './images';
import { metadata, podLabels } from './metadata';
import type { MinioDeployed } from './minio-options';
import { canonicalBytes } from './quantity';
import { resources } from './resources';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './security';
import { spreadOverHosts } from './spread';

/** Who is told of every object that is there now. */
export interface EventTarget {
  /** @example 'http://oscar-manager.oscar.svc:8080/events' */
  readonly endpoint: string;
  /** Secret (key `token`): what MinIO shows to the target. */
  readonly secretName: string;
}

interface MinioPodsProps extends Pick<MinioDeployed, 'storage' | 'storageClassName' | 'resources'> {
  readonly name: string;
  readonly namespace: string;
  readonly pods: number;
  /** Name of the headless Service. */
  readonly peers: string;
  readonly region: string;
  readonly labels: Record<string, string>;
  readonly selector: Record<string, string>;
  readonly images: Images;
  readonly credentials: StoreCredentials;
  readonly events?: EventTarget;
}

const RESOURCES = { cpu: '100m', cpuLimit: '2', memory: '512Mi', memoryLimit: '2Gi', ephemeralStorage: '256Mi' };

/** The pod's own volume: objects, and events that nobody has taken yet. */
const DATA_DIR = '/data';
const DRIVE_DIR = `${DATA_DIR}/drive`;
const QUEUE_DIR = `${DATA_DIR}/queue`;
/** Events kept while nobody takes them; MinIO's own default is 100,000, and more are lost. */
const QUEUE_LIMIT = 500_000;
/** MinIO ends requests and repairs under way before it goes: a minute at most for the latter. */
const GRACE_SECONDS = 90;
/**
 * Of a pod that is replaced, until the next one is: the others find it by its new address, and of four no more than one is missing,
 * or no upload is taken.
 */
const SETTLED_SECONDS = 10;
/** How long pods believe an address of another one. MinIO's own 30 s is as long as uploads are refused after a pod is replaced. */
const ADDRESS_SECONDS = 2;
/** Settings that MinIO compares between its pods (its cmd/bootstrap-peer-server.go), and the root user, by whom they know one another. */
const COMPARED = /^MINIO_/;

/** MinIO's pods and their volumes. */
export class MinioPods extends Construct {
  /** Of several, for who replaces them; of one there is nothing to compare. */
  readonly storePods?: StorePods;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: MinioPodsProps,
  ) {
    super(scope, id);
    const { name, namespace, labels, selector, pods, peers } = props;
    const container = this.container();
    if (pods > 1) {
      const names = Array.from({ length: pods }, (_, ordinal) => `${name}-${ordinal}`);
      this.storePods = { statefulSet: name, names, alike: hashOf(container) };
    }
    new KubeStatefulSet(this, 'stateful-set', {
      metadata: metadata({ name, namespace, labels }),
      spec: {
        serviceName: peers,
        replicas: pods,
        // Pods wait for one another: one by one, the first would never be ready.
        podManagementPolicy: 'Parallel',
        ...(pods > 1 ? { minReadySeconds: SETTLED_SECONDS } : {}),
        selector: { matchLabels: selector },
        template: {
          metadata: {
            labels: podLabels(this, labels),
            ...(this.storePods ? { annotations: { [ALIKE_ANNOTATION]: this.storePods.alike } } : {}),
          },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: GRACE_SECONDS,
            securityContext: RESTRICTED_POD,
            ...(pods > 1 ? spreadOverHosts(selector) : {}),
            containers: [container],
            volumes: [{ name: 'tmp', emptyDir: { sizeLimit: Quantity.fromString('64Mi') } }],
          },
        },
        volumeClaimTemplates: [this.claim()],
      },
    });
  }

  private container(): Container {
    return {
      name: 'minio',
      image: this.props.images.of('minio'),
      imagePullPolicy: 'Always',
      // The image's own entrypoint puts the server's name before it, which differs between MinIO and its forks.
      args: ['server', this.drives()],
      env: [...this.settings(), ...this.events()],
      ports: [{ name: 'http', containerPort: MINIO_PORT }],
      ...this.probes(),
      resources: resources(['minio', 'resources'], this.props.resources ?? {}, RESOURCES),
      securityContext: RESTRICTED_CONTAINER,
      volumeMounts: [
        { name: 'data', mountPath: DATA_DIR },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    };
  }

  /** One drive a pod; every pod is told of all, in MinIO's own notation. */
  private drives(): string {
    const { name, namespace, peers, pods } = this.props;
    if (pods === 1) return DRIVE_DIR;
    return `http://${name}-{0...${pods - 1}}.${peers}.${namespace}.svc:${MINIO_PORT}${DRIVE_DIR}`;
  }

  private settings(): EnvVar[] {
    const { credentials, region, pods } = this.props;
    return [
      fromSecret('MINIO_ROOT_USER', credentials.secretName, credentials.keys.accessKey),
      fromSecret('MINIO_ROOT_PASSWORD', credentials.secretName, credentials.keys.secretKey),
      { name: 'MINIO_SITE_REGION', value: region },
      // No console: one door less. No look for new versions: the image is pinned, and the way out is closed.
      { name: 'MINIO_BROWSER', value: 'off' },
      { name: 'MINIO_UPDATE', value: 'off' },
      ...(pods > 1 ? [{ name: 'MINIO_DNS_CACHE_TTL', value: `${ADDRESS_SECONDS}s` }] : []),
      // It wants a folder for certificates in its home, and the image's is read-only.
      { name: 'HOME', value: '/tmp' },
    ];
  }

  /**
   * Without a queue MinIO tries once and forgets; an upload is answered when its event is in the queue; and none is taken
   * before the buckets' rules are read: MinIO would store it and tell nobody. It does so where they could not be read, too,
   * which the sweep mends.
   */
  private events(): EnvVar[] {
    const { events } = this.props;
    if (!events) return [];
    const webhook = (setting: string) => `MINIO_NOTIFY_WEBHOOK_${setting}_${WEBHOOK_TARGET}`;
    return [
      { name: webhook('ENABLE'), value: 'on' },
      { name: webhook('ENDPOINT'), value: events.endpoint },
      fromSecret(webhook('AUTH_TOKEN'), events.secretName, 'token'),
      { name: webhook('QUEUE_DIR'), value: QUEUE_DIR },
      { name: webhook('QUEUE_LIMIT'), value: String(QUEUE_LIMIT) },
      { name: 'MINIO_API_SYNC_EVENTS', value: 'on' },
      { name: 'MINIO_SYNC_BOOT', value: 'on' },
    ];
  }

  /**
   * Ready is who can serve reads: `/minio/health/ready` says yes before the store is there, and `/cluster` says no
   * to reads as well when too few drives are left to write. Alive is said to be no under load: it may take a while.
   */
  private probes(): Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
    const get = (path: string): Probe => ({
      httpGet: { path: `/minio/health/${path}`, port: IntOrString.fromString('http') },
      periodSeconds: 10,
      timeoutSeconds: 10,
    });
    return {
      startupProbe: { ...get('live'), periodSeconds: 2, failureThreshold: 150 },
      readinessProbe: { ...get('cluster/read'), periodSeconds: 5 },
      livenessProbe: { ...get('live'), failureThreshold: 12 },
    };
  }

  private claim(): KubePersistentVolumeClaimProps {
    const { labels, storage = '10Gi', storageClassName } = this.props;
    return {
      metadata: {
        name: 'data',
        // A template can't be changed: not the environment's label, or a renamed environment would be refused.
        labels: { ...labels, [KEEP_LABEL]: 'true' },
        annotations: { ...KEEP_ANNOTATIONS },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName,
        resources: { requests: { storage: Quantity.fromString(canonicalBytes(storage)) } },
      },
    };
  }
}

/**
 * Of what a pod must have as the others have it: program and settings. It serves no earlier than half of the others
 * have the same, which a rollout pod by pod would wait for in vain. (Other drives are another store: nobody replaces pods
 * for these.)
 */
function hashOf({ image, env = [] }: Container): string {
  return contentHash([JSON.stringify([image, env.filter(({ name }) => COMPARED.test(name))])]);
}

function fromSecret(name: string, secretName: string, key: string): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secretName, key } } };
}
