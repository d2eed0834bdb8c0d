import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Cluster, eventually } from './cluster';
import { blocksOf } from './documented';
import { frame } from './examples';
import { isProcessed } from './jobs';
import { measured } from './manager';
import type { Pod } from './objects';
import { isAsItWas, managerAnswers, storePodsOn, storeTakes } from './outage';
import { Pulse } from './pulse';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { PATIENT_ATTEMPTS, Store } from './store';

const [DRAIN] = blocksOf('Adding a node, and taking one away', 'OPERATIONS');
const SERVICE = 'find-objects';
/** For what may not end, instead of the ten minutes that are documented. */
const IN_VAIN_SECONDS = 25;

/**
 * The last node: all goes from there but what each node has. Of several pods of the store one may go at a time: where their volumes stay
 * behind, it waits for its node, and the next one isn't let go, so that the store keeps the drives that it needs, and the drain ends in vain.
 */
export function aNodeIsDrained(scenario: Scenario): void {
  const { cluster } = scenario;
  scenario.step(
    'a node is drained: the manager answers, the store takes writes and files are processed; and it comes back',
    () =>
      whileAllAnswers(cluster, async () => {
        const node = (await cluster.nodes()).at(-1)!;
        const ofStore = await storePodsOn(cluster, node);
        expect(ofStore).toBeGreaterThan(0);
        await whileAway(cluster, node, async () => {
          const problem = await drain(cluster, node, ofStore > 1);
          const ofBudget = expect.stringContaining("would violate the pod's disruption budget") as string;
          expect(problem).toEqual(ofStore > 1 && problem ? ofBudget : undefined);
          // What was let go may take its time to end.
          await eventually(problem ? 'one pod of the store stays' : 'nothing stays', 60, async () => {
            const left = (await stayingPodsOn(cluster, node)).map(({ metadata }) => metadata.name);
            expect(left).toEqual(problem ? [expect.stringMatching(/^oscar-minio-\d$/)] : []);
          });
          await isProcessed(cluster, SERVICE, frame('while a node is drained'));
        });
      }),
    500,
  );
}

/** @returns why it could not end */
async function drain(cluster: Cluster, node: string, mayBeInVain: boolean): Promise<string | undefined> {
  const command = mayBeInVain ? DRAIN.replace('--timeout=10m', `--timeout=${IN_VAIN_SECONDS}s`) : DRAIN;
  const began = performance.now();
  try {
    await cluster.run('bash', ['-euo', 'pipefail', '-c', command], { node });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    measured('drained for', began);
  }
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

/** Of both namespaces: neither those that each node has, nor those that are over. */
async function stayingPodsOn(cluster: Cluster, node: string): Promise<Pod[]> {
  const pods = [PLATFORM, SERVICES].map((namespace) => cluster.list<Pod>('pods', '-n', namespace));
  const isOfNode = ({ metadata }: Pod) => metadata.ownerReferences?.some(({ kind }) => kind === 'DaemonSet');
  return (await Promise.all(pods))
    .flat()
    .filter((pod) => pod.spec.nodeName === node && !isOfNode(pod) && ['Pending', 'Running'].includes(pod.status.phase));
}
