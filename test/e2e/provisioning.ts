import { Declaration, SETTINGS_KEY } from '../../src/contract';
import { Cluster, eventually } from './cluster';
import { measured } from './manager';
import { Job, jobEnd, KubernetesObject } from './objects';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';
import { Store } from './store';

/** A line of a program's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const PROVISIONER = ['-n', PLATFORM, '-l', 'app.kubernetes.io/component=provisioner'];

/** The provisioner's Job ends well, and all that is declared is there. */
export function theStoreIsProvisioned(scenario: Scenario): void {
  scenario.step(
    'the store is provisioned: buckets, users, rules',
    async () => {
      const began = performance.now();
      const { cluster } = scenario;
      await provisioned(cluster);
      measured('until the provisioner was done', began);
      await storeIsAsDeclared(cluster);
    },
    420,
  );
}

export async function storeIsAsDeclared(cluster: Cluster): Promise<void> {
  const { buckets, users } = await declaration(cluster);
  const store = await Store.of(cluster);
  const there = await store.buckets();
  expect(there).toEqual(expect.arrayContaining(buckets.map(({ name }) => name)));
  for (const { name } of users) expect(await store.statusOf(name)).toBe('enabled');
  for (const { name, notifications } of buckets) expect(await store.rulesOf(name)).toBe(notifications.length);
}

/** Once: an unchanged declaration makes no Job. */
export function anUnchangedDeclarationIsNotProvisionedAgain(scenario: Scenario): void {
  scenario.step('applied again, the provisioner does not run again', async () => {
    const { cluster, folder } = scenario;
    const uids = async () => (await provisioners(cluster)).map(({ metadata }) => metadata.uid);
    const before = await uids();
    expect(before).toHaveLength(1);
    await cluster.kubectl('apply', '--server-side', '-f', folder);
    expect(await uids()).toEqual(before);
  });
}

/** Deletes the provisioner's Job and applies the manifests, as documented. @returns its log */
export async function provisionAgain(scenario: Scenario): Promise<LogLine[]> {
  await beginToProvision(scenario);
  return provisioned(scenario.cluster);
}

export async function beginToProvision({ cluster, folder }: Scenario): Promise<void> {
  await cluster.kubectl('delete', 'jobs', ...PROVISIONER);
  await cluster.kubectl('apply', '--server-side', '-f', folder);
}

/** Waits for the only provisioner's Job. @returns its log @throws with its log when it fails */
export async function provisioned(cluster: Cluster): Promise<LogLine[]> {
  const { metadata } = await eventually('there is one provisioner', 120, async () => {
    const jobs = await provisioners(cluster);
    // An earlier declaration's goes once the new one has started.
    if (jobs.length !== 1) throw new Error(`there are ${jobs.length} Jobs`);
    return jobs[0];
  });
  return logOf(cluster, metadata.name);
}

/** What was applied last. */
export async function declaration(cluster: Cluster): Promise<Declaration> {
  const maps = await cluster.list<ConfigMap>('configmaps', ...PROVISIONER);
  const time = ({ metadata }: ConfigMap) => metadata.creationTimestamp ?? '';
  const newest = maps.filter(({ data }) => data?.[SETTINGS_KEY]).sort((a, b) => time(b).localeCompare(time(a)))[0];
  return JSON.parse(newest.data![SETTINGS_KEY]) as Declaration;
}

export function provisioners(cluster: Cluster): Promise<Job[]> {
  return cluster.list<Job>('jobs', ...PROVISIONER);
}

/** A line of our programs. What else comes tells why there is no log: none yet, or cleared away. */
const LINE = /^\{"time".*\}$/;

/**
 * The log of one of the platform's Jobs: read while it is written, as nodes that are one machine clear away each other's
 * logs. Still the end of it may be missing.
 * @throws with its log when the Job fails
 */
export async function logOf(cluster: Cluster, job: string): Promise<LogLine[]> {
  let log: string[] = [];
  const end = await eventually(`${job} is over`, 300, async () => {
    const { output } = await cluster.tryKubectl('logs', '--follow', '-n', PLATFORM, `job/${job}`);
    const lines = output.split('\n').filter((line) => LINE.test(line));
    if (lines.length >= log.length) log = lines;
    const end = jobEnd(await cluster.get<Job>('job', '-n', PLATFORM, job));
    if (!end) throw new Error(`it is not:\n${output}`);
    return end;
  });
  if (end !== 'Complete') throw new Error(`${job} failed:\n${log.join('\n')}`);
  return log.map((line) => JSON.parse(line) as LogLine);
}
