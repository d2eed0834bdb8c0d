import type { Cluster } from './cluster';
import { isReady, Pod } from './objects';

/** What ended well; of hundreds the one that did not would be cut off. */
const DONE = / Complete(d)? /;
const UNDER_WAY = ['Pending', 'Running', 'Unknown'];

/** What a person would look at first, after something went wrong. */
export async function diagnose(cluster: Cluster): Promise<string> {
  const parts = [
    await section(cluster, 'nodes', ['get', 'nodes', '-o', 'wide']),
    await section(cluster, 'objects', ['get', 'pods,jobs,deployments,statefulsets,daemonsets,pvc', '-A', '-o', 'wide']),
    await section(cluster, 'events', ['get', 'events', '-A', '--sort-by=.lastTimestamp'], 60),
  ];
  const pods = await cluster.list<Pod>('pods', '-A').catch(() => []);
  const broken = pods.filter((pod) => !isReady(pod) && pod.status.phase !== 'Succeeded');
  const isUnderWay = ({ status }: Pod) => Number(UNDER_WAY.includes(status.phase));
  broken.sort((a, b) => isUnderWay(b) - isUnderWay(a));
  for (const { metadata } of broken.slice(0, 6)) {
    const at = ['-n', metadata.namespace!, metadata.name];
    parts.push(await section(cluster, `describe ${metadata.name}`, ['describe', 'pod', ...at], 40));
    parts.push(await section(cluster, `log ${metadata.name}`, ['logs', '--all-containers', '--prefix', ...at], 30));
  }
  return parts.join('\n');
}

/** The last `lines` of what kubectl says. */
async function section(cluster: Cluster, title: string, args: string[], lines = 100): Promise<string> {
  const { output } = await cluster.tryKubectl(...args);
  const told = output
    .trimEnd()
    .split('\n')
    .filter((line) => !DONE.test(line));
  return `==== ${title}\n${told.slice(-lines).join('\n')}`;
}
