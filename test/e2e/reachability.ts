import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { AddressInfo, createServer, Server } from 'node:net';
import { join } from 'node:path';
import { MANAGER_PORT, MINIO_PORT, selectorLabels } from '../../src/contract';
import { Cluster, eventually } from './cluster';
import { Address, ELSEWHERE, LookAlike, LookAlikes } from './look-alikes';
import type { Pod, Service } from './objects';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { addressForPods, S3_PORT } from './synthesis';

const DOCUMENT = join(__dirname, '../../docs/SECURITY.md');
const NODE = "the pod's own node";
/** Of what lies outside, and what no provider names: one service's `egress` does. */
const ELSEWHERE_PORT = 18335;
/** Of the service `web`. */
const WEB_PORT = 8000;

/** Who tries. */
const SOURCES: Readonly<Record<string, LookAlike>> = {
  "a service's Job": { namespace: SERVICES, labels: selectorLabels('job', 'find-objects') },
  "a service's warm pod": { namespace: SERVICES, labels: selectorLabels('service', 'find-objects') },
  'an exposed service': { namespace: SERVICES, labels: selectorLabels('service', 'web') },
  'a service with a provider elsewhere': { namespace: SERVICES, labels: selectorLabels('job', 'archive') },
  'a service with `egress` elsewhere': { namespace: SERVICES, labels: selectorLabels('service', 'files') },
  'the manager': { namespace: PLATFORM, labels: selectorLabels('manager', 'oscar') },
  'the store': { namespace: PLATFORM, labels: selectorLabels('minio', 'oscar') },
  'the provisioner': { namespace: PLATFORM, labels: selectorLabels('provisioner', 'oscar') },
  'the sweep': { namespace: PLATFORM, labels: selectorLabels('sweep', 'oscar') },
  'what installs the supervisor': { namespace: SERVICES, labels: selectorLabels('supervisor-installer', 'oscar') },
  'what prefetches an image': { namespace: SERVICES, labels: selectorLabels('prefetch', 'plants') },
  "any other pod of the platform's namespace": { namespace: PLATFORM },
  "any other pod of the services' namespace": { namespace: SERVICES },
  'a pod of another namespace': { namespace: ELSEWHERE },
};

/** Where to, beside what is there anyway. */
const LISTENERS: Readonly<Record<string, LookAlike>> = {
  'warm pod': { namespace: SERVICES, labels: selectorLabels('service', 'plants') },
  "Job's pod": { namespace: SERVICES, labels: selectorLabels('job', 'plants') },
  'the sweep': { namespace: PLATFORM, labels: selectorLabels('sweep', 'oscar') },
};

/** Where to, and on which node that is, where it is a pod. */
type Target = Address & { readonly node?: string };
/** Whom each source reaches. */
type Reached = Readonly<Record<string, readonly string[]>>;

/** Every network policy, tried from pods: who reaches whom is what `docs/SECURITY.md` says in its table. */
export function whoReachesWhomIsAsDocumented(scenario: Scenario): void {
  const { cluster, step } = scenario;
  const outside: Server[] = [];

  step('who reaches whom is as documented, tried from pods of every kind', async () => {
    const documented = readTable(readFileSync(DOCUMENT, 'utf8'));
    const there = await targetsThere(cluster);
    const nodes = (await cluster.nodes()).map((node) => ({ namespace: ELSEWHERE, ofNode: node }));
    try {
      const host = await addressForPods(cluster);
      const provider = await listen(host, S3_PORT, outside);
      const elsewhere = await listen(host, ELSEWHERE_PORT, outside);
      const pods = await LookAlikes.make(cluster, [...Object.values(SOURCES), ...Object.values(LISTENERS), ...nodes]);
      const listeners = Object.entries(LISTENERS).map(([name, one]) => [name, pods.addressOf(one)] as const);
      const targets = { ...there, ...Object.fromEntries(listeners), provider, elsewhere };
      // Policies take a moment to hold for a new pod.
      await eventually('it is', 60, async () => expect(await tried(pods, nodes, targets)).toEqual(documented));
    } finally {
      for (const server of outside) server.close();
      await LookAlikes.remove(cluster);
    }
  });
}

/** All at once, as who is refused waits for as long as anybody would. */
async function tried(
  pods: LookAlikes,
  nodes: readonly LookAlike[],
  targets: Readonly<Record<string, Target>>,
): Promise<Reached> {
  const all = Object.values(targets);
  const rows = await Promise.all(Object.values(SOURCES).map((one) => pods.tryFrom(one, all)));
  const ofNodes = await Promise.all(nodes.map((node) => pods.tryFrom(node, all)));
  const itsOwn = all.map(({ node }, index) => {
    const from = nodes.findIndex(({ ofNode }) => ofNode === node);
    return ofNodes[Math.max(from, 0)][index];
  });
  const names = [...Object.keys(SOURCES), NODE];
  const reached = (row: readonly boolean[]) => Object.keys(targets).filter((_, index) => row[index]);
  return Object.fromEntries([...rows, itsOwn].map((row, index) => [names[index], reached(row)]));
}

/** Where the cluster has them. */
async function targetsThere(cluster: Cluster): Promise<Record<string, Target>> {
  await cluster.kubectl('rollout', 'status', '-n', SERVICES, 'deployment/web', '--timeout=120s');
  const pod = async (namespace: string, labels: Readonly<Record<string, string>>, port: number): Promise<Target> => {
    const selector = Object.entries(labels).map((label) => label.join('='));
    const running = ['--field-selector', 'status.phase=Running'];
    const [{ spec, status }] = await cluster.list<Pod>('pods', '-n', namespace, '-l', selector.join(), ...running);
    return { host: status.podIP!, port, node: spec.nodeName };
  };
  const { spec } = await cluster.get<Service>('service', '-n', 'default', 'kubernetes');
  return {
    manager: await pod(PLATFORM, selectorLabels('manager', 'oscar'), MANAGER_PORT),
    store: await pod(PLATFORM, selectorLabels('minio', 'oscar'), MINIO_PORT),
    'API server': { host: spec.clusterIP, port: 443 },
    DNS: await pod('kube-system', { 'k8s-app': 'kube-dns' }, 53),
    'exposed service': await pod(SERVICES, selectorLabels('service', 'web'), WEB_PORT),
  };
}

/** A server on this machine, unless one is there already: that of another step, which stays. */
async function listen(host: string, port: number, servers: Server[]): Promise<Address> {
  const server = createServer((socket) => socket.on('error', () => {}).end());
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return { host, port };
  }
  servers.push(server);
  return { host, port: (server.address() as AddressInfo).port };
}

/** @returns the columns with a `yes` of each row of the table that begins with `from` */
function readTable(text: string): Reached {
  const [table] = /^\| from .*\n(\|.*\n)+/m.exec(text)!;
  const [[, ...targets], , ...rows] = table.trim().split('\n').map(cells);
  return Object.fromEntries(
    rows.map(([source, ...answers]) => [source, targets.filter((_, index) => answers[index] === 'yes')]),
  );
}

const cells = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
