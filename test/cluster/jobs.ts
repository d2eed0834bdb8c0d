import { Cluster, eventually, throughout } from './cluster';
import type { Job, KubernetesObject, Pod } from './objects';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';

/** With what a shell or a template would change, were it to pass through one. */
const EVENT = '{"a": "ä\\nb "}';

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
async function stampJob(cluster: Cluster, service: string, name: string, event: string): Promise<void> {
  const { template } = await cluster.get<PodTemplate>('podtemplate', '-n', SERVICES, service);
  const [main, ...others] = template.spec.containers;
  const container = {
    ...main,
    command: ['/bin/sh', '-c', '"$@" 2>/dev/termination-log', 'sh', ...main.command],
    env: [...(main.env ?? []), { name: 'EVENT', value: event }],
  };
  const spec = { restartPolicy: 'Never', ...template.spec, containers: [container, ...others] };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: SERVICES },
    spec: { backoffLimit: 0, template: { metadata: template.metadata, spec } },
  };
  await cluster.apply(job);
}

/** The supervisor of this version processes nothing yet: it says so, and the Job fails, once it really ran. */
async function jobRanTheSupervisor(cluster: Cluster, name: string): Promise<void> {
  await cluster.kubectl('wait', '-n', SERVICES, '--for=condition=Failed', '--timeout=120s', `job/${name}`);
  const { status } = await podOf(cluster, name);
  expect(status.containerStatuses?.[0].state.terminated).toMatchObject({ exitCode: 1 });
  expect(status.containerStatuses?.[0].state.terminated?.message).toContain(
    `this supervisor processes no events yet (it was given one of ${Buffer.byteLength(EVENT)} bytes)`,
  );
}

export function aJobRunsTheSupervisor(scenario: Scenario, service: string): void {
  scenario.step("a Job stamped from a service's template runs the supervisor in an image without a libc", async () => {
    await stampJob(scenario.cluster, service, 'stamped', EVENT);
    await jobRanTheSupervisor(scenario.cluster, 'stamped');
  });
}

/** On every node, as a node that was just added is: no supervisor there yet, and nobody who installs it. */
export function aJobWaitsForTheSupervisor(scenario: Scenario, service: string, nodes: number): void {
  const name = 'early';
  scenario.step('a Job on a node without the supervisor waits for it, and does not fail', async () => {
    const { cluster } = scenario;
    await cluster.kubectl('delete', 'daemonset', '-n', SERVICES, 'oscar-supervisor-installer', '--wait=true');
    for (let node = 1; node <= nodes; node++) await cluster.onNode(node, 'rm', '-rf', '/var/lib/oscar-cdk8s');
    await stampJob(cluster, service, name, EVENT);
    await eventually('its pod has a node', 30, async () => (await podOf(cluster, name)).spec.nodeName !== undefined);
    await throughout('it waits', 10, async () => {
      const { status } = await cluster.get<Job>('job', '-n', SERVICES, name);
      return !status.failed && (await podOf(cluster, name)).status.phase === 'Pending';
    });
    await cluster.kubectl('apply', '--server-side', '-f', scenario.folder);
    await jobRanTheSupervisor(cluster, name);
  });
}

async function podOf(cluster: Cluster, job: string): Promise<Pod> {
  const [pod] = await cluster.list<Pod>('pods', '-n', SERVICES, '-l', `batch.kubernetes.io/job-name=${job}`);
  if (!pod) throw new Error(`Job ${job} has no pod yet`);
  return pod;
}
