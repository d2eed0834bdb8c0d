import {
  bodiesBucket,
  completionFolder,
  GeneratedSecret,
  keyPrefix,
  recordsBucket,
  serviceLabels,
  serviceSecrets,
  storeUsers,
  UserDeclaration,
} from '../contract';
import { generatedSecret } from './generated-secret';
import type { Flow } from './service-rings';
import { bucketOf, StoragePath, StorageProvider } from './storage';

/** Where the services of a platform are. */
export interface ServicesPlace {
  readonly servicesNamespace: string;
  readonly platform: string;
}

/** Secrets that a service needs: its token and its store user's keys, and a mount's user. */
export function secretsOf(service: string, place: ServicesPlace, mount?: StoragePath): GeneratedSecret[] {
  const names = serviceSecrets(service);
  const secret = (name: string, data: GeneratedSecret['data']) =>
    generatedSecret(place.servicesNamespace, name, serviceLabels(service), data);
  const keys = (user: string) => ({ accessKey: { text: user }, secretKey: { hex: 40 } });
  const users = storeUsers(place.platform, service);
  return [
    // `auth` is in every token's Secret: one that exists is never changed, and authentication may be asked for later.
    secret(names.token, { token: { hex: 64 }, auth: { htpasswd: { user: service, passwordKey: 'token' } } }),
    secret(names.minio, keys(users.service)),
    ...(mount ? [secret(names.mount, { ...keys(users.mount), ...driverKeys(users.mount, mount) })] : []),
  ];
}

/** A service's users in the platform's own store, and what each may. */
export function usersOf(
  { service, inputs, outputs }: Flow,
  { servicesNamespace: namespace, platform }: ServicesPlace,
  mount?: StoragePath,
): UserDeclaration[] {
  const [secrets, names] = [serviceSecrets(service), storeUsers(platform, service)];
  const bodies = { bucket: bodiesBucket(platform), folder: service };
  const completed = `${recordsBucket(platform)}/${completionFolder(service)}`;
  const user: UserDeclaration = {
    name: names.service,
    secret: { namespace, name: secrets.minio },
    read: prefixes([...inputs, bodies]),
    write: inputs.length ? [...prefixes(outputs), completed].sort() : prefixes(outputs),
    remove: [],
    list: [],
    notify: [],
    mount: [],
  };
  if (!mount) return [user];
  const secret = { namespace, name: secrets.mount };
  const nothing = { read: [], write: [], remove: [], list: [], notify: [] };
  return [user, { name: names.mount, secret, ...nothing, mount: prefixes([bucketOf(mount)]) }];
}

type Folder = ReturnType<typeof bucketOf>;

/** `bucket/folder/` or `bucket/`. */
export const prefixOf = ({ bucket, folder }: Folder) => `${bucket}/${keyPrefix(folder)}`;

const prefixes = (folders: readonly Folder[]) => [...new Set(folders.map(prefixOf))].sort();

/** The same keys, and the store's address, as CSI drivers of the csi-s3 family read them. */
const driverKeys = (user: string, { provider }: StoragePath): GeneratedSecret['data'] => {
  const { endpoint, region } = (provider as StorageProvider<'minio'>).settings;
  return {
    accessKeyID: { text: user },
    secretAccessKey: { copyOf: 'secretKey' },
    endpoint: { text: endpoint },
    region: { text: region },
  };
};
