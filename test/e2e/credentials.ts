import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { Cluster, eventually } from './cluster';
import { basic, bearer, Manager } from './manager';
import { PLATFORM, SERVICES } from './steps';
import { secretOf, Store } from './store';

/** Of whose Secrets docs/OPERATIONS.md tells by an example. */
export const CHANGED_SERVICE = 'find-objects';

/** The Secrets that are generated, but for those of the CSI driver (`<service>-mount`), which the environment here has none of. */
const SECRETS = {
  admin: [PLATFORM, 'oscar-admin'],
  sweep: [PLATFORM, 'oscar-sweep'],
  webhook: [PLATFORM, 'oscar-webhook'],
  root: [PLATFORM, 'oscar-minio-root'],
  metrics: [PLATFORM, 'oscar-manager-metrics'],
  storeMetrics: [PLATFORM, 'oscar-minio-metrics'],
  token: [SERVICES, `${CHANGED_SERVICE}-token`],
  keys: [SERVICES, `${CHANGED_SERVICE}-minio`],
} as const;

export type Credential = keyof typeof SECRETS;
/** What is in each Secret. */
export type Credentials = Readonly<Record<Credential, Readonly<Record<string, string>>>>;
export const CREDENTIALS = Object.keys(SECRETS) as Credential[];

/** The manager believes a token for a minute, and the kubelet takes as long or longer to bring a changed Secret. */
const REFUSED_SECONDS = 150;
/** There are two managers, and each call may get to any: so many get to both. */
const CALLS = 6;

/** How each is tried by who still has the old one. */
const REFUSALS: Readonly<Record<Credential, (cluster: Cluster, old: Credentials) => Promise<void>>> = {
  admin: (cluster, { admin }) => managersRefuse(cluster, 'GET', '/system/info', basic(admin.username, admin.password)),
  token: (cluster, { token }) =>
    managersRefuse(cluster, 'GET', `/system/services/${CHANGED_SERVICE}`, bearer(token.token)),
  metrics: (cluster, { metrics }) => managersRefuse(cluster, 'GET', '/metrics', bearer(metrics.token)),
  // Without a body it would be refused in any case, but by a 400.
  webhook: (cluster, { webhook }) => managersRefuse(cluster, 'POST', '/sweep', bearer(webhook.token)),
  keys: (cluster, { keys }) => storeRefuses(cluster, keys),
  sweep: (cluster, { sweep }) => storeRefuses(cluster, sweep),
  // It is good for as long as the root's password is.
  storeMetrics: async () => {},
  root: async (cluster, { root, storeMetrics }) => {
    await storeRefuses(cluster, { accessKey: root.rootUser, secretKey: root.rootPassword });
    expect([401, 403]).toContain(await storesMetricsStatus(cluster, storeMetrics.token));
  },
};

export function credential(cluster: Cluster, which: Credential): Promise<Record<string, string>> {
  const [namespace, name] = SECRETS[which];
  return secretOf(cluster, namespace, name);
}

/** All of them, as they are now. */
export async function credentials(cluster: Cluster): Promise<Credentials> {
  const all = CREDENTIALS.map(async (which) => [which, await credential(cluster, which)] as const);
  return Object.fromEntries(await Promise.all(all)) as Credentials;
}

/** Of those that were changed: who has the old one is let in nowhere any more. */
export async function oldOnesAreRefused(cluster: Cluster, changed: readonly Credential[], old: Credentials) {
  for (const which of changed)
    await eventually(`the old one of ${which} is refused`, REFUSED_SECONDS, async () => {
      await REFUSALS[which](cluster, old);
    });
}

/** What the store answers to who asks for its metrics. */
export async function storesMetricsStatus(cluster: Cluster, token: string): Promise<number> {
  const host = await cluster.reachService(PLATFORM, 'oscar-minio', 9000);
  const headers = { authorization: bearer(token) };
  return (await fetch(`http://${host}/minio/v2/metrics/cluster`, { headers })).status;
}

async function managersRefuse(cluster: Cluster, method: string, path: string, as: string): Promise<void> {
  const manager = await Manager.of(cluster);
  for (let call = 1; call <= CALLS; call++) {
    const { status } = await manager.call(method, path, { as });
    expect([path, status]).toEqual([path, 401]);
  }
}

/** The user is there as before, and its key is another one. What a user may not do is refused in other words. */
async function storeRefuses(cluster: Cluster, keys: Readonly<Record<string, string>>): Promise<void> {
  const client = (await Store.of(cluster)).client(keys);
  const asked = client.send(new ListBucketsCommand({}));
  await expect(asked)
    .rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
    .finally(() => client.destroy());
}
