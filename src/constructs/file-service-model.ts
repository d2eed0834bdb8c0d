import type { IPlatform } from './platform-reference';
import type { ExposeProps, FileServiceProps, JobProps, ScaleProps } from './file-service-props';
import type { StorageBinding, StorageProvider } from './storage';

/** A service with every default filled in: what its objects are made from. */
export interface ServiceModel {
  readonly name: string;
  readonly platform: IPlatform;
  readonly props: FileServiceProps;
  /** Text of the script. */
  readonly script: string;
  readonly cpu: string;
  readonly memory: string;
  readonly synchronous: Required<ScaleProps>;
  readonly expose?: Exposure;
  readonly job: Required<Omit<JobProps, 'concurrency'>> & Pick<JobProps, 'concurrency'>;
  readonly invocation: Required<NonNullable<FileServiceProps['invocation']>>;
  /** They grow as bindings are added; objects are made when all are known. */
  readonly inputs: StorageBinding[];
  readonly outputs: StorageBinding[];
}

export type Exposure = Required<Omit<ExposeProps, 'nodePort'>> & Pick<ExposeProps, 'nodePort'>;

/** Fills in the defaults. Nothing is checked yet, and the script is not read. */
export function modelOf(name: string, props: FileServiceProps): Omit<ServiceModel, 'script'> {
  return {
    name,
    platform: props.platform,
    props,
    cpu: props.cpu ?? '0.2',
    memory: props.memory ?? '256Mi',
    synchronous: { ...SYNCHRONOUS, ...defined(props.synchronous) },
    ...(props.expose ? { expose: { ...EXPOSURE, ...defined(props.expose) } } : {}),
    job: { ...JOB, ...defined(props.job) },
    invocation: { ...INVOCATION, ...defined(props.invocation) },
    inputs: [],
    outputs: [],
  };
}

const SYNCHRONOUS = { minScale: 0, maxScale: 1, cpuThreshold: 80 };
const JOB = { retries: 3, deadlineSeconds: 3600, ttlSeconds: 86400 };
const INVOCATION = { timeoutSeconds: 300, maxInflight: 1 };
const EXPOSURE = {
  minScale: 1,
  maxScale: 10,
  cpuThreshold: 80,
  rewriteTarget: false,
  defaultCommand: false,
  setAuth: false,
  healthPath: '/',
};

/** Without keys that are set to nothing: they would hide a default, and YAML can't hold them. */
export function defined<T extends object>(values: T | undefined): T {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as T;
}

/** How many warm pods there are: an exposed service's are its server. */
export const scaleOf = ({ expose, synchronous }: Pick<ServiceModel, 'expose' | 'synchronous'>): Required<ScaleProps> =>
  expose ?? synchronous;

/** Every provider that the service's pods know: the platform's store always, as large events come from it. */
export function mentionedProviders({ platform, props, inputs, outputs }: ServiceModel): StorageProvider[] {
  const bound = [...inputs, ...outputs].map(({ provider }) => provider);
  return [platform.store, ...bound, ...(props.storageProviders ?? [])];
}

/** The same, each once. */
export function providersOf(model: ServiceModel): StorageProvider[] {
  return [...new Map(mentionedProviders(model).map((provider) => [provider.name, provider])).values()];
}

/** Path under which an exposed service is reached, as OSCAR's clients know it. */
export const exposedPath = (service: string) => `/system/services/${service}/exposed`;
