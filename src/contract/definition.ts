/**
 * A service as programs read it: the `function_config.yaml` in the service's ConfigMap. Field names are those of
 * OSCAR's Functions Definition Language (FDL), so that upstream's supervisor could read it as well; `job` and
 * `invocation` are ours. Secrets are never in it.
 */
export interface ServiceDefinition {
  readonly name: string;
  readonly image: string;
  readonly log_level: LogLevel;
  /** Kubernetes quantities. */
  readonly cpu: string;
  readonly memory: string;
  /** Of all Jobs at one time; what follows from them is in `job.concurrency`. */
  readonly total_cpu?: string;
  readonly total_memory?: string;
  readonly enable_gpu: boolean;
  readonly file_stage_in: boolean;
  readonly isolation_level: 'service' | 'user';
  readonly input: readonly StorageInput[];
  readonly output: readonly StorageOutput[];
  readonly environment: { readonly variables: Readonly<Record<string, string>> };
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly storage_providers: StorageProviders;
  readonly expose?: ExposeDefinition;
  readonly synchronous: { readonly min_scale: number; readonly max_scale: number };
  readonly allowed_users: readonly string[];
  readonly visibility: 'public' | 'restricted' | 'private';
  readonly vo: string;
  readonly job: JobSettings;
  readonly invocation: InvocationSettings;
}

export const LOG_LEVELS = ['NOTSET', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where events come from: every object under `path` whose relative name or file name matches the filters. */
export interface StorageInput {
  /** `<type>.<id>`, e.g. `minio.default`. */
  readonly storage_provider: string;
  /** `bucket/folder`, without slashes at its ends. */
  readonly path: string;
  /** File names (not paths) begin with one of these; empty: any. */
  readonly prefix: readonly string[];
  /** File names end with one of these; empty: any. */
  readonly suffix: readonly string[];
}
/** Where results go: what matches is stored as `<path>/<relative name>`. */
export type StorageOutput = StorageInput;

/** Job's own fields, which a PodTemplate cannot hold; the manager stamps Jobs from both. */
export interface JobSettings {
  /** Kubernetes `backoffLimit`. */
  readonly retries: number;
  /** How long each try may run, from when a node has taken its pod: its `activeDeadlineSeconds`. */
  readonly deadlineSeconds: number;
  /** Kubernetes `ttlSecondsAfterFinished`. */
  readonly ttlSeconds: number;
  /** How many Jobs of the service are under way at one time, at most. @default no limit */
  readonly concurrency?: number;
}

/** A Job may wait so long for room in the cluster: a burst that takes days to process loses none of its files. */
const WAITING_SECONDS = 7 * 24 * 3600;

/** How long a Job may be there before it is over, in seconds. */
export const jobLifetimeSeconds = ({ retries, deadlineSeconds }: Pick<JobSettings, 'retries' | 'deadlineSeconds'>) =>
  WAITING_SECONDS + (retries + 1) * deadlineSeconds;

/** How the warm pods take requests. */
export interface InvocationSettings {
  /** A script that runs longer is ended, in seconds. */
  readonly timeoutSeconds: number;
  /** Scripts that run at the same time in one pod. */
  readonly maxInflight: number;
}

export interface ExposeDefinition {
  readonly min_scale: number;
  readonly max_scale: number;
  readonly api_port: readonly number[];
  readonly cpu_threshold: number;
  readonly rewrite_target: boolean;
  readonly default_command: boolean;
  readonly set_auth: boolean;
  readonly health_path: string;
  readonly nodePort?: number;
}

/** Public half of each provider's settings, by type and id; the secret half is mounted (`PROVIDERS_DIR`). */
export interface StorageProviders {
  readonly minio?: Readonly<Record<string, { endpoint: string; region: string; verify: boolean }>>;
  readonly s3?: Readonly<Record<string, { endpoint?: string; region: string; verify?: boolean; path_style?: boolean }>>;
  /** `hostname`: by HTTPS, unless it is a whole `http://…`; a port and a path may follow. */
  readonly webdav?: Readonly<Record<string, { hostname: string; login?: string }>>;
  readonly onedata?: Readonly<Record<string, { oneprovider_host: string; space: string }>>;
}
export type StorageType = keyof StorageProviders;

/**
 * Keys of each provider's Secret, mounted as files under `PROVIDERS_DIR/<type>.<id>/`. `ca.crt`: certificates (PEM) by
 * which the provider's own is judged, instead of those that everybody trusts.
 */
export const PROVIDER_SECRET_KEYS: Readonly<
  Record<StorageType, { required: readonly string[]; optional: readonly string[] }>
> = {
  minio: { required: ['accessKey', 'secretKey'], optional: ['sessionToken', 'ca.crt'] },
  s3: { required: ['accessKey', 'secretKey'], optional: ['sessionToken', 'ca.crt'] },
  webdav: { required: [], optional: ['login', 'password', 'token', 'ca.crt'] },
  onedata: { required: ['token'], optional: ['ca.crt'] },
};
