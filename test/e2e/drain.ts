import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Cluster, eventually } from './cluster';
import { blocksOf } from './documented';
import { frame } from './examples';
import { isProcessed } from './jobs';
import { measured } from './manager';
import type { Pod } from './objects';
import { isAsItWas, managerAnswers, storeTakes } from './outage';
import { Pulse } from './pulse';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { PATIENT_ATTEMPTS, Store } from './store';

const [DRAIN] = blocksOf('Adding a node, and taking one away', 'OPERATIONS');
const SERVICE = 'find-objects';
const STORE = 'app.kubernetes.io/component=minio';
/** For what can't end, instead of the ten minutes that are documented. */
const IN_VAIN_SECONDS = 25;

/** One pod of the store is there: the node is empty afterwards, but for what each node has. */
export function aNodeIsDrained(scenario: Scenario): void {
  const { cluster } = scenario;
  scenario.step(
    'a node is drained: the manager answers, the store takes writes and files are processed; and it comes back',
    () =>
      whileAllAnswers(cluster, async () => {
        const node = (await cluster.nodes()).at(-1)!;
        expect(await podsOf(cluster, node, STORE)).toHaveLength(1);
        const began = performance.now();
        await whileAway(cluster, node, async () => {
          await cluster.run('bash', ['-euo', 'pipefail', '-c', DRAIN], { node });
          measured('drained within', began);
          expect((await stayingPodsOf(cluster, node)).map(({ metadata }) => metadata.name)).toEqual([]);
          await isProcessed(cluster, SERVICE, frame('while a node is drained'));
        });
      }),
    500,
  );
}

/**
 * Of two nodes: two of the store's four pods are there, and their volumes stay. One may go; it waits for its node, and until it is back
 * the other one is not let go, so that the store has the drives that it needs. A drain ends in vain, and nobody notices it.
 */
export function aDrainLeavesTheStoreItsDrives(scenario: Scenario): void {
  const { cluster } = scenario;
  scenario.step(
    'a node with two of four pods of the store is drained: one stays, all else goes, and nobody notices',
    () =>
      whileAllAnswers(cluster, async () => {
        const node = (await cluster.nodes()).at(-1)!;
        expect(await podsOf(cluster, node, STORE)).toHaveLength(2);
        const command = DRAIN.replace('--timeout=10m', `--timeout=${IN_VAIN_SECONDS}s`);
        await whileAway(cluster, node, async () => {
          const drained = cluster.run('bash', ['-euo', 'pipefail', '-c', command], { node });
          await expect(drained).rejects.toThrow("Cannot evict pod as it would violate the pod's disruption budget");
          // What was let go may take its time to end.
          await eventually('one pod stays', 60, async () => {
            const left = (await stayingPodsOf(cluster, node)).map(({ metadata }) => metadata.name);
            expect(left).toEqual([expect.stringMatching(/^oscar-minio-\d$/)]);
          });
          await isProcessed(cluster, SERVICE, frame('while a node is drained in vain'));
        });
      }),
    300,
  );
}

/** Uncordoned afterwards, whatever becomes of it; then all is as it was. */
async function whileAway(cluster: Cluster, node: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await cluster.kubectl('uncordon', node);
  }
  const began = performance.now();
  await isAsItWas(cluster);
  measured('uncordoned, all was as it was after', began);
}

/** The manager, and the store: as clients that try again. */
async function whileAllAnswers(cluster: Cluster, work: () => Promise<void>): Promise<void> {
  await storeTakes(cluster, 'before the drain');
  const client = (await Store.of(cluster)).client(undefined, PATIENT_ATTEMPTS);
  const put = new PutObjectCommand({ Bucket: 'outage', Key: 'while-drained', Body: 'drained' });
  const pulses = [
    new Pulse('the manager answers', 500, () => managerAnswers(cluster)),
    new Pulse('the store takes an object', 1_000, () => client.send(put)),
  ];
  const stop = () => Promise.all(pulses.map((pulse) => pulse.stop()));
  try {
    await work();
    await stop();
    for (const pulse of pulses) expect(pulse.tell('meanwhile')).toBeGreaterThan(10);
  } finally {
    await stop().catch(() => {});
  }
}

async function podsOf(cluster: Cluster, node: string, selector: string): Promise<Pod[]> {
  const pods = await cluster.list<Pod>('pods', '-n', PLATFORM, '-l', selector);
  return pods.filter(({ spec }) => spec.nodeName === node);
}

/** Of both namespaces: neither those that each node has, nor those that are over. */
async function stayingPodsOf(cluster: Cluster, node: string): Promise<Pod[]> {
  const pods = [PLATFORM, SERVICES].map((namespace) => cluster.list<Pod>('pods', '-n', namespace));
  const isOfNode = ({ metadata }: Pod) => metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet');
  return (await Promise.all(pods))
    .flat()
    .filter((pod) => pod.spec.nodeName === node && !isOfNode(pod) && ['Pending', 'Running'].includes(pod.status.phase));
}
