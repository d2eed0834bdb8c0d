import { ON_NODES } from './cleaning';
import { Cluster, eventually } from './cluster';
import { whileCordoned } from './cordon';
import { podOf } from './jobs';
import { Manager, measured } from './manager';
import type { Job } from './objects';
import { cut, isAsItWas } from './outage';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';

/** `ctr` is containerd's own command. */
const FORGET = `rm -rf ${ON_NODES}; ctr -n k8s.io images ls -q | xargs -r ctr -n k8s.io images rm`;

/** The last node leaves, with all that it had of us, and joins as a new one would: Kubernetes has never heard of it. */
export function aNodeJoins(scenario: Scenario, service: string): void {
  const { cluster } = scenario;

  scenario.machineStep(
    'a node that joins serves as soon as it is ready',
    async () => {
      const others = await cluster.nodes();
      const number = others.length;
      const name = others.pop()!;
      await leaves(cluster, number, name);
      await whileCordoned(cluster, others, async () => {
        const job = await makeJob(cluster, service);
        await cluster.machines.power('up', number);
        await cluster.kubectl('wait', '--for=create', '--timeout=120s', `node/${name}`);
        await cluster.kubectl('wait', '--for=condition=Ready', '--timeout=120s', `node/${name}`);
        await succeeds(cluster, job, name);
        measured('from the node being ready to the end of its first Job', await readySince(cluster, name));
      });
      await isAsItWas(cluster);
    },
    500,
  );
}

/** As `performance.now()` was. */
async function readySince(cluster: Cluster, node: string): Promise<number> {
  const transition = '{.status.conditions[?(@.type=="Ready")].lastTransitionTime}';
  const since = Date.parse(await cluster.kubectl('get', 'node', node, '-o', `jsonpath=${transition}`));
  return performance.now() - (Date.now() - since);
}

async function leaves(cluster: Cluster, number: number, name: string): Promise<void> {
  await cluster.machines.onNode(number, 'sh', '-c', FORGET);
  await cut(cluster, number);
  await cluster.kubectl('delete', 'node', name);
  const its = ['--all-namespaces', '--field-selector', `spec.nodeName=${name}`];
  await cluster.kubectl('delete', 'pods', ...its, '--grace-period=0', '--force');
  await eventually('it has no pods', 60, async () => expect(await cluster.list('pods', ...its)).toEqual([]));
}

/** By hand: with half of its pods the store takes no upload. */
async function makeJob(cluster: Cluster, service: string): Promise<string> {
  const manager = await Manager.of(cluster);
  const call = { as: await manager.tokenOf(service), body: '{"message": "moo"}' };
  return eventually('a Job is made', 60, async () => {
    const { status, text } = await manager.call('POST', `/job/${service}`, call);
    expect({ status, text }).toMatchObject({ status: 201 });
    return text;
  });
}

async function succeeds(cluster: Cluster, name: string, node: string): Promise<void> {
  await eventually('the Job succeeds', 240, async () => {
    const { status } = await cluster.get<Job>('job', '-n', SERVICES, name);
    expect(status).toMatchObject({ succeeded: 1 });
    expect(status.failed ?? 0).toBe(0);
  });
  expect((await podOf(cluster, name)).spec.nodeName).toBe(node);
}
