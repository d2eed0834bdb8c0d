import { splitPath, StorageProviders, StorageType } from '../contract';

/** A place that files come from or go to. Only the public half is known here; secrets are referenced by name. */
export class StorageProvider<T extends StorageType = StorageType> {
  private constructor(
    readonly type: T,
    readonly id: string,
    /** As it stands in the definition's `storage_providers.<type>.<id>`. */
    readonly settings: NonNullable<StorageProviders[T]>[string],
    /** Secret in the services' namespace (keys: `PROVIDER_SECRET_KEYS`). The platform's store has one a service. */
    readonly secretName: string | undefined,
  ) {}

  /** The platform's own store, `minio.default`: each service gets a user of its own there. */
  static platformStore(settings: NonNullable<StorageProviders['minio']>[string]) {
    return new StorageProvider('minio', 'default', settings, undefined);
  }
  static minio(id: string, props: NonNullable<StorageProviders['minio']>[string] & { secretName: string }) {
    const { secretName, ...settings } = props;
    return new StorageProvider('minio', id, settings, secretName);
  }
  static s3(id: string, props: NonNullable<StorageProviders['s3']>[string] & { secretName: string }) {
    const { secretName, ...settings } = props;
    return new StorageProvider('s3', id, settings, secretName);
  }
  static webdav(id: string, props: NonNullable<StorageProviders['webdav']>[string] & { secretName: string }) {
    const { secretName, ...settings } = props;
    return new StorageProvider('webdav', id, settings, secretName);
  }
  static onedata(id: string, props: NonNullable<StorageProviders['onedata']>[string] & { secretName: string }) {
    const { secretName, ...settings } = props;
    return new StorageProvider('onedata', id, settings, secretName);
  }

  /** `<type>.<id>`, as FDL's `storage_provider`. */
  get name(): string {
    return `${this.type}.${this.id}`;
  }

  /** The platform's own store sends events and gives each service a user of its own. */
  get isPlatformStore(): boolean {
    return this.secretName === undefined;
  }

  /** A path in this provider. On `minio` and `s3` its first part is the bucket. */
  path(path: string): StoragePath {
    return { provider: this, path: path.split('/').filter(Boolean).join('/') };
  }
}

export interface StoragePath {
  readonly provider: StorageProvider;
  /** Without slashes at its ends. */
  readonly path: string;
}

export interface FileFilter {
  /** File names begin with one of these. @default any */
  readonly prefix?: readonly string[];
  /** File names end with one of these. @default any */
  readonly suffix?: readonly string[];
}

/** Bucket and folder, for providers that have buckets. */
export const bucketOf = ({ path }: StoragePath) => splitPath(path);
