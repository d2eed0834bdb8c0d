import type { Cluster } from './cluster';
import { isReady, Pod, restartsOf } from './objects';
import { PLATFORM, SERVICES } from './steps';

/** Objects that ended well: behind hundreds of them the one that did not would be cut off. */
const DONE = / Completed? /;
/** What the store and the manager complain of, but for the many lines of a store that looks for its other pods. */
const COMPLAINT = /^(?!Error: grid:).*(Error:|Unable|Waiting for|"level":"(warning|error)")/;
const OBJECTS = ['get', 'pods,jobs,deployments,statefulsets,daemonsets,pvc'];

/** What a person would look at first, after something went wrong. */
export async function diagnose(cluster: Cluster): Promise<string> {
  const parts = [
    await section(cluster, 'nodes', ['get', 'nodes', '-o', 'wide']),
    await section(cluster, 'objects', [...OBJECTS, '-A', '-o', 'wide'], 100, (line) => !DONE.test(line)),
    await section(cluster, 'whom Services send to', ['get', 'endpointslices', '-n', PLATFORM]),
    await section(cluster, 'events', ['get', 'events', '-A', '--sort-by=.lastTimestamp'], 60),
  ];
  const pods = await cluster.list<Pod>('pods', '-A').catch(() => []);
  const broken = pods.filter((pod) => !isReady(pod) && pod.status.phase !== 'Succeeded');
  // What is under way first: of those that failed, most were tried again.
  const hasFailed = ({ status }: Pod) => Number(status.phase === 'Failed');
  broken.sort((a, b) => hasFailed(a) - hasFailed(b));
  for (const { metadata } of broken.slice(0, 6)) {
    const at = ['-n', metadata.namespace!, metadata.name];
    parts.push(await section(cluster, `describe ${metadata.name}`, ['describe', 'pod', ...at], 40));
    parts.push(await section(cluster, `log ${metadata.name}`, ['logs', '--all-containers', '--prefix', ...at], 30));
  }
  // What a container said before it ended is gone from its own log. One of a pod may have had none before.
  const isOurs = ({ metadata }: Pod) => [PLATFORM, SERVICES].includes(metadata.namespace!);
  for (const { metadata } of pods.filter((pod) => isOurs(pod) && restartsOf(pod) > 0).slice(0, 10)) {
    const before = ['logs', '--previous', '--all-containers', '--ignore-errors', '--prefix', '--tail=10'];
    const args = [...before, '-n', metadata.namespace!, metadata.name];
    parts.push(await section(cluster, `log of ${metadata.name} before its restart`, args, 20));
  }
  const component = ({ metadata }: Pod) => metadata.labels?.['app.kubernetes.io/component'] ?? '';
  for (const { metadata } of pods.filter((pod) => ['minio', 'manager'].includes(component(pod)))) {
    const logs = ['logs', '--all-containers', '-n', metadata.namespace!, metadata.name];
    parts.push(await section(cluster, `complaints of ${metadata.name}`, logs, 20, (line) => COMPLAINT.test(line)));
  }
  return parts.join('\n');
}

/** The last `lines` of what kubectl says, of those that `matter`. */
async function section(
  cluster: Cluster,
  title: string,
  args: string[],
  lines = 100,
  matter: (line: string) => boolean = () => true,
): Promise<string> {
  const { output } = await cluster.tryKubectl('--request-timeout=5s', ...args);
  return `==== ${title}\n${output.trimEnd().split('\n').filter(matter).slice(-lines).join('\n')}`;
}
