import { completionRecord, MANAGER_ENDPOINT_ENV, recordsBucket } from '../../src/contract';
import { Cluster, eventually } from './cluster';
import { frame } from './examples';
import { hasResults, jobsFor, Upload } from './jobs';
import { CronJob, Job, jobEnd } from './objects';
import { LogLine, logOf, provisionAgain } from './provisioning';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { Store } from './store';

const CRON_JOB = 'oscar-sweep';
const SERVICE = 'find-objects';
let sweeps = 0;
/** All is done with, and records alone tell so: one that only the sweep has written counts as `done`. */
const NOTHING_TO_DO = { stored: 0, underWay: 0, done: 0, failed: 0, left: 0 };

/** Annotation by which `kubectl create job --from` says that it was no schedule. */
const BY_HAND = 'cronjob.kubernetes.io/instantiate';

/**
 * Runs the sweep now.
 * @returns what it counted @throws with its log when it fails
 */
export async function sweep(cluster: Cluster): Promise<LogLine> {
  const name = await beginSweep(cluster);
  const log = await logOf(cluster, name);
  const swept = log.find(({ message }) => message === 'swept');
  if (!swept) throw new Error(`${name} says nothing of what it found:\n${JSON.stringify(log)}`);
  await cluster.kubectl('delete', 'job', '-n', PLATFORM, name);
  return swept;
}

/**
 * Its Job is like those of `kubectl create job --from`, but nobody's: of its own Jobs the CronJob keeps the last one that
 * succeeded, which need not be this one.
 * @param manager whom it asks for Jobs @default as declared
 * @returns the Job's name
 */
export async function beginSweep(cluster: Cluster, manager?: string): Promise<string> {
  const name = `${CRON_JOB}-by-hand-${sweeps++}`;
  const { spec } = await cluster.get<CronJob>('cronjob', '-n', PLATFORM, CRON_JOB);
  const { metadata, ...job } = spec.jobTemplate;
  if (manager) job.spec.template.spec.containers[0].env = [{ name: MANAGER_ENDPOINT_ENV, value: manager }];
  const own = { ...metadata, name, namespace: PLATFORM, annotations: { [BY_HAND]: 'manual' } };
  await cluster.apply({ apiVersion: 'batch/v1', kind: 'Job', ...job, metadata: own });
  return name;
}

/** No sweep comes but those that a test runs. */
export function nobodyElseSweeps(scenario: Scenario): void {
  scenario.step('the sweep waits for the test', async () => {
    const patch = JSON.stringify({ spec: { suspend: true } });
    await scenario.cluster.kubectl('patch', 'cronjob', '-n', PLATFORM, CRON_JOB, '-p', patch);
    await eventually('none runs', 120, async () => {
      const jobs = await cronJobs(scenario.cluster);
      expect(jobs.filter((job) => !jobEnd(job)).map(({ metadata }) => metadata.name)).toEqual([]);
    });
  });
}

/** Right after the first apply: its Secret may be there, and nothing else of what it needs. */
export function aSweepMayComeFirst(scenario: Scenario): void {
  scenario.step(
    'a sweep that comes before the provisioner is done waits for it',
    async () => expect(await sweep(scenario.cluster)).toMatchObject({ ...NOTHING_TO_DO, uploads: 0 }),
    420,
  );
}

export function aSweepFindsNothing(scenario: Scenario): void {
  scenario.step('a sweep finds no upload that was lost, and makes no Job', async () => {
    const { cluster } = scenario;
    await everyJobIsDone(cluster);
    const before = await jobNames(cluster);
    const swept = await sweep(cluster);
    expect(swept).toMatchObject({ ...NOTHING_TO_DO, unbound: 0 });
    expect(swept.uploads).toBeGreaterThan(0);
    expect(await jobNames(cluster)).toEqual(before);
  });
}

