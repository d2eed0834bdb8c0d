import { PutObjectCommand } from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually, throughout } from './cluster';
import { managerPods } from './manager';
import { EndpointSlice, isOfJob, isReady, Pod } from './objects';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES, waitUntilReady } from './steps';
import { Store } from './store';

/** For what these tests store. */
const BUCKET = 'outage';

/** The manager, by its Service, as clients inside the cluster call it. */
export async function managerAnswers(cluster: Cluster): Promise<void> {
  const host = await cluster.reachService(PLATFORM, 'oscar-manager', 8080);
  const response = await fetch(`http://${host}/health`, { signal: AbortSignal.timeout(5_000) });
  expect([response.status, await response.text()]).toEqual([200, 'Ok']);
}

export function theManagerAnswers(scenario: Scenario): void {
  // A manager that has just become ready may not be known to this node's kube-proxy yet.
  scenario.step('the manager answers', () => eventually('it does', 15, () => managerAnswers(scenario.cluster)));
}

/** Writes an object to the store and reads it back, as root, through the client Service. */
export async function storeTakes(cluster: Cluster, text: string): Promise<void> {
  const store = await Store.of(cluster);
  await store.mc('mb', '--ignore-existing', `store/${BUCKET}`);
  await store.put(`${BUCKET}/${text}`, text);
  expect(await store.get(`${BUCKET}/${text}`)).toBe(text);
}

export async function storeGives(cluster: Cluster, text: string): Promise<void> {
  expect(await (await Store.of(cluster)).get(`${BUCKET}/${text}`)).toBe(text);
}

/** Cuts a node's power and waits until the cluster has noticed. */
export async function cut(cluster: Cluster, node: number): Promise<void> {
  await cluster.machines.power('down', node);
  await cluster.kubectl('wait', '--for=condition=Ready=Unknown', '--timeout=60s', `node/node${node}`);
  await eventually('its pods are off the Services', 60, () => noServiceSendsTo(cluster, `node${node}`));
  await sleep(3_000); // until every kube-proxy has seen it
}

export async function storePodsOn(cluster: Cluster, node: string): Promise<number> {
  const pods = await cluster.list<Pod>('pods', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=minio');
  return pods.filter(({ spec }) => spec.nodeName === node).length;
}

/** A headless Service may name pods that are not ready. */
async function noServiceSendsTo(cluster: Cluster, node: string): Promise<boolean> {
  const slices = await cluster.list<EndpointSlice>('endpointslices', '-A', '-l', '!service.kubernetes.io/headless');
  const endpoints = slices.flatMap(({ endpoints }) => endpoints ?? []);
  return !endpoints.some(({ nodeName, conditions }) => nodeName === node && conditions.ready);
}

/** Gives the power back: everything is as it was. */
export async function restore(cluster: Cluster, node: number): Promise<void> {
  await giveBack(cluster, node);
  await isAsItWas(cluster);
}

/** Gives the power back, and waits for the node alone. */
export async function giveBack(cluster: Cluster, node: number): Promise<void> {
  await cluster.machines.power('up', node);
  await cluster.kubectl('wait', '--for=condition=Ready', '--timeout=240s', `node/node${node}`);
}

/** After outages: all pods are ready, and the store's take writes. */
export async function isAsItWas(cluster: Cluster): Promise<void> {
  await waitUntilReady(cluster, 180);
  await eventually('each pod of the store takes writes', 120, () => everyStorePodTakes(cluster));
}

/**
 * A pod that came back may refuse writes for a while (503, `SlowDownWrite`) although it is ready, and although even
 * `/minio/health/cluster` says that it could write; another one takes them meanwhile. Clients try again; here each pod
 * has to take several in a row.
 */
async function everyStorePodTakes(cluster: Cluster): Promise<void> {
  await storeTakes(cluster, 'restored');
  // A client that gives up soon: a pod that is killed meanwhile has another address next time.
  for (const client of await Store.clientsOfPods(cluster))
    for (let time = 1; time <= 3; time++)
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'everywhere', Body: `${time}` }));
}

/** Pods of both namespaces that are ready, stay (those of Jobs end), and are not on `node`: what its end must not touch. */
export async function readyBeside(cluster: Cluster, node: number): Promise<string[]> {
  const pods = await Promise.all([PLATFORM, SERVICES].map((namespace) => cluster.list<Pod>('pods', '-n', namespace)));
  return pods
    .flat()
    .filter(
      (pod) => isReady(pod) && !isOfJob(pod) && !pod.metadata.deletionTimestamp && pod.spec.nodeName !== `node${node}`,
    )
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** For `seconds` after the cut, `pods` stay ready, and `holds` holds. */
export async function staysSo(
  cluster: Cluster,
  node: number,
  pods: readonly string[],
  seconds: number,
  holds: () => Promise<unknown>,
): Promise<void> {
  await throughout('what was ready on other nodes', seconds, async () => {
    expect(await readyBeside(cluster, node)).toEqual(expect.arrayContaining([...pods]));
    await holds();
  });
}

/** Node 2: of two, with it half of the store's drives, so that what is stored can be read, and writes wait. */
export function aNodeIsCut(scenario: Scenario): void {
  scenario.machineStep(
    'with one of two nodes the manager answers and the store is read',
    async () => {
      const { cluster } = scenario;
      await storeTakes(cluster, 'before');
      // Before Jobs fill the nodes: a manager that is made again then may find no room but beside the other.
      expect(new Set((await managerPods(cluster)).map(({ spec }) => spec.nodeName)).size).toBe(2);
      expect(await storePodsOn(cluster, 'node2')).toBeGreaterThan(0);
      const before = await readyBeside(cluster, 2);
      await cut(cluster, 2);
      await staysSo(cluster, 2, before, 10, async () => {
        await managerAnswers(cluster);
        await storeGives(cluster, 'before');
      });
      await restore(cluster, 2);
      await eventually('the store takes writes again', 60, () => storeTakes(cluster, 'after'));
    },
    500,
  );
}
