/** What the provisioner makes true: written by synth, read by the provisioner as its settings. */

export interface Declaration {
  /** Name of the platform; MinIO users and policies that the provisioner owns begin with `<platform>.` (a dot). */
  readonly platform: string;
  readonly store: StoreDeclaration;
  readonly secrets: readonly GeneratedSecret[];
  readonly buckets: readonly BucketDeclaration[];
  readonly users: readonly UserDeclaration[];
  /** Which services wait for uploads, and where: what the sweep goes through. */
  readonly bindings: readonly BindingDeclaration[];
}

export interface StoreDeclaration {
  readonly endpoint: string;
  readonly region: string;
  readonly verify: boolean;
  /** An external store is not ours: users and policies there are made by hand. */
  readonly external: boolean;
  /** With the rights to make buckets, notifications, users and policies. */
  readonly credentials: StoreCredentials;
  /** Of a store that the platform deploys in several pods, which are replaced together. */
  readonly pods?: StorePods;
}

export interface StorePods {
  /** In the platform's namespace. */
  readonly statefulSet: string;
  /** Its pods. */
  readonly names: readonly string[];
  /** What `ALIKE_ANNOTATION` of each is to be. */
  readonly alike: string;
}

/** A Secret in the platform's namespace, and which of its keys hold what. */
export interface StoreCredentials {
  readonly secretName: string;
  readonly keys: { readonly accessKey: string; readonly secretKey: string };
}

/** A Secret that has to exist; one that exists is never overwritten. */
export interface GeneratedSecret {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, SecretValue>>;
}
/**
 * `hex`: that many random hex digits. `text`: not secret (a user's name), as it stands. `copyOf`: the value of another
 * key of the same Secret, under the name that somebody else's driver wants. `htpasswd`: a line for basic auth, made of
 * a user's name and the value of another key, which has to be long and random: it is hashed once, without a salt.
 * `metricsToken`: the bearer token by which the store shows its metrics, of the user in another Secret of the namespace.
 */
export type SecretValue =
  | { readonly hex: number }
  | { readonly text: string }
  | { readonly copyOf: string }
  | { readonly htpasswd: { readonly user: string; readonly passwordKey: string } }
  | { readonly metricsToken: StoreLogin };

/** A user of the store, and in which Secret the login is. */
export interface StoreLogin {
  readonly secretName: string;
  readonly userKey: string;
  readonly passwordKey: string;
}

export interface BucketDeclaration {
  readonly name: string;
  readonly versioning: boolean;
  /** Days until objects are removed; without it they stay. */
  readonly expireDays?: number;
  /** Kubernetes quantity; without it there is no limit. */
  readonly quota?: string;
  /** The whole notification document: no two rules overlap (S3 refuses that); the manager filters exactly. */
  readonly notifications: readonly NotificationRule[];
}
export interface NotificationRule {
  readonly prefix: string;
  readonly suffix: string;
}

/**
 * A user of the store, of a service or of a program of the platform; it may do exactly this. Paths are prefixes,
 * `bucket/folder/` or `bucket/`. External stores' users are declared as well: somebody makes them by hand.
 */
export interface UserDeclaration {
  /** Access key, and what names of its policies begin with (`storeUsers`, `platformUsers`). */
  readonly name: string;
  /** Keys `accessKey` and `secretKey`. */
  readonly secret: { readonly namespace: string; readonly name: string };
  /** Where it gets objects. */
  readonly read: readonly string[];
  /** Where it puts objects. */
  readonly write: readonly string[];
  /** Where it deletes objects. */
  readonly remove: readonly string[];
  /** Where it lists objects. */
  readonly list: readonly string[];
  /** Buckets, by name, whose notification rules it writes. */
  readonly notify: readonly string[];
  /** Folders that are mounted as file systems: where it lists, gets, puts and deletes. */
  readonly mount: readonly string[];
}

/** A service waits for uploads here, in the platform's own store. */
export interface BindingDeclaration {
  readonly service: string;
  /** `bucket/folder/` or `bucket/`. */
  readonly path: string;
  /** The input's filters (`takes`); empty: any. */
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
}

/** Content of `bindingRecord`: written by the provisioner when it binds, and moved on by the sweep. */
export interface BindingRecord {
  readonly service: string;
  readonly path: string;
  /**
   * ISO 8601. Uploads from before it are none of the service's, or done with: completion records are needed, and kept, of
   * later ones only.
   */
  readonly since: string;
}
