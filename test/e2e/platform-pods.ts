import { setTimeout as sleep } from 'node:timers/promises';
import { ApiServer } from './api-server';
import { Cluster, eventually } from './cluster';
import { frame } from './examples';
import { HOLD, isHeld, letGo } from './held';
import { hasResults, isProcessed, jobsFor } from './jobs';
import { kill, measured } from './manager';
import { Job, jobEnd, Pod } from './objects';
import {
  beginToProvision,
  declaration,
  provisioned,
  PROVISIONER,
  provisioners,
  storeIsAsDeclared,
} from './provisioning';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES, waitUntilReady } from './steps';
import { Store } from './store';
import { beginSweep, putUntold, sweep } from './sweeps';

const SERVICE = 'find-objects';
/** Nobody listens there, and the network lets nobody try. */
const NO_MANAGER = 'http://oscar-manager.oscar.svc:1';
/** A sweep has begun to ask for Jobs by then: it has few files to look at. */
const SWEEP_AT_WORK_MS = 3_000;
const BRINGERS = ['-n', SERVICES, '-l', 'app.kubernetes.io/component in (supervisor-installer, prefetch)'];
/** Its supervisor is looked at as long as it runs. */
const INSPECTED = { service: 'inspect', path: 'uploads/inspect/installers-are-killed' };

/** Pods of the platform beside those that always run, each killed at its work, as when its node loses power. */
export function platformPodsAreKilled(scenario: Scenario): void {
  const lost = frame('while the provisioner and a sweep were killed');
  const { step, cluster } = scenario;

  step('the provisioner is killed at its work: another pod does all of it', async () => {
    const store = await Store.of(cluster);
    await putUntold(store, lost);
    const users = (await declaration(cluster)).users.map(({ name }) => name);
    for (const user of users) await store.mc('admin', 'user', 'rm', 'store', user);
    const api = await ApiServer.open();
    const began = performance.now();
    await beginToProvision(scenario);
    await kill(cluster, await atWork(cluster, api, 'changed: user').finally(() => api.close()));
    measured('killed after', began);
    await provisioned(cluster);
    measured('until the provisioner was done', began);
    const [{ status }] = await provisioners(cluster);
    expect(status).toMatchObject({ succeeded: 1, failed: 1 });
    await storeIsAsDeclared(cluster);
    await isProcessed(cluster, SERVICE, frame('after the provisioner was killed'));
  });

  step('a sweep is killed at its work: the next one does it', async () => {
    const name = await beginSweep(cluster, NO_MANAGER);
    const ofSweep = ['-n', PLATFORM, '-l', `batch.kubernetes.io/job-name=${name}`];
    const pod = await runs(cluster, ofSweep);
    await sleep(SWEEP_AT_WORK_MS);
    await kill(cluster, pod);
    await eventually('its Job has failed', 60, async () => {
      expect(jobEnd(await cluster.get<Job>('job', '-n', PLATFORM, name))).toBe('Failed');
    });
    await cluster.kubectl('delete', 'job', '-n', PLATFORM, name);
    await expect(jobsFor(cluster, SERVICE, lost.path)).rejects.toThrow('no Job');
    expect(await sweep(cluster)).toMatchObject({ stored: 1, left: 0 });
    await eventually('there are results', 120, async () => hasResults(await Store.of(cluster), lost));
    expect(await jobsFor(cluster, SERVICE, lost.path)).toHaveLength(1);
  });

  step('what brings the supervisor and images to the nodes is killed: Jobs go on, and others start', async () => {
    await (await Store.of(cluster)).put(INSPECTED.path, HOLD);
    const held = await isHeld(cluster, INSPECTED.service, INSPECTED.path);
    const before = await cluster.list<Pod>('pods', ...BRINGERS);
    expect(before.length).toBeGreaterThan(0);
    const began = performance.now();
    const names = before.map(({ metadata }) => metadata.name);
    await cluster.kubectl('delete', 'pods', '-n', SERVICES, ...names, '--grace-period=0', '--force');
    await isProcessed(cluster, SERVICE, frame('while they were killed'));
    await waitUntilReady(cluster, 120);
    measured('until all were there again', began);
    const after = await cluster.list<Pod>('pods', ...BRINGERS);
    expect(after.map(({ metadata }) => metadata.name).filter((name) => names.includes(name))).toEqual([]);
    await letGo(cluster, held, 'go');
    await isProcessed(cluster, SERVICE, frame('after they were killed'));
    await itsJobSucceeds(cluster);
  });
}

/** Waits until the provisioner says so. @returns its pod */
async function atWork(cluster: Cluster, api: ApiServer, says: string): Promise<Pod> {
  const pod = await runs(cluster, PROVISIONER);
  const heard = new AbortController();
  const log = `/api/v1/namespaces/${PLATFORM}/pods/${pod.metadata.name}/log?follow=true`;
  await api.follow(log, (line) => line.includes(says) && heard.abort(), heard.signal);
  if (!heard.signal.aborted) throw new Error(`${pod.metadata.name} ended and never said «${says}»`);
  return pod;
}

/** Waits until the only pod runs. */
async function runs(cluster: Cluster, selected: readonly string[]): Promise<Pod> {
  return eventually('its pod runs', 120, async () => {
    const [pod, ...others] = await cluster.list<Pod>('pods', ...selected);
    expect(others).toEqual([]);
    expect(pod?.status.phase).toBe('Running');
    return pod;
  });
}

/** Of the file that was held: at the first try. Then it goes, as other steps count the service's Jobs. */
async function itsJobSucceeds(cluster: Cluster): Promise<void> {
  const { service, path } = INSPECTED;
  const [{ metadata }] = await jobsFor(cluster, service, path);
  await eventually('the Job under way succeeds', 60, async () => {
    const { status } = await cluster.get<Job>('job', '-n', SERVICES, metadata.name);
    expect(status).toMatchObject({ succeeded: 1 });
    expect(status.failed ?? 0).toBe(0);
  });
  await cluster.kubectl('delete', 'job', '-n', SERVICES, metadata.name);
}
