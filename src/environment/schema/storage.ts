import { PROVIDER_SECRET_KEYS, StorageType } from '../../contract';
import { flag, integer, map, object, optional, required, text } from './types';

const bucket = object({
  versioning: optional(flag, 'Keep every version of every object.', 'false'),
  expireDays: optional(integer(1), 'Days until objects are removed.', 'never'),
  quota: optional(text, 'Most that the bucket may hold, a Kubernetes quantity.', 'no limit'),
});
export const bucketsSchema = map(bucket);

const secretName = (type: StorageType) => required(text, `Secret in the services' namespace. ${keysOf(type)}.`);

function keysOf(type: StorageType): string {
  const { required, optional } = PROVIDER_SECRET_KEYS[type];
  const list = (keys: readonly string[]) => keys.map((key) => `\`${key}\``).join(', ');
  const needed = required.length ? `Keys: ${list(required)}; optional: ` : 'Keys, all optional: ';
  return `${needed}${list(optional)} (PEM certificates, to judge the server's by)`;
}

export const minioProvider = object({
  endpoint: required(text, '`https://host[:port]`.'),
  region: optional(text, 'Region.', 'us-east-1'),
  verify: optional(flag, 'Verify TLS certificates.', 'true'),
  secretName: secretName('minio'),
});
export const s3Provider = object({
  endpoint: optional(text, '`https://host[:port]`.', "AWS's, by region"),
  region: required(text, 'Region.'),
  verify: optional(flag, 'Verify TLS certificates.', 'true'),
  path_style: optional(flag, 'Bucket in the path instead of the host name.', 'false'),
  secretName: secretName('s3'),
});
export const webdavProvider = object({
  hostname: required(text, '`host[:port][/path]`, by HTTPS, or a whole `http://…` or `https://…`.'),
  login: optional(text, "User's name.", 'key `login` of the Secret'),
  secretName: secretName('webdav'),
});
export const onedataProvider = object({
  oneprovider_host: required(text, "Oneprovider's host."),
  space: required(text, "Space's name."),
  secretName: secretName('onedata'),
});

/** Whole settings of a provider, by type. */
export const providerSchemas = {
  minio: minioProvider,
  s3: s3Provider,
  webdav: webdavProvider,
  onedata: onedataProvider,
} as const;

/** Providers as an environment has them. What is missing may stand in an FDL file's `storage_providers`. */
export const providersSchema = object({
  minio: optional(
    map(minioProvider.partial()), 'MinIO stores besides the platform’s own (`minio.default`), by id.', 'none'),
  s3: optional(map(s3Provider.partial()), 'Amazon S3 and what speaks it, by id.', 'none'),
  webdav: optional(map(webdavProvider.partial()), 'WebDAV servers, by id.', 'none'),
  onedata: optional(map(onedataProvider.partial()), 'Onedata spaces, by id.', 'none'),
});
