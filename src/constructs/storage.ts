import { PROVIDER_SECRET_KEYS, splitPath, StorageProviders, StorageType } from '../contract';
import { check, checkBucketName, checkObjectPath, checkSubdomain, checkUrl, Subject } from './checks';

/** Settings of a provider of each type: the public half, and the Secret with the other. */
export type ProviderProps<T extends StorageType> = NonNullable<StorageProviders[T]>[string] & {
  /** Secret in the services' namespace, with the keys of `PROVIDER_SECRET_KEYS`. */
  readonly secretName: string;
};

/** A place that files come from or go to. Only the public half is known here; secrets are referenced by name. */
export class StorageProvider<T extends StorageType = StorageType> {
  private constructor(
    readonly type: T,
    readonly id: string,
    /** As it stands in the definition's `storage_providers.<type>.<id>`. */
    readonly settings: NonNullable<StorageProviders[T]>[string],
    /** Secret in the services' namespace (keys: `PROVIDER_SECRET_KEYS`). The platform's store has one a service. */
    readonly secretName: string | undefined,
  ) {
    this.address = addressOf(settings);
  }

  /** Where it is in the network. */
  readonly address: { readonly host: string; readonly port: number };

  /** The platform's own store, `minio.default`: each service gets a user of its own there. */
  static platformStore(settings: NonNullable<StorageProviders['minio']>[string]) {
    checkUrl({ field: ['minio', 'endpoint'] }, settings.endpoint);
    return new StorageProvider('minio', PLATFORM_STORE, settings, undefined);
  }
  /** Another MinIO. Uploads to it raise no event here. */
  static minio(id: string, props: ProviderProps<'minio'>) {
    check(
      id !== PLATFORM_STORE,
      { field: ['storage_providers', 'minio', id] },
      {
        problem: "this is the platform's own store",
        fix: 'give the other MinIO another id; the own one is `platform.store`',
      },
    );
    checkUrl({ field: ['storage_providers', 'minio', id, 'endpoint'] }, props.endpoint);
    return StorageProvider.external('minio', id, props);
  }
  /** Amazon S3, or what speaks its protocol (`endpoint`). Uploads to it raise no event here. */
  static s3(id: string, props: ProviderProps<'s3'>) {
    if (props.endpoint !== undefined) checkUrl({ field: ['storage_providers', 's3', id, 'endpoint'] }, props.endpoint);
    return StorageProvider.external('s3', id, props);
  }
  /** WebDAV (dCache, Nextcloud); `hostname` is `host[:port][/path]`, by HTTPS, or a whole `http://…` or `https://…`. */
  static webdav(id: string, props: ProviderProps<'webdav'>) {
    checkWebdavAddress({ field: ['storage_providers', 'webdav', id, 'hostname'] }, props.hostname);
    return StorageProvider.external('webdav', id, props);
  }
  /** A Onedata space; `oneprovider_host` without a scheme. */
  static onedata(id: string, props: ProviderProps<'onedata'>) {
    checkHostAndPort({ field: ['storage_providers', 'onedata', id, 'oneprovider_host'] }, props.oneprovider_host);
    return StorageProvider.external('onedata', id, props);
  }

  private static external<T extends StorageType>(type: T, id: string, { secretName, ...settings }: ProviderProps<T>) {
    const field = ['storage_providers', type, id];
    check(
      /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(id),
      { field },
      {
        problem: "not an id for a provider: it names the folder of the provider's secrets",
        value: id,
        allowed: 'at most 63 letters, digits, "-", "_" and ".", letters or digits at both ends',
        fix: 'rename the provider',
      },
    );
    checkSubdomain({ field: [...field, 'secretName'] }, secretName);
    return new StorageProvider(type, id, settings as unknown as NonNullable<StorageProviders[T]>[string], secretName);
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

const PLATFORM_STORE = 'default';

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

/** A place and which files of it. */
export type StorageBinding = StoragePath & FileFilter;

/** Bucket and folder, for providers that have buckets. */
export const bucketOf = ({ path }: StoragePath) => splitPath(path);

export const hasBuckets = ({ type }: StorageProvider) => type === 'minio' || type === 's3';

/** Throws `DeclarationError` on a type of provider that programs can't speak with. */
export function checkProvider({ service, field }: Subject, { type }: StorageProvider): void {
  check(
    type in PROVIDER_SECRET_KEYS,
    { service, field: [...field, 'storage_provider'] },
    {
      problem: 'a type of provider that nothing here speaks with',
      value: type,
      allowed: Object.keys(PROVIDER_SECRET_KEYS).join(', '),
      fix: 'use a provider of one of these types',
    },
  );
}

/** Throws `DeclarationError` on a provider, path or filter that no store takes. @param subject the binding */
export function checkBinding(subject: Subject, { provider, path, prefix, suffix }: StorageBinding): void {
  const at = (more: string): Subject => ({ service: subject.service, field: [...subject.field, more] });
  checkProvider(subject, provider);
  if (hasBuckets(provider)) checkBucketName(at('path'), splitPath(path).bucket);
  if (path !== '') checkObjectPath(at('path'), path);
  checkFilter(at('prefix'), prefix);
  checkFilter(at('suffix'), suffix);
}

function checkFilter({ service, field }: Subject, filter: readonly string[] = []): void {
  filter.forEach((value, i) => {
    check(
      value !== '' && !value.includes('/'),
      { service, field: [...field, i] },
      {
        problem: 'a filter that matches every file or none',
        value,
        allowed: 'part of a file name, without "/"',
        fix: 'leave it out, or put the folder in `path`',
      },
    );
  });
}

function addressOf(settings: object): { host: string; port: number } {
  const { endpoint, hostname, oneprovider_host } = settings as Record<string, string | undefined>;
  const url = new URL(endpoint ?? withScheme(hostname ?? oneprovider_host ?? AWS));
  return { host: url.hostname, port: url.port ? Number(url.port) : url.protocol === 'http:' ? 80 : 443 };
}

/** S3 without an endpoint is Amazon's. */
const AWS = 's3.amazonaws.com';

const withScheme = (address: string) => (/^https?:\/\//.test(address) ? address : `https://${address}`);

/** An address with a password in it stays untold. */
function checkWebdavAddress(subject: Subject, value: string): void {
  check(!/^([a-z]*:\/\/)?[^/]*@/i.test(value), subject, {
    problem: 'a user or password is written in the address',
    fix: 'leave it out: they are `login`, and `password` or `token` in the Secret',
  });
  const shape = new RegExp(`^(https?://)?${HOST_AND_PORT}(/[^?#\\s\\\\]*)?$`);
  check(shape.test(value) && URL.canParse(withScheme(value)), subject, {
    problem: 'not the address of a WebDAV server',
    value,
    allowed: '`host[:port][/path]` (by HTTPS), or the same after "http://" or "https://"; no "?", "#" or space',
    fix: 'for example "dav.example.org/remote.php/webdav"',
  });
}

const HOST_AND_PORT = '[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:\\d{1,5})?';

function checkHostAndPort(subject: Subject, value: string): void {
  check(new RegExp(`^${HOST_AND_PORT}$`).test(value) && URL.canParse(`https://${value}`), subject, {
    problem: 'not a host',
    value,
    allowed: 'a DNS name or address, optionally with a port; no "https://" and no path',
    fix: 'for example "one.example.org"',
  });
}