/** An upload whose event nobody gets: the bucket has no rules for a moment. */
export function aLostEventIsFound(scenario: Scenario): void {
  const lost = frame('a lost event');

  scenario.step('an event is lost: the sweep makes its Job, once', async () => {
    const { cluster } = scenario;
    const store = await loseTheEventOf(scenario, lost);
    await expect(jobsFor(cluster, SERVICE, lost.path)).rejects.toThrow('no Job');
    await sweep(cluster);
    expect(await jobsFor(cluster, SERVICE, lost.path)).toHaveLength(1);
    // While it is under way, and when it is over.
    expect(await sweep(cluster)).toMatchObject({ ...NOTHING_TO_DO, underWay: expect.any(Number) });
    await eventually('there are results', 120, () => hasResults(store, lost));
    await everyJobIsDone(cluster);
    expect(await sweep(cluster)).toMatchObject(NOTHING_TO_DO);
    expect(await jobsFor(cluster, SERVICE, lost.path)).toHaveLength(1);
  });

  scenario.step('its Job is deleted: it is not made again, as its record tells that it is done', async () => {
    const { cluster } = scenario;
    const store = await Store.of(cluster);
    const [{ metadata }] = await jobsFor(cluster, SERVICE, lost.path);
    const record = `${recordsBucket('oscar')}/${completionRecord(SERVICE, metadata.name)}`;
    expect(JSON.parse(await store.mc('stat', '--json', `store/${record}`))).toMatchObject({ status: 'success' });
    await cluster.kubectl('delete', 'job', '-n', SERVICES, metadata.name);
    expect(await sweep(cluster)).toMatchObject(NOTHING_TO_DO);
    expect((await jobNames(cluster)).includes(metadata.name)).toBe(false);
  });
}

/** The CronJob itself does it, without anybody's help. @param seconds a bit more than its schedule's */
export function theScheduleSweeps(scenario: Scenario, seconds: number): void {
  const lost = frame('a lost event, for the schedule');

  scenario.step(
    'the schedule finds an upload whose event was lost',
    async () => {
      const { cluster } = scenario;
      const store = await loseTheEventOf(scenario, lost);
      await eventually('there are results', seconds, () => hasResults(store, lost));
      expect(await jobsFor(cluster, SERVICE, lost.path)).toHaveLength(1);
      const ends = async () => (await cronJobs(cluster)).map(jobEnd);
      // Results may be there before its pod has ended.
      await eventually('a sweep is complete', 60, async () => expect(await ends()).toContain('Complete'));
      expect(await ends()).not.toContain('Failed');
    },
    seconds + 240,
  );
}

/** Takes away what tells of uploads, uploads, and has the provisioner put it right. */
async function loseTheEventOf(scenario: Scenario, lost: Upload): Promise<Store> {
  const store = await Store.of(scenario.cluster);
  await putUntold(store, lost);
  await provisionAgain(scenario);
  expect(await store.rulesOf(bucketOf(lost))).toBeGreaterThan(0);
  return store;
}

/** Uploads, with nothing to tell of it: the bucket's rules are gone, and stay so. */
export async function putUntold(store: Store, upload: Upload): Promise<void> {
  await store.tellsOf(bucketOf(upload), []);
  await store.put(upload.path, upload.content);
}

const bucketOf = ({ path }: Upload) => path.split('/')[0];

export async function everyJobIsDone(cluster: Cluster, seconds = 240): Promise<void> {
  await eventually('every Job is done', seconds, async () => {
    const jobs = await cluster.list<Job>('jobs', '-n', SERVICES);
    expect(jobs.filter((job) => !jobEnd(job)).map(({ metadata }) => metadata.name)).toEqual([]);
  });
}

async function cronJobs(cluster: Cluster): Promise<Job[]> {
  const jobs = await cluster.list<Job>('jobs', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=sweep');
  return jobs.filter(({ metadata }) => !metadata.annotations?.[BY_HAND]);
}

async function jobNames(cluster: Cluster): Promise<string[]> {
  const jobs = await cluster.list<Job>('jobs', '-n', SERVICES);
  return jobs.map(({ metadata }) => metadata.name).sort();
}
