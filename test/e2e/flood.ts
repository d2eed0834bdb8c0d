import { setTimeout as sleep } from 'node:timers/promises';
import { ApiServer } from './api-server';
import { Cluster, eventually } from './cluster';
import { tell } from './figures';
import { Manager } from './manager';
import { Job, Pod, restartsOf, wasKilledForMemory } from './objects';
import { Pulse } from './pulse';
import type { Request } from './requests';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { Store } from './store';
import { everyJobIsDone, sweep } from './sweeps';
import { CHECKSUM, Result, Uploads } from './uploads';

/** As many as a client sends at once. */
const AT_ONCE = 32;
/** For what answers take without a flood. */
const CALM_SECONDS = 10;
/** What this platform's Jobs take on the slowest machine that anybody would try. */
const SECONDS_PER_JOB = 3;

/**
 * Many uploads at once. Nothing is lost, nothing is done twice, and all else goes on meanwhile.
 * @param neighbour another service, and what it is asked
 */
export function aFloodIsProcessed(
  scenario: Scenario,
  count: number,
  neighbour: { readonly service: string; readonly request: Request },
): void {
  const title = `${count} uploads at once: each has one Job and its result, and all else answers meanwhile`;
  const seconds = 300 + count * SECONDS_PER_JOB;
  scenario.step(title, () => flood(scenario, count, neighbour.service, neighbour.request), seconds);
}

async function flood({ cluster }: Scenario, count: number, service: string, request: Request): Promise<void> {
  const uploads = new Uploads(await Store.of(cluster), CHECKSUM, 'flood', count);
  const api = await ApiServer.open();
  const pulses = await allElse(cluster, api, service, request);
  try {
    // The first call may wake its service.
    await sleep(CALM_SECONDS * 1000);
    for (const pulse of pulses) pulse.tell('before');
    const before = await restarts(cluster);
    const began = Date.now();
    await uploads.send({ atOnce: AT_ONCE });
    const answered = Date.now();
    const results = await eventually('each file has its result', count * SECONDS_PER_JOB, async () => {
      await sleep(1_000);
      const stored = await uploads.results();
      expect(stored.length).toBe(count);
      return stored;
    });
    for (const pulse of pulses) {
      await pulse.stop();
      expect(pulse.tell('meanwhile')).toBeGreaterThan(0);
    }
    await everyJobIsDone(cluster);
    const jobs = await uploads.jobs(cluster);
    tellFigures({ uploads: count, refused: uploads.refused }, { began, answered }, jobs, results);
    await uploads.resultsAreRight();
    uploads.haveTheirJobs(jobs);
    expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, left: 0 });
    expect(await restarts(cluster)).toEqual(before);
    const pods = [await cluster.list<Pod>('pods', '-n', PLATFORM), await cluster.list<Pod>('pods', '-n', SERVICES)];
    expect(pods.flat().filter(wasKilledForMemory)).toEqual([]);
    await jobsAreRemoved(cluster, uploads);
  } finally {
    await Promise.allSettled(pulses.map((pulse) => pulse.stop()));
    api.close();
  }
}

/** What has to answer all along: Kubernetes, the manager, and a service that was called before. */
async function allElse(cluster: Cluster, api: ApiServer, service: string, request: Request): Promise<Pulse[]> {
  const manager = await Manager.of(cluster);
  const as = await manager.tokenOf(service);
  const { answer, ...call } = request;
  const run = async () => {
    const { status, text } = await manager.call('POST', `/run/${service}`, { ...call, as });
    expect([status, text]).toEqual([200, typeof answer === 'string' ? answer : expect.stringMatching(answer)]);
  };
  await run();
  return [
    new Pulse('the API server gives an object', 100, () => api.get(`/api/v1/namespaces/${SERVICES}`)),
    new Pulse('the manager is healthy', 250, async () => {
      expect(await manager.call('GET', '/health')).toEqual({ status: 200, text: 'Ok' });
    }),
    new Pulse(`${service} answers a call`, 500, run),
  ];
}

/** Of what stays: the manager and the store, pod by pod. */
async function restarts(cluster: Cluster): Promise<[name: string, restarts: number][]> {
  const stays = 'app.kubernetes.io/component in (manager, minio)';
  const pods = await cluster.list<Pod>('pods', '-n', PLATFORM, '-l', stays);
  return pods.map((pod) => [pod.metadata.name, restartsOf(pod)]);
}

function tellFigures(
  counted: object,
  { began, answered }: { readonly began: number; readonly answered: number },
  jobs: readonly Job[],
  results: readonly Result[],
): void {
  const seconds = (time: number) => Math.round((time - began) / 100) / 10;
  const lastJob = Math.max(...jobs.map(({ metadata }) => Date.parse(metadata.creationTimestamp!)));
  const lastResult = Math.max(...results.map(({ time }) => time.getTime()));
  const jobsPerMinute = Math.round((results.length / seconds(lastResult)) * 60);
  const until = { answered: seconds(answered), lastJob: seconds(lastJob), lastResult: seconds(lastResult) };
  tell({ ...counted, jobs: jobs.length, secondsUntil: until, jobsPerMinute });
}

/** As an operator would: whoever lists Jobs after a flood waits for all of them. */
async function jobsAreRemoved(cluster: Cluster, uploads: Uploads): Promise<void> {
  const manager = await Manager.of(cluster);
  const { status } = await manager.call('DELETE', `/system/logs/${CHECKSUM.service}`, { as: manager.admin });
  expect(status).toBe(204);
  await eventually('its Jobs are gone', 120, async () => expect(await uploads.jobs(cluster)).toEqual([]));
}
