import { Declaration, SETTINGS_KEY } from '../../src/contract';
import { Cluster, eventually } from './cluster';
import { measured } from './manager';
import type { Job, KubernetesObject } from './objects';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';

const PROVISIONER = 'app.kubernetes.io/component=provisioner';

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Buckets, rules, users and Secrets are made from nothing, by the Job that the manifests have. */
export function theStoreIsProvisioned(scenario: Scenario): void {
  scenario.step('the provisioner makes what is declared', async () => {
    const began = performance.now();
    const log = await provisioned(scenario.cluster);
    measured('until the provisioner was done', began);
    expect(log).toMatch(/"bucket oscar-records/);
    expect(log).not.toMatch(/"level":"error"/);
  });
}

/** Waits for the Job of the declaration that was applied last. @returns its log */
export async function provisioned(cluster: Cluster): Promise<string> {
  const name = await eventually('the provisioner is done', 240, async () => {
    const jobs = await cluster.list<Job>('jobs', '-n', PLATFORM, '-l', PROVISIONER);
    const [newest] = jobs.sort((a, b) => (created(a) < created(b) ? 1 : -1));
    const complete = newest?.status.conditions?.find(({ type, status }) => type === 'Complete' && status === 'True');
    if (!complete) throw new Error(await lastWords(cluster));
    return newest.metadata.name;
  });
  return cluster.kubectl('logs', '-n', PLATFORM, `job/${name}`, '--all-containers');
}

const created = ({ metadata }: KubernetesObject) => metadata.creationTimestamp ?? '';

async function lastWords(cluster: Cluster): Promise<string> {
  const { output } = await cluster.tryKubectl(
    'logs',
    '-n',
    PLATFORM,
    '-l',
    PROVISIONER,
    '--tail=20',
    '--all-containers',
  );
  return `its Job is not complete. It said:\n${output}`;
}

export async function declaration(cluster: Cluster): Promise<Declaration> {
  const maps = await cluster.list<ConfigMap>('configmaps', '-n', PLATFORM, '-l', PROVISIONER);
  const [newest] = maps.filter(({ data }) => data?.[SETTINGS_KEY]).sort((a, b) => (created(a) < created(b) ? 1 : -1));
  return JSON.parse(newest.data![SETTINGS_KEY]) as Declaration;
}
