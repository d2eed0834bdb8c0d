import { Cluster, eventually } from './cluster';
import { jobsFor } from './jobs';
import type { Pod } from './objects';
import { SERVICES } from './steps';

/** A file that holds this keeps the script that is run on it waiting, of the services whose scripts know it. */
export const HOLD = 'hold';

/** Waits until the script is at work on a file that holds it. @returns the pod's name */
export async function isHeld(cluster: Cluster, service: string, path: string): Promise<string> {
  return eventually(`a script is at work on ${path}`, 120, async () => {
    const [job] = await jobsFor(cluster, service, path);
    const selector = `batch.kubernetes.io/job-name=${job.metadata.name}`;
    const pods = await cluster.list<Pod>('pods', '-n', SERVICES, '-l', selector);
    const pod = pods.find(({ status }) => status.phase === 'Running');
    if (!pod) throw new Error(`no pod of ${job.metadata.name} runs`);
    await inPod(cluster, pod.metadata.name, 'test', '-e', '/tmp/begun');
    return pod.metadata.name;
  });
}

/** Lets a script that is held go on, or fail. */
export async function letGo(cluster: Cluster, pod: string, what: 'go' | 'fail'): Promise<void> {
  await inPod(cluster, pod, 'touch', `/tmp/${what}`);
}

function inPod(cluster: Cluster, pod: string, ...command: string[]): Promise<string> {
  return cluster.kubectl('exec', '-n', SERVICES, pod, '--', ...command);
}
