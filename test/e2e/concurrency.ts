import { SERVICE_LABEL } from '../../src/contract';
import { ApiServer, WatchEvent } from './api-server';
import { eventually } from './cluster';
import { measured } from './manager';
import { Job, jobEnd } from './objects';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';
import { Store } from './store';
import { everyJobIsDone, sweep } from './sweeps';
import { Checksums, Uploads } from './uploads';

interface SuspendedJob extends Job {
  readonly spec: { readonly suspend?: boolean };
}

/** As many as a client sends at once. */
const AT_ONCE = 16;

/** A service with `job.concurrency`, and many uploads at once: its Jobs wait for their turn, and all have one. */
export function jobsWaitForTheirTurn(scenario: Scenario, to: Checksums, limit: number, count: number): void {
  const title = `${count} uploads at once for ${to.service}: ${limit} Jobs are under way at one time, and all are done`;
  scenario.step(title, () => takeTurns(scenario, to, limit, count), 420);
}

async function takeTurns({ cluster }: Scenario, to: Checksums, limit: number, count: number): Promise<void> {
  const uploads = new Uploads(await Store.of(cluster), to, 'turn', count);
  const began = performance.now();
  const { underWay, waiting } = await mostAtOneTime(to.service, async () => {
    await uploads.send({ atOnce: AT_ONCE });
    await eventually('each file has its result', 300, async () => {
      expect((await uploads.results()).length).toBe(count);
    });
    await everyJobIsDone(cluster);
  });
  measured(`${to.service}: ${count} files, ${underWay} at a time while up to ${waiting} waited`, began);
  expect(underWay).toBe(limit);
  // With fewer the rest proves nothing.
  expect(waiting).toBeGreaterThan(limit);
  await uploads.resultsAreRight();
  uploads.haveTheirJobs(await uploads.jobs(cluster));
  expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, left: 0 });
}

/** Follows a service's Jobs during `work`, change by change, so that no moment is missed. */
async function mostAtOneTime(
  service: string,
  work: () => Promise<void>,
): Promise<{ readonly underWay: number; readonly waiting: number }> {
  const states = new Map<string, 'waiting' | 'under way'>();
  const most = { underWay: 0, waiting: 0 };
  const onEvent = ({ type, object }: WatchEvent<SuspendedJob>) => {
    const { name } = object.metadata;
    if (type === 'DELETED' || jobEnd(object)) states.delete(name);
    else states.set(name, object.spec.suspend ? 'waiting' : 'under way');
    const waiting = [...states.values()].filter((state) => state === 'waiting').length;
    most.waiting = Math.max(most.waiting, waiting);
    most.underWay = Math.max(most.underWay, states.size - waiting);
  };
  const api = await ApiServer.open();
  const over = new AbortController();
  const path = `/apis/batch/v1/namespaces/${SERVICES}/jobs?labelSelector=${SERVICE_LABEL}%3D${service}`;
  const watched = api.watch(path, onEvent, over.signal);
  try {
    await Promise.race([watched, work()]);
    return most;
  } finally {
    over.abort();
    await watched.catch(() => {});
    api.close();
  }
}
