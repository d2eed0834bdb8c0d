import {
  CONFIG_DIR,
  PROVIDER_SECRET_KEYS,
  PROVIDERS_DIR,
  SCRIPT_KEY,
  selectorLabels,
  SERVICE_CONTAINER_NAME,
  serviceSecrets,
  supervisorCommand,
  SUPERVISOR_HEALTH_PATH,
  SUPERVISOR_LIVENESS_PATH,
  SUPERVISOR_PORT,
  WORK_DIR,
} from '../contract';
import { mountedAt } from './bucket-mount';
import { environmentOf } from './file-service-environment';
import { exposedPath, Exposure, providersOf, scaleOf, ServiceModel } from './file-service-model';
import type { FileServiceProps } from './file-service-props';
import type { Pod, PodContainer, PodVolume, PodVolumeMount } from './plain';
import { canonicalBytes, canonicalCpu } from './quantity';
import { SERVICE_CONTAINER, SERVICE_POD } from './security';
import { spreadOverHosts } from './spread';
import type { StorageProvider } from './storage';

/** Name of the port by which the Service reaches a warm pod. */
export const HTTP_PORT = 'http';

/** Claims that the pods mount, where there are some. */
export interface Claims {
  readonly volume?: string;
  readonly mount?: string;
}

/** A warm pod: the supervisor takes requests, or an exposed service's own server runs. */
export function warmPod(model: ServiceModel, claims: Claims): Pod {
  const { name, expose, invocation } = model;
  const spread = scaleOf(model).maxScale > 1 ? spreadOverHosts(selectorLabels('service', name)) : {};
  if (expose) return { ...pod(model, claims, serverOf(name, expose)), ...spread };
  return {
    ...pod(model, claims, SUPERVISOR_SERVER, [WORK]),
    ...spread,
    // Processes that scripts leave behind become children of process 1. That is then the pod's pause process, which
    // reaps them; Node would not, and a pod that runs for months would be full of zombies.
    shareProcessNamespace: true,
    // A request that was accepted may run to its end.
    terminationGracePeriodSeconds: invocation.timeoutSeconds + 10,
  };
}

/** A Job's pod. `Never`: each try is a pod of its own, whose log stays, and a lost node counts as a try. */
export function jobPod(model: ServiceModel, claims: Claims): Pod {
  return { ...pod(model, claims, { command: supervisorCommand() }, [WORK]), restartPolicy: 'Never' };
}

/** The limit on the CPU makes a busy script's supervisor slow to answer, so a probe waits and liveness is patient. */
const SUPERVISOR_SERVER: Partial<PodContainer> = {
  command: supervisorCommand('serve'),
  ports: [{ name: HTTP_PORT, containerPort: SUPERVISOR_PORT }],
  readinessProbe: { httpGet: { path: SUPERVISOR_HEALTH_PATH, port: HTTP_PORT }, periodSeconds: 2, timeoutSeconds: 5 },
  livenessProbe: {
    httpGet: { path: SUPERVISOR_LIVENESS_PATH, port: HTTP_PORT },
    periodSeconds: 20,
    timeoutSeconds: 10,
    failureThreshold: 6,
  },
};

