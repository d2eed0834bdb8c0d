/** Names of objects in the cluster: stable, and what a person would type. */
import { createHash } from 'node:crypto';

export type Program = 'manager' | 'provisioner' | 'supervisor' | 'installer';

/** Ports (TCP) that programs listen on. */
export const MANAGER_PORT = 8080;
export const SUPERVISOR_PORT = 8080;
export const MINIO_PORT = 9000;

/** The manager's own health: 200 when it can take requests. */
export const HEALTH_PATH = '/health';
/** 200 while the process answers at all: says nothing of what the manager itself depends on. */
export const LIVENESS_PATH = `${HEALTH_PATH}?live`;
/** The supervisor's, in a warm pod; of the same two meanings. */
export const SUPERVISOR_HEALTH_PATH = '/healthz';
export const SUPERVISOR_LIVENESS_PATH = `${SUPERVISOR_HEALTH_PATH}?live`;
/** The supervisor's metrics, in a warm pod. */
export const SUPERVISOR_METRICS_PATH = '/metrics';
/** One of them: seconds since its last invocation ended. The manager takes warm pods away by it. */
export const IDLE_METRIC = 'oscar_supervisor_idle_seconds';
/** Another one: its invocations by outcome. The manager takes pods away that have had none and that nobody asked for. */
export const INVOCATIONS_METRIC = 'oscar_supervisor_invocations_total';
/** Name of the platform's own store among providers: no environment defines it, and it alone sends events. */
export const PLATFORM_STORE = 'minio.default';

/** Of the service's container in its pods. Upstream's: its clients read logs by this name. */
export const SERVICE_CONTAINER_NAME = 'oscar-container';

/**
 * Header of a call: which service it is for. A pod of another one refuses it (421): addresses go from pod to pod, and a
 * manager may know an old one.
 */
export const SERVICE_HEADER = 'x-oscar-service';

/** Where MinIO sends its events. */
export const EVENTS_PATH = '/events';

/** Where the sweep asks the manager for a Job of an object (`SweptObject`), in the same trust as events. */
export const SWEEP_PATH = '/sweep';

/** The webhook target's identifier in MinIO, and the ARN that bucket rules name (without a region). */
export const WEBHOOK_TARGET = 'OSCAR';
export const WEBHOOK_ARN = `arn:minio:sqs::${WEBHOOK_TARGET}:webhook`;

/**
 * Longest name of a service (upstream's limit as well). A Job is named `<service>-<20 hex digits>`, and its pods get
 * 6 characters more: 39 + 21 = 60 fits the 63 of a label, where Kubernetes repeats the Job's name.
 */
export const SERVICE_NAME_MAX = 39;

/**
 * Secrets of one service, in the services' namespace. The last word tells what it is, so no two services share one:
 * `a-token` of the service `a` is no name that the service `a-token` gives.
 */
export const serviceSecrets = (service: string) => ({
  /** Keys `token`: 64 hex digits; `auth`: the same as a password of the user `<service>`, for basic auth. */
  token: `${service}-token`,
  /** Keys `accessKey`, `secretKey`: the service's own MinIO user. */
  minio: `${service}-minio`,
  /** Of a bucket mount: a MinIO user for its folder only, in the CSI driver's keys as well. */
  mount: `${service}-mount`,
});

/**
 * Access keys of one service's users in the platform's store. A dot is in no name of a platform or a service, so none
 * of them is another service's, another platform's, or the store's root user (`<platform>-root`). MinIO takes any text
 * of 3 characters and more without `=` and `,`.
 */
export const storeUsers = (platform: string, service: string) => ({
  /** For the paths of its inputs and outputs. */
  service: `${platform}.${service}`,
  /** For the folder that is mounted. */
  mount: `${platform}.${service}.mount`,
});

/**
 * Access keys of the users that the platform's own programs have in its store. Three words, of which the last is not
 * `mount`: no service's user has such a name, whatever the service is called.
 */
export const platformUsers = (platform: string) => ({
  /** For the folders that services are bound to, and for the records of uploads. */
  sweep: `${platform}.platform.sweep`,
});

/** What names of the platform's own claims begin with: its supervisor's, and those of its store's pods. */
export const platformClaims = (platform: string): readonly string[] => [
  `${platform}-supervisor`,
  `data-${platform}-minio-`,
];

/**
 * Longest name of a platform. The longest made from it is of the provisioner's pods: 12 characters, 11 of a hash and 6
 * of Kubernetes' own, where the first two are a label as well (63).
 */
