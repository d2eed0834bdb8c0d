import { ENVIRONMENT_LABEL } from '../../src/contract';
import { API_BEHAVIOUR } from './api-behaviour';
import { Cluster, eventually } from './cluster';
import { ELSEWHERE } from './look-alikes';
import { PLATFORM, SERVICES } from './steps';

const CLUSTER_WIDE = 'namespaces,persistentvolumes,clusterroles,clusterrolebindings';
/** Of what the tests need beside the platform. */
const NAMESPACE = 'oscar-e2e';
/** Where a supervisor volume `nodeLocal` is, unless an environment says otherwise. */
export const ON_NODES = '/var/lib/oscar-cdk8s';

/** @throws when the cluster holds a platform, or a namespace of a name that the tests use: it may be somebody's. */
export async function isFree(cluster: Cluster): Promise<void> {
  // What the tests make, they remove with all that is in it.
  const names = [PLATFORM, SERVICES, NAMESPACE, ELSEWHERE, API_BEHAVIOUR];
  const named = await cluster.kubectl('get', 'namespaces', ...names, '--ignore-not-found', '-o', 'name');
  const taken = (await ofPlatforms(cluster)) || named.trim().replace(/\n/g, ', ');
  if (taken) throw new Error(`the cluster has a platform already (${taken}): use one that has none`);
}

/** What of the cluster is a platform's. */
async function ofPlatforms(cluster: Cluster): Promise<string> {
  return (await cluster.kubectl('get', CLUSTER_WIDE, '-l', ENVIRONMENT_LABEL, '-o', 'name'))
    .trim()
    .replace(/\n/g, ', ');
}

/** Removes the platform with its data, and what it installed on the nodes. */
export async function removePlatform(cluster: Cluster): Promise<void> {
  const namespaces = await cluster.list('namespaces', '-l', ENVIRONMENT_LABEL);
  await cluster.kubectl('delete', CLUSTER_WIDE, '-l', ENVIRONMENT_LABEL, '--wait=false');
  // Nobody makes them again there; and a namespace waits for minutes where pods may take their time to end.
  for (const { metadata } of namespaces)
    await cluster.kubectl('delete', 'pods', '--all', '-n', metadata.name, '--grace-period=0', '--force');
  await eventually('nothing is left of the platform', 240, async () => expect(await ofPlatforms(cluster)).toBe(''));
  await emptyNodes(cluster);
}

/** Removes what is installed on the nodes, as on those that were just added. */
export async function emptyNodes(cluster: Cluster): Promise<void> {
  const labels = { app: 'empty-nodes' };
  const container = {
    name: 'empty',
    image: 'docker.io/library/busybox:1.36',
    command: ['sh', '-c', 'find /host -mindepth 1 -maxdepth 1 -exec rm -rf {} + && touch /done && exec sleep 3600'],
    readinessProbe: { exec: { command: ['test', '-f', '/done'] }, periodSeconds: 1 },
    volumeMounts: [{ name: 'host', mountPath: '/host' }],
  };
  const spec = {
    terminationGracePeriodSeconds: 0,
    tolerations: [{ operator: 'Exists' }],
    containers: [container],
    volumes: [{ name: 'host', hostPath: { path: ON_NODES, type: 'DirectoryOrCreate' } }],
  };
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
  });
  await cluster.apply({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'empty-nodes', namespace: NAMESPACE },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  await cluster.kubectl('rollout', 'status', '-n', NAMESPACE, 'daemonset/empty-nodes', '--timeout=120s');
  await cluster.kubectl('delete', 'namespace', NAMESPACE, '--timeout=120s');
}
