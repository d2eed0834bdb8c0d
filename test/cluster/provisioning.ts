import { Cluster, eventually } from './cluster';
import { Job, jobEnd } from './objects';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';

/** A line of a program's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

const PROVISIONER = ['-n', PLATFORM, '-l', 'app.kubernetes.io/component=provisioner'];

/** The provisioner's Job ends well, and all that is declared is there. */
export function theStoreIsProvisioned(scenario: Scenario): void {
  scenario.step(
    'the store is provisioned: buckets, users, rules',
    async () => {
      const log = await provisioned(scenario.cluster);
      const made = log.filter(({ result }) => result === 'changed').map(({ message }) => message);
      expect(made).toContainEqual(expect.stringContaining('user "oscar.find-objects": policy written; created'));
      expect(made).toContainEqual(expect.stringContaining('binding of "find-objects" to "films/frames/"'));
    },
    420,
  );
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
export async function provisionAgain({ cluster, folder }: Scenario): Promise<LogLine[]> {
  await cluster.kubectl('delete', 'jobs', ...PROVISIONER);
  await cluster.kubectl('apply', '--server-side', '-f', folder);
  return provisioned(cluster);
}

/** Waits for the only provisioner's Job. @returns its log @throws with its log when it fails */
export async function provisioned(cluster: Cluster): Promise<LogLine[]> {
  const only = await eventually('the provisioner is done', 360, async () => {
    const jobs = await provisioners(cluster);
    // An earlier declaration's goes once the new one has started.
    if (jobs.length !== 1) throw new Error(`there are ${jobs.length} Jobs`);
    if (!jobEnd(jobs[0])) throw new Error(`it runs:\n${await logsOf(cluster, jobs[0])}`);
    return jobs[0];
  });
  const log = await logsOf(cluster, only);
  if (jobEnd(only) !== 'Complete') throw new Error(`${only.metadata.name} failed:\n${log}`);
  return linesOf(log);
}

function provisioners(cluster: Cluster): Promise<Job[]> {
  return cluster.list<Job>('jobs', ...PROVISIONER);
}

/** Of the pod that ended well, or of all. */
export async function logsOf(cluster: Cluster, { metadata: { namespace, name }, status }: Job): Promise<string> {
  const ended = status.succeeded ? ['--field-selector=status.phase=Succeeded'] : [];
  const selector = ['-n', namespace!, '-l', `batch.kubernetes.io/job-name=${name}`];
  const logs = (await cluster.list('pods', ...selector, ...ended)).map(({ metadata }) =>
    cluster.tryKubectl('logs', '-n', namespace!, metadata.name),
  );
  return (await Promise.all(logs)).map(({ output }) => output).join('');
}

export const linesOf = (log: string): LogLine[] =>
  log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
