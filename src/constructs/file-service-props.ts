import type { LogLevel } from '../contract';
import type { IPlatform } from './platform-reference';
import type { Script } from './script';
import type { StorageBinding, StoragePath, StorageProvider } from './storage';

export interface FileServiceProps {
  /**
   * Platform that the service is on. When it is in another chart of the same App, the service's chart has to be applied
   * after that one: `servicesChart.addDependency(platformChart)` makes cdk8s number the files so.
   */
  readonly platform: IPlatform;
  /** RFC 1035 label of at most 39 characters. @default the construct's id */
  readonly name?: string;
  /** Container image of the user. Pulled at every start (`imagePullPolicy: Always`). */
  readonly image: string;
  /** What runs for each file or request. */
  readonly script: Script;
  /** CPU limit and request, a Kubernetes quantity. @default '0.2' (OSCAR's) */
  readonly cpu?: string;
  /** Memory limit and request, a Kubernetes quantity. @default '256Mi' (OSCAR's) */
  readonly memory?: string;
  /**
   * CPU of all the service's Jobs that are under way at one time, a Kubernetes quantity: as many are as it is enough for,
   * by the `cpu` of each, and the others wait for their turn. @default no limit
   */
  readonly totalCpu?: string;
  /** The same for memory. Of the two and `job.concurrency` the lowest limit holds. @default no limit */
  readonly totalMemory?: string;
  /** Limit of what the container writes to its own disk: inputs and outputs count. @default none */
  readonly ephemeralStorage?: string;
  /** Number of GPUs (`nvidia.com/gpu`). @default 0 */
  readonly gpu?: number;
  /** @default 'INFO' */
  readonly logLevel?: LogLevel;
  /** Where files come from; more can be added with `onUpload`. @default none: only requests run the service */
  readonly inputs?: readonly StorageBinding[];
  /** Where results go; more can be added with `writesTo`. @default none: results are only in the answer */
  readonly outputs?: readonly StorageBinding[];
  /** Further providers that the script uses by itself; those of inputs and outputs are there anyway. @default none */
  readonly storageProviders?: readonly StorageProvider[];
  /**
   * Environment variables, by name. A name that tells of a secret (`…PASSWORD`, `…_TOKEN`, `…_API_KEY`, `…_PASS`) is
   * refused, unless its value is a path, an address without a password, `true`, `false` or nothing; so is a value that
   * looks like a secret (a private key, a JWT, a token of GitHub …), whatever its name. @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** Environment variables from Secrets in the services' namespace, by name. @default none */
  readonly secretEnvironment?: Readonly<Record<string, SecretKeyReference>>;
  /** Leave the input where it is (upstream's `file_stage_in: true`, which means «don't»). @default false */
  readonly fileStageIn?: boolean;
  /**
   * `user`: each of `allowedUsers` has a bucket of their own beside that of each input, `<bucket>-<user>`, where the same
   * folders are read and written. @default 'service'
   */
  readonly isolationLevel?: 'service' | 'user';
  /** Who may see the service; kept in the definition. @default 'private' */
  readonly visibility?: 'public' | 'restricted' | 'private';
  /** Users besides the owner, with `restricted` visibility; with `isolationLevel: 'user'` also part of buckets' names. @default none */
  readonly allowedUsers?: readonly string[];
  /** Virtual organisation that the service belongs to; kept in the definition. @default none */
  readonly vo?: string;
  /** Warm pods that answer `/run`. @default minScale 0 (started on demand), maxScale 1, cpuThreshold 80 */
  readonly synchronous?: ScaleProps;
  /** Jobs that process files. @default retries 3, deadlineSeconds 3600, ttlSeconds 86400, any number at one time */
  readonly job?: JobProps;
  /** How warm pods take requests. @default timeoutSeconds 300, maxInflight 1 */
  readonly invocation?: { readonly timeoutSeconds?: number; readonly maxInflight?: number };
  /** The container is a server of its own, reached through the platform's route. @default not exposed */
  readonly expose?: ExposeProps;
  /** Persistent folder. @default none */
  readonly volume?: VolumeProps;
  /**
   * Folder of a bucket (`minio`, `s3`), mounted at `/mnt/<bucket>/<folder>` by the platform's `bucketMountDriver`. In a
   * provider of your own, its Secret has the driver's keys as well: `accessKeyID`, `secretAccessKey`, `endpoint`,
   * `region`. @default none
   */
  readonly mount?: StoragePath;
  /** Keep the image on every node. @default false */
  readonly imagePrefetch?: boolean;
  /** Secrets (type `kubernetes.io/dockerconfigjson`) for a private registry. @default none */
  readonly imagePullSecrets?: readonly string[];
  /** Labels of nodes that may run it. @default any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints of nodes that may run it all the same. @default none */
  readonly tolerations?: readonly TolerationProps[];
  /** PriorityClass of its pods. @default the cluster's default class */
  readonly priorityClassName?: string;
  /** RuntimeClass of its pods. @default the cluster's default runtime */
  readonly runtimeClassName?: string;
  /** On the service's pods. What looks like a secret is refused. @default none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** On the service's pods. Ours and those of Kubernetes' controllers can't be replaced. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** What the script may reach besides DNS, the platform's store and the providers of inputs and outputs. @default nothing */
  readonly egress?: readonly EgressProps[];
}

