import { Cluster, eventually, throughout } from './cluster';
import type { Job, KubernetesObject, Pod } from './objects';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';
import { Store } from './store';

interface PodTemplate extends KubernetesObject {
  readonly template: {
    readonly metadata: object;
    readonly spec: { readonly containers: readonly Container[] };
  };
}

interface Container {
  readonly command: readonly string[];
  readonly env?: readonly object[];
}

/**
 * A Job as the manager stamps it: the service's PodTemplate, with an event. It is tried once. What it says goes to its
 * pod's status, as its log may be gone: nodes that are one machine share a folder of logs, and each clears it of pods
 * that it does not know.
 */
async function stampJob(cluster: Cluster, service: string, name: string, event: string, node?: string): Promise<void> {
  const { template } = await cluster.get<PodTemplate>('podtemplate', '-n', SERVICES, service);
  const [main, ...others] = template.spec.containers;
  const container = {
    ...main,
    command: ['/bin/sh', '-c', '"$@" 2>/dev/termination-log', 'sh', ...main.command],
    env: [...(main.env ?? []), { name: 'EVENT', value: event }],
  };
  // The scheduler knows of pods that are still ending there; to name a node passes it by.
  const nodeSelector = { 'kubernetes.io/hostname': node };
  const spec = { ...template.spec, containers: [container, ...others], ...(node ? { nodeSelector } : {}) };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: SERVICES },
    spec: { backoffLimit: 0, template: { metadata: template.metadata, spec } },
  };
  await cluster.apply(job);
}

/** An upload, and what its service makes of it: each result is shown as bytes in Latin-1. */
export interface Upload {
  /** `bucket/key`. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly results: Readonly<Record<string, string | RegExp>>;
}

/** Names with what a shell, a URL or a template would change, were they to pass through one. */
export const odd = (name: string) => `ä 100% +"$(a) ${name}`;

/** Uploads a file, stamps its Job as the manager does, and looks at the results. */
async function processFile(cluster: Cluster, service: string, upload: Upload, node?: string): Promise<void> {
  const store = await Store.of(cluster);
  await store.put(upload.path, upload.content);
  const name = `${service}-${node ?? 'anywhere'}`;
  await stampJob(cluster, service, name, uploadEvent(upload), node);
  await isComplete(cluster, name);
  await hasResults(store, upload);
}

export async function hasResults(store: Store, { results }: Upload): Promise<void> {
  for (const [path, expected] of Object.entries(results)) {
    const content = await store.get(path);
    if (typeof expected === 'string') expect(content).toBe(expected);
    else expect(content).toMatch(expected);
  }
}

/** MinIO's message for an upload. */
export function uploadEvent({ path, content }: Upload): string {
  const [bucket, ...key] = path.split('/');
  const encoded = encodeURIComponent(key.join('/')).replaceAll('%20', '+');
  return JSON.stringify({
    EventName: 's3:ObjectCreated:Put',
    Key: path,
    Records: [
      {
        eventVersion: '2.0',
        eventSource: 'minio:s3',
        eventName: 's3:ObjectCreated:Put',
        eventTime: new Date().toISOString(),
        s3: { bucket: { name: bucket }, object: { key: encoded, size: content.length, sequencer: '18' } },
      },
    ],
  });
}

async function isComplete(cluster: Cluster, name: string): Promise<void> {
  await eventually(`Job ${name} is done`, 120, async () => {
    const { status } = await cluster.get<Job>('job', '-n', SERVICES, name);
    return status.succeeded === 1 || status.failed === 1;
  });
  const { status } = await podOf(cluster, name);
  const terminated = status.containerStatuses?.[0].state.terminated;
  if (terminated?.exitCode !== 0) throw new Error(`${name} ended with ${terminated?.exitCode}: ${terminated?.message}`);
}

/** @param node its number; without it wherever there is room */
export function aFileIsProcessed(scenario: Scenario, service: string, upload: Upload, node?: number): void {
  scenario.step(`an uploaded file becomes a result of ${service}${node ? ` on node ${node}` : ''}`, () =>
    processFile(scenario.cluster, service, upload, node ? `node${node}` : undefined),
  );
}

/** On every node, as a node that was just added is: no supervisor there yet, and nobody who installs it. */
export function aJobWaitsForTheSupervisor(scenario: Scenario, service: string, nodes: number, upload: Upload): void {
  const name = 'early';
  scenario.step('a Job on a node without the supervisor waits for it, and does not fail', async () => {
    const { cluster } = scenario;
    await cluster.kubectl('delete', 'daemonset', '-n', SERVICES, 'oscar-supervisor-installer', '--wait=true');
    for (let node = 1; node <= nodes; node++) await cluster.onNode(node, 'rm', '-rf', '/var/lib/oscar-cdk8s');
    const store = await Store.of(cluster);
    await store.put(upload.path, upload.content);
    await stampJob(cluster, service, name, uploadEvent(upload));
    await eventually('its pod has a node', 30, async () => (await podOf(cluster, name)).spec.nodeName !== undefined);
    await throughout('it waits', 10, async () => {
      const { status } = await cluster.get<Job>('job', '-n', SERVICES, name);
      return !status.failed && (await podOf(cluster, name)).status.phase === 'Pending';
    });
    await cluster.kubectl('apply', '--server-side', '-f', scenario.folder);
    await isComplete(cluster, name);
    await hasResults(store, upload);
  });
}

async function podOf(cluster: Cluster, job: string): Promise<Pod> {
  const [pod] = await cluster.list<Pod>('pods', '-n', SERVICES, '-l', `batch.kubernetes.io/job-name=${job}`);
  if (!pod) throw new Error(`Job ${job} has no pod yet`);
  return pod;
}
