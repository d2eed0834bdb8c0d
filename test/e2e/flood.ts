import { setTimeout as sleep } from 'node:timers/promises';
import { ApiServer } from './api-server';
import { Cluster, eventually } from './cluster';
import { tell } from './figures';
import { Manager } from './manager';
import { Job, Pod, restartsOf, wasKilledForMemory } from './objects';
import { Pulse } from './pulse';
import { callOf, Neighbour } from './requests';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { Store } from './store';
import { everyJobIsDone, sweep } from './sweeps';
import { CHECKSUM, Result, SECONDS_PER_JOB, Uploads } from './uploads';

/** As many as a client sends at once. */
const AT_ONCE = 32;
/** For what answers take without a flood. */
const CALM_SECONDS = 10;
/** What a person who types kubectl still calls usable. Half a second was seen. */
const PATIENCE_MS = 3_000;
/** Kubernetes removes some twenty objects a second, and each Job has a pod. */
const SECONDS_PER_REMOVAL = 0.2;

/** What came when, in ms since the epoch. */
interface Times {
  readonly began: number;
  readonly answered: number;
  readonly results: readonly Result[];
}

/** Many uploads at once: nothing is lost, nothing is done twice, nobody breaks down, and all else goes on meanwhile. */
export function aFloodIsProcessed(scenario: Scenario, count: number, neighbour: Neighbour): void {
  const title = `${count} uploads at once: each has one Job and its result, and all else answers meanwhile`;
  scenario.step(title, () => flood(scenario.cluster, count, neighbour), 300 + count * SECONDS_PER_JOB);
}

async function flood(cluster: Cluster, count: number, neighbour: Neighbour): Promise<void> {
  const uploads = new Uploads(await Store.of(cluster), CHECKSUM, 'flood', count);
  const before = await restarts(cluster);
  const times = await whileAllElseAnswers(cluster, neighbour, () => sendAndWait(uploads));
  await everyJobIsDone(cluster);
  const jobs = await uploads.jobs(cluster);
  tellFigures(uploads, jobs, times);
  await uploads.resultsAreRight();
  uploads.haveTheirJobs(jobs);
  expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, left: 0 });
  expect(await restarts(cluster)).toEqual(before);
  const pods = [await cluster.list<Pod>('pods', '-n', PLATFORM), await cluster.list<Pod>('pods', '-n', SERVICES)];
  expect(pods.flat().filter(wasKilledForMemory)).toEqual([]);
  await jobsAreRemoved(cluster, uploads);
}

async function sendAndWait(uploads: Uploads): Promise<Times> {
  const began = Date.now();
  await uploads.send({ atOnce: AT_ONCE });
  const answered = Date.now();
  const results = await eventually('each file has its result', uploads.count * SECONDS_PER_JOB, async () => {
    await sleep(1_000);
    const stored = await uploads.results();
    expect(stored.length).toBe(uploads.count);
    return stored;
  });
  return { began, answered, results };
}

/** Kubernetes, as fast as people need it, the manager, and the neighbour. Tells how long each took, before and meanwhile. */
async function whileAllElseAnswers<T>(cluster: Cluster, neighbour: Neighbour, work: () => Promise<T>): Promise<T> {
  const manager = await Manager.of(cluster);
  const health = async () => expect(await manager.call('GET', '/health')).toEqual({ status: 200, text: 'Ok' });
  const run = await callOf(cluster, neighbour);
  // It may sleep.
  await run();
  const api = await ApiServer.open();
  const kubernetes = new Pulse('the API server gives an object', 100, () => api.get(`/api/v1/namespaces/${SERVICES}`));
  const others = [
    new Pulse('the manager is healthy', 250, health),
    new Pulse(`${neighbour.service} answers a call`, 500, run),
  ];
  const pulses = [kubernetes, ...others];
  const stop = () => Promise.all(pulses.map((pulse) => pulse.stop()));
  try {
    await sleep(CALM_SECONDS * 1000);
    for (const pulse of pulses) pulse.tell('before');
    const done = await work();
    await stop();
    const { count, p99 } = kubernetes.figures('meanwhile');
    for (const answers of [count, ...others.map((pulse) => pulse.tell('meanwhile'))])
      expect(answers).toBeGreaterThan(0);
    expect(p99).toBeLessThan(PATIENCE_MS);
    return done;
  } finally {
    await stop().catch(() => {});
    api.close();
  }
}

/** Of what stays: the managers and the store, pod by pod. */
async function restarts(cluster: Cluster): Promise<[name: string, restarts: number][]> {
  const stays = 'app.kubernetes.io/component in (manager, minio)';
  const pods = await cluster.list<Pod>('pods', '-n', PLATFORM, '-l', stays);
  return pods.map((pod) => [pod.metadata.name, restartsOf(pod)]);
}

function tellFigures({ count, refused }: Uploads, jobs: readonly Job[], { began, answered, results }: Times): void {
  const seconds = (time: number) => Math.round((time - began) / 100) / 10;
  const lastJob = Math.max(...jobs.map(({ metadata }) => Date.parse(metadata.creationTimestamp!)));
  const lastResult = Math.max(...results.map(({ time }) => time.getTime()));
  const secondsUntil = { answered: seconds(answered), lastJob: seconds(lastJob), lastResult: seconds(lastResult) };
  const jobsPerMinute = Math.round((count / secondsUntil.lastResult) * 60);
  tell({ uploads: count, refused, jobs: jobs.length, secondsUntil, jobsPerMinute });
}

/** As an operator would: whoever lists Jobs after a flood waits for all of them. */
async function jobsAreRemoved(cluster: Cluster, uploads: Uploads): Promise<void> {
  const manager = await Manager.of(cluster);
  const { status } = await manager.call('DELETE', `/system/logs/${CHECKSUM.service}`, { as: manager.admin });
  expect(status).toBe(204);
  await eventually('its Jobs are gone', 120 + uploads.count * SECONDS_PER_REMOVAL, async () =>
    expect(await uploads.jobs(cluster)).toEqual([]),
  );
}
