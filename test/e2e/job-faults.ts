import { join } from 'node:path';
import { removalOfUndeclared } from './documented';
import { Cluster, eventually } from './cluster';
import { frame } from './examples';
import { hasResults, jobsFor } from './jobs';
import { Manager } from './manager';
import { jobEnd } from './objects';
import { provisioned } from './provisioning';
import type { Scenario } from './scenario';
import { EVERY_SERVICE, SERVICES } from './steps';
import { Store } from './store';
import { everyJobIsDone, sweep } from './sweeps';
import type { JobList } from './system';

/** Its output's folder stays empty. */
const OUTPUT = 'faults/out';
const OTHER = 'find-objects';

interface Fault {
  readonly title: string;
  readonly service: string;
  /** What its file is called: the script does what it says. */
  readonly file: string;
  /** How often the file is tried before it counts as failed. */
  readonly tries: number;
  /** What the user is told where its log would be. */
  readonly says: RegExp;
  /** And what before it has failed. */
  readonly saysFirst?: RegExp;
}

const FAULTS: readonly Fault[] = [
  // First, as what it waits for is told until its deadline only.
  {
    title: 'a Job whose image does not exist',
    service: 'no-image',
    file: 'nobody-runs-it',
    tries: 1,
    saysFirst: /There is no log yet: (ErrImagePull|ImagePullBackOff): .*nobody-made-it/,
    says: /[Tt]he pod failed: its deadline of 60 s was over \(DeadlineExceeded\).*nobody-made-it/,
  },
  {
    title: 'a Job whose disk is full',
    service: 'faults',
    file: 'fills-its-disk',
    tries: 2,
    says: /[Tt]he pod failed: its node ended it \(Evicted\): .*16Mi/,
  },
  {
    title: 'a Job over its memory',
    service: 'faults',
    file: 'uses-memory',
    tries: 2,
    says: /begun: uses-memory[^]*manager - ERROR - The pod failed: it used more memory than its limit of 128Mi \(OOMKilled\)\n$/,
  },
  {
    title: 'a Job whose script fails',
    service: 'faults',
    file: 'exits-with-3',
    tries: 2,
    says: /begun: exits-with-3[^]*supervisor - ERROR .*\b3\b/,
  },
  {
    title: 'a Job whose script never ends',
    service: 'endless',
    file: 'never-ends',
    tries: 1,
    says: /begun: never-ends[^]*manager - ERROR - The pod failed: its deadline of 40 s was over \(DeadlineExceeded\)/,
  },
];

const service = (name: string, image: string, job: object) => ({
  ...{ name, image, job, script: join(__dirname, 'scripts/faults.sh') },
  ...{ cpu: '0.1', memory: '128Mi', ephemeral_storage: '16Mi' },
  input: [{ path: `faults/${name}` }],
  output: [{ path: OUTPUT }],
});
const BUSYBOX = 'docker.io/library/busybox:1.36';

const FAULTS_LAYER = {
  version: '1.0.0-faults',
  buckets: { faults: {} },
  services: [
    service('faults', BUSYBOX, { retries: 1, deadline: 240 }),
    service('endless', BUSYBOX, { retries: 0, deadline: 40 }),
    service('no-image', 'docker.io/library/nobody-made-it:1', { retries: 0, deadline: 60 }),
  ],
};

const pathOf = ({ service, file }: Fault) => `faults/${service}/${file}`;

/** All at the same time: each is tried as often as its service says, fails, and tells why; and nobody else notices. */
export function jobsFailAndSayWhy(scenario: Scenario): void {
  const { cluster } = scenario;
  const other = frame(`beside those that fail ${new Date().toISOString()}`);
  const own = `${EVERY_SERVICE} in (${FAULTS_LAYER.services.map(({ name }) => name).join(', ')})`;

  scenario.step('services are added whose Jobs will fail, and get their files', async () => {
    await cluster.kubectl('apply', '--server-side', '-f', await scenario.laidOver(FAULTS_LAYER));
    await provisioned(cluster);
    await cluster.kubectl('scale', 'deployment', '-n', SERVICES, '-l', own, '--replicas=0');
    const store = await Store.of(cluster);
    for (const fault of FAULTS) await store.put(pathOf(fault), fault.title);
    await store.put(other.path, other.content);
  });

  for (const fault of FAULTS)
    scenario.step(
      `${fault.title} is tried ${fault.tries === 1 ? 'once' : `${fault.tries} times`}, fails, and the user reads why`,
      () => failsAndSaysWhy(cluster, fault),
      300,
    );

  scenario.step("another service's file is processed meanwhile, and none of theirs has a result", async () => {
    const store = await Store.of(cluster);
    await eventually('there are results', 120, () => hasResults(store, other));
    expect((await jobsFor(cluster, OTHER, other.path)).map(({ status }) => status.failed ?? 0)).toEqual([0]);
    expect(await store.list(OUTPUT)).toEqual([]);
  });

  scenario.step('a sweep counts them as failed, once, and makes no Job of them', async () => {
    await everyJobIsDone(cluster);
    expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, failed: FAULTS.length, left: 0 });
    expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, failed: 0, left: 0 });
    for (const fault of FAULTS) expect(await jobsFor(cluster, fault.service, pathOf(fault))).toHaveLength(1);
  });

  scenario.step('they are removed again', async () => {
    await cluster.kubectl('delete', 'jobs', '-n', SERVICES, '-l', own);
    await cluster.kubectl('apply', '--server-side', '-f', scenario.folder);
    await provisioned(cluster);
    await cluster.kubectl(...removalOfUndeclared('e2e', '1.0.0'));
    await eventually('nothing is left of them', 60, async () => {
      expect(await cluster.kubectl('get', 'all,configmaps,podtemplates', '-n', SERVICES, '-l', own, '-o', 'name')).toBe(
        '',
      );
    });
  });
}

async function failsAndSaysWhy(cluster: Cluster, fault: Fault): Promise<void> {
  const { service, tries, saysFirst, says } = fault;
  const manager = await Manager.of(cluster);
  const as = await manager.tokenOf(service);
  const logs = `/system/logs/${service}`;
  const job = await eventually('there is a Job', 60, async () => (await jobsFor(cluster, service, pathOf(fault)))[0]);
  const { name } = job.metadata;
  const log = async () => (await manager.call('GET', `${logs}/${name}`, { as })).text;
  if (saysFirst)
    await eventually('its log says what it waits for', 60, async () => expect(await log()).toMatch(saysFirst));
  await eventually('it has failed for good', 240, async () => {
    const [now] = await jobsFor(cluster, service, pathOf(fault));
    expect([jobEnd(now), now.status.failed]).toEqual(['Failed', tries]);
  });
  await eventually('the manager lists it so', 10, async () => {
    const { text } = await manager.call('GET', logs, { as });
    expect((JSON.parse(text) as JobList).jobs[name]).toMatchObject({
      status: 'Failed',
      finish_time: expect.any(String),
    });
  });
  const text = await log();
  process.stderr.write(`      ${fault.title}: ${text.trim().split('\n').at(-1)}\n`);
  expect(text).toMatch(says);
}