export interface JobProps {
  /** How often a failed Job is tried again. @default 3 */
  readonly retries?: number;
  /** Of each try, from when a node has taken its pod. @default 3600 */
  readonly deadlineSeconds?: number;
  /** How long a Job that is over is kept. @default 86400 */
  readonly ttlSeconds?: number;
  /** How many Jobs are under way at one time, at most; the others wait for their turn, the oldest first. @default any number */
  readonly concurrency?: number;
}

export interface SecretKeyReference {
  readonly secretName: string;
  readonly key: string;
}

export interface ScaleProps {
  /** Pods that are always there. With 0 the manager starts the first and ends the last. @default 0 */
  readonly minScale?: number;
  /** Most pods; more than `minScale` (and more than 1) makes an HPA. @default 1 */
  readonly maxScale?: number;
  /** Percent of the CPU request at which a pod is added. @default 80 */
  readonly cpuThreshold?: number;
}

export interface ExposeProps {
  /** TCP ports of the server in the container; the first is the one that the route reaches. */
  readonly ports: readonly number[];
  /** At least 1: requests don't pass through the manager, which could start a pod on demand. @default 1 */
  readonly minScale?: number;
  /** @default 10 */
  readonly maxScale?: number;
  /** @default 80 */
  readonly cpuThreshold?: number;
  /**
   * FDL's `rewrite_target`: `true` leaves the path as the client asks for it (`/system/services/<name>/exposed/…`);
   * `false` takes that prefix off, which at an Ingress is done by ingress-nginx's annotations. @default false
   */
  readonly rewriteTarget?: boolean;
  /** Run the image's own command instead of the script. @default false */
  readonly defaultCommand?: boolean;
  /**
   * Basic auth at the Ingress: user = service's name, password = its token. ingress-nginx does it, so the route's
   * `className` has to name that. It guards the Ingress only: from inside the cluster an exposed service is open to
   * everybody. @default false
   */
  readonly setAuth?: boolean;
  /** Path (GET) that readiness and liveness are asked from; with `rewriteTarget`, after the prefix. @default '/' */
  readonly healthPath?: string;
  /** Also open the first port as this one (30000–32767) on every node; it knows no `setAuth`. @default none */
  readonly nodePort?: number;
}

export interface VolumeProps {
  /** An existing volume's (claim's) name; without `size` it is attached and not made. @default the service's name */
  readonly name?: string;
  /** Kubernetes quantity; makes a claim, which no pruning takes. @default an existing claim is attached */
  readonly size?: string;
  /** Absolute path in the container. */
  readonly mountPath: string;
  /** @default the cluster's default class */
  readonly storageClassName?: string;
  /**
   * Of the claim that is made. `ReadWriteOnce` is refused with a `maxScale` above 1; Jobs wait for one another's node
   * then. @default 'ReadWriteMany': Jobs and warm pods may be on different nodes
   */
  readonly accessMode?: 'ReadWriteOnce' | 'ReadWriteMany';
}

export interface TolerationProps {
  /** Key of the taint. @default any, with the operator 'Exists' */
  readonly key?: string;
  /** @default 'Equal' */
  readonly operator?: 'Exists' | 'Equal';
  /** Value of the taint, with the operator 'Equal'. @default '' */
  readonly value?: string;
  /** @default any */
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** Seconds until a pod goes, with the effect 'NoExecute'. @default never */
  readonly tolerationSeconds?: number;
}

export interface EgressProps {
  /** @example '0.0.0.0/0' */
  readonly cidr: string;
  /** TCP ports. @default all */
  readonly ports?: readonly number[];
}
