import type { Cluster } from './cluster';
import { LogLine, provisioned } from './provisioning';
import { rolledOut, SERVICES, waitUntilReady } from './steps';

/** A time-out: nothing is said of how long it takes. */
const READY_SECONDS = 240;

/** Applies manifests, and waits until what they say holds. @returns the log of the provisioner that ran last */
export async function applyAndWait(cluster: Cluster, folder: string): Promise<LogLine[]> {
  await cluster.kubectl('apply', '--server-side', '-f', folder);
  const log = await provisioned(cluster);
  await waitUntilReady(cluster, READY_SECONDS);
  await rolledOut(cluster, SERVICES, await cluster.list('deployments', '-n', SERVICES), READY_SECONDS);
  return log;
}
