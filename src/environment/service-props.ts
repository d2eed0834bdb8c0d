import type { ExposeProps, FileServiceProps, TolerationProps } from '../constructs/file-service';
import type { IPlatform } from '../constructs/platform-reference';
import { Script } from '../constructs/script';
import { StoragePath, StorageProvider } from '../constructs/storage';
import { origin, Stack } from './layers';
import { isOwnStore, Providers, reference } from './providers';
import { Service, StoragePlace } from './schema/environment';

/** Path of the service's script, as the user would type it: relative to the file that names it. */
export function scriptFile(stack: Stack, script: string): string {
  return origin(stack, ['script']).layer.source.resolve(script);
}

/** Props of the service that a stack of layers stands for. */
export function serviceProps(
  service: Service,
  stack: Stack,
  platform: IPlatform,
  providers: Providers,
): FileServiceProps {
  const provider = (name: string | undefined): StorageProvider =>
    isOwnStore(reference(name)) ? platform.store : providers.of(stack, name);
  const place = ({ storage_provider, path }: Pick<StoragePlace, 'storage_provider' | 'path'>): StoragePath =>
    provider(storage_provider).path(path);
  const filtered = ({ prefix, suffix, ...rest }: StoragePlace) =>
    defined({ ...place(rest), prefix: unlessAny(prefix), suffix: unlessAny(suffix) });
  const { timeout, max_inflight, mount, synchronous, job } = service;
  return defined({
    platform,
    name: service.name,
    image: service.image,
    script: Script.fromFile(scriptFile(stack, service.script)),
    cpu: service.cpu,
    memory: service.memory,
    totalCpu: service.total_cpu || undefined,
    totalMemory: service.total_memory || undefined,
    ephemeralStorage: service.ephemeral_storage,
    gpu: service.gpu ?? (service.enable_gpu ? 1 : undefined),
    logLevel: service.log_level,
    inputs: service.input?.map(filtered),
    outputs: service.output?.map(filtered),
    storageProviders: service.storage_providers?.map(provider),
    environment: service.environment?.variables,
    secretEnvironment: service.environment?.secrets,
    fileStageIn: service.file_stage_in,
    isolationLevel: service.isolation_level,
    visibility: service.visibility,
    allowedUsers: service.allowed_users,
    vo: service.vo,
    synchronous: synchronous && scale(synchronous),
    job:
      job &&
      defined({
        retries: job.retries,
        deadlineSeconds: job.deadline,
        ttlSeconds: job.ttl,
        concurrency: job.concurrency,
      }),
    invocation:
      timeout === undefined && max_inflight === undefined
        ? undefined
        : defined({ timeoutSeconds: timeout, maxInflight: max_inflight }),
    expose: service.expose && exposeProps(service.expose),
    volume: service.volume && volumeProps(service.volume),
    mount: mount && place(mount),
    imagePrefetch: service.image_prefetch,
    imagePullSecrets: service.image_pull_secrets,
    nodeSelector: service.node_selector,
    tolerations: service.tolerations?.map(toleration),
    priorityClassName: service.priority_class,
    runtimeClassName: service.runtime_class,
    annotations: service.annotations,
    labels: service.labels,
    egress: service.egress,
  });
}

/** Without what is not set, so that it can be spread over defaults. */
function defined<T extends object>(props: T): T {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined)) as T;
}

/** Every name begins and ends with nothing: in FDL `['']` is «any». */
const unlessAny = (filter: readonly string[] | undefined) => (filter?.includes('') ? undefined : filter);

/** `max_scale: 0` is «the default» in FDL. */
const scale = (settings: NonNullable<Service['synchronous'] | Service['expose']>) =>
  defined({
    minScale: settings.min_scale,
    maxScale: settings.max_scale || undefined,
    cpuThreshold: settings.cpu_threshold,
  });

/** `api_port: 0`, or none, is «not exposed» in FDL, and `nodePort: 0` is «none». */
function exposeProps(expose: NonNullable<Service['expose']>): ExposeProps | undefined {
  const ports = (expose.api_port ?? []).filter((port) => port !== 0);
  if (!ports.length) return undefined;
  return defined({
    ports,
    ...scale(expose),
    rewriteTarget: expose.rewrite_target,
    defaultCommand: expose.default_command,
    setAuth: expose.set_auth,
    healthPath: expose.health_path,
    nodePort: expose.nodePort || undefined,
  });
}

const volumeProps = (volume: NonNullable<Service['volume']>) =>
  defined({
    name: volume.name,
    size: volume.size,
    mountPath: volume.mount_path,
    storageClassName: volume.storage_class,
    accessMode: volume.access_mode,
  });

const toleration = ({ toleration_seconds, ...rest }: NonNullable<Service['tolerations']>[number]): TolerationProps =>
  defined({
    ...rest,
    tolerationSeconds: toleration_seconds,
  });