export const PLATFORM_NAME_MAX = 34;

/** The manager's Deployment, and what belongs to it. */
export const managerName = (platform: string) => `${platform}-manager`;

/** Bucket of bodies that no environment variable holds: `<service>/<Job>`, written by the manager, read by the service. */
export const bodiesBucket = (platform: string) => `${platform}-bodies`;

/**
 * Bucket of the platform's own, of what is known about uploads: which are done with (`completionRecord`), and since when a
 * service is bound to a folder (`bindingRecord`).
 */
export const recordsBucket = (platform: string) => `${platform}-records`;

/** Folder of the records bucket with the folders of the services' completion records. */
export const COMPLETION_FOLDER = 'done/';

/** Folder of the records bucket where a service's own user may write. */
export const completionFolder = (service: string) => `${COMPLETION_FOLDER}${service}/`;

/** Key of the record that says that a Job's upload needs no other Job: an object of a few bytes. */
export const completionRecord = (service: string, job: string) => `${completionFolder(service)}${job}`;

/** Folder of the records bucket with the records of bindings. */
export const BINDING_FOLDER = 'bound/';

/**
 * Key of the record that says since when a service is bound to a folder (JSON, `BindingRecord`).
 * @param path `bucket/folder/`
 */
export const bindingRecord = (service: string, path: string) =>
  `${BINDING_FOLDER}${service}/${contentHash([path], 20)}`;

/** Reason of the Kubernetes Events that tell of bucket events which no service could take. */
export const DEAD_LETTER_REASON = 'EventDeadLettered';

/** Secrets of the platform, in its namespace. `platform` is the platform's name, by default `oscar`. */
export const platformSecrets = (platform: string) => ({
  /** Keys `username`, `password`: the manager's admin. */
  admin: `${platform}-admin`,
  /** Key `token`: what MinIO shows to the manager with each event. */
  webhook: `${platform}-webhook`,
  /** Keys `rootUser`, `rootPassword`. */
  minio: `${platform}-minio-root`,
  /** Key `token`: by which MinIO shows its metrics to Prometheus. */
  minioMetrics: `${platform}-minio-metrics`,
  /** Key `token`: by which the manager shows its metrics to Prometheus. */
  managerMetrics: `${platform}-manager-metrics`,
  /** Keys `accessKey`, `secretKey`: the sweep's own MinIO user. */
  sweep: `${platform}-sweep`,
});

/** First `length` hex digits of the SHA-256 of `parts`, each part closed, so that no two lists of parts collide. */
export function contentHash(parts: readonly (string | Uint8Array)[], length = 10): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part.length)).update(':').update(part);
  return hash.digest('hex').slice(0, length);
}

/** What tells one bucket event from another (S3 event record). A redelivered event is equal in all of them. */
export interface EventIdentity {
  readonly bucket: string;
  /** Decoded object key. */
  readonly key: string;
  /** Empty on buckets without versioning. */
  readonly versionId?: string;
  /** Orders events of one key; a second upload has another. */
  readonly sequencer?: string;
  readonly eventName: string;
}

/** What tells one upload from another, by what a list of its bucket says. */
export interface UploadIdentity {
  readonly bucket: string;
  /** Decoded object key. */
  readonly key: string;
  /** `LastModified`, in ms since 1970. */
  readonly modified: number;
}

/**
 * Name of the Job for an upload: a second delivery of its event makes the same name, and meets «already exists». So
 * does the sweep, which knows no event: of an upload it sees what a list of the bucket says, the key and the time to
 * the millisecond. That is enough: two uploads of one key within a millisecond are one file by the time that a Job reads it.
 */
export function jobName(service: string, { bucket, key, modified }: UploadIdentity): string {
  return `${service}-${contentHash([bucket, key, String(modified)], 20)}`;
}

const MINIO_SEQUENCER = /^[0-9A-F]{16}$/i;

/**
 * When an object was modified, in ms since 1970, by the sequencer of its event. MinIO's is the object's time in
 * nanoseconds, in 16 hex digits (minio/minio, cmd/event-notification.go); other stores' tell no time.
 */
export const modifiedBy = (sequencer: string): number | undefined =>
  MINIO_SEQUENCER.test(sequencer) ? Number(BigInt(`0x${sequencer}`) / 1_000_000n) : undefined;

/** MinIO's sequencer of an object that was modified at `ms` (since 1970), as far as a list of its bucket tells. */
export const sequencerAt = (ms: number): string =>
  (BigInt(ms) * 1_000_000n).toString(16).toUpperCase().padStart(16, '0');