function serverOf(name: string, expose: Exposure): Partial<PodContainer> {
  const path = expose.rewriteTarget ? `${exposedPath(name)}${expose.healthPath}` : expose.healthPath;
  const probe = { httpGet: { path, port: HTTP_PORT } };
  return {
    // The script is executed and not given to a shell: its first line says what runs it.
    ...(expose.defaultCommand ? {} : { command: ['/bin/sh', '-c', `exec ${CONFIG_DIR}/${SCRIPT_KEY}`] }),
    ports: expose.ports.map((port, i) => ({ name: portName(port, i), containerPort: port })),
    readinessProbe: { ...probe, periodSeconds: 5, timeoutSeconds: 5 },
    // A server that loads a model takes its time: it is restarted after two minutes without an answer.
    livenessProbe: { ...probe, initialDelaySeconds: 30, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
  };
}

/** The first port is the one that the route reaches. */
export const portName = (port: number, index: number) => (index === 0 ? HTTP_PORT : `port-${port}`);

type Mounted = readonly [PodVolume, PodVolumeMount];

/** Where the supervisor works. Files in it count as the container's ephemeral storage, so it needs no limit of its own. */
const WORK: Mounted = [
  { name: 'work', emptyDir: {} },
  { name: 'work', mountPath: WORK_DIR },
];

function pod(
  model: ServiceModel,
  claims: Claims,
  container: Partial<PodContainer>,
  more: readonly Mounted[] = [],
): Pod {
  const { props, platform } = model;
  const { supervisor } = platform;
  const mounted = [...mounts(model, claims), ...more];
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: SERVICE_POD,
    ...placement(props),
    ...(supervisor.initContainers.length ? { initContainers: supervisor.initContainers } : {}),
    containers: [
      {
        name: SERVICE_CONTAINER_NAME,
        image: props.image,
        imagePullPolicy: 'Always',
        ...container,
        env: environmentOf(model),
        resources: resourcesOf(model),
        securityContext: SERVICE_CONTAINER,
        volumeMounts: [supervisor.volumeMount, ...mounted.map(([, mount]) => mount)],
      },
    ],
    volumes: [...supervisor.volumes, ...mounted.map(([volume]) => volume)],
  };
}

/** Where pods that run the user's image may run, and how the image gets there. */
export function placement(props: FileServiceProps): Omit<Pod, 'containers'> {
  const { nodeSelector = {}, tolerations = [], imagePullSecrets = [], priorityClassName, runtimeClassName } = props;
  return {
    ...(Object.keys(nodeSelector).length ? { nodeSelector } : {}),
    ...(tolerations.length ? { tolerations } : {}),
    ...(imagePullSecrets.length ? { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) } : {}),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
  };
}

/** Limits and requests are equal: a node is never promised to more than it holds. */
function resourcesOf({ cpu, memory, props: { ephemeralStorage, gpu = 0 } }: ServiceModel): PodContainer['resources'] {
  const resources: Record<string, string> = {
    cpu: canonicalCpu(cpu),
    memory: canonicalBytes(memory),
    ...(ephemeralStorage === undefined ? {} : { 'ephemeral-storage': canonicalBytes(ephemeralStorage) }),
    ...(gpu > 0 ? { 'nvidia.com/gpu': String(gpu) } : {}),
  };
  return { requests: resources, limits: resources };
}

function mounts(model: ServiceModel, claims: Claims): Mounted[] {
  const { name, props } = model;
  const secrets = providersOf(model).flatMap((provider) => secretSources(name, provider));
  const config = { name, defaultMode: 0o755 };
  return [
    [{ name: 'config', configMap: config }, readOnly('config', CONFIG_DIR)],
    [{ name: 'providers', projected: { sources: secrets } }, readOnly('providers', PROVIDERS_DIR)],
    ...claimed('volume', claims.volume, props.volume?.mountPath),
    ...claimed('mount', claims.mount, props.mount && mountedAt(props.mount)),
  ];
}

const readOnly = (name: string, mountPath: string): PodVolumeMount => ({ name, mountPath, readOnly: true });

function claimed(name: string, claimName: string | undefined, mountPath: string | undefined): Mounted[] {
  if (claimName === undefined || mountPath === undefined) return [];
  return [
    [
      { name, persistentVolumeClaim: { claimName } },
      { name, mountPath },
    ],
  ];
}

/** `<type>.<id>/<key>` for each key of the provider's Secret. A pod waits for required ones; the store's own has no others. */
function secretSources(service: string, { type, name, secretName }: StorageProvider) {
  const secret = secretName ?? serviceSecrets(service).minio;
  const { required, optional } = PROVIDER_SECRET_KEYS[type];
  const items = (keys: readonly string[]) => keys.map((key) => ({ key, path: `${name}/${key}` }));
  return [
    ...(required.length ? [{ secret: { name: secret, items: items(required) } }] : []),
    ...(secretName !== undefined && optional.length
      ? [{ secret: { name: secret, items: items(optional), optional: true } }]
      : []),
  ];
}
