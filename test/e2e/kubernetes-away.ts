import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually } from './cluster';
import { framesNamed } from './events';
import { hasResults, jobsFor, podOf, uploadEvent } from './jobs';
import { Manager, measured } from './manager';
import type { Job } from './objects';
import { Pulse } from './pulse';
import { callOf, Neighbour } from './requests';
import type { Scenario } from './scenario';
import { SERVICES, waitUntilReady } from './steps';
import { Store } from './store';

const AWAY_SECONDS = 30;
/** It begins before, and ends while nobody can be told. */
const JOB_SECONDS = 15;
/** So that each of the managers has been asked: what they know of a service's token they know each by itself. */
const CALLS_BEFORE = 12;

/**
 * With its API server stopped, Kubernetes takes no Jobs: the manager says so, and the store keeps the events. What runs goes on; who
 * calls a warm service notices nothing.
 */
export function kubernetesIsAway(scenario: Scenario, warm: Neighbour): void {
  scenario.machineStep(
    `Kubernetes does not answer for ${AWAY_SECONDS} s: a Job ends well, files have their Jobs afterwards, calls are answered`,
    async () => {
      const { cluster } = scenario;
      const call = await callOf(cluster, warm);
      for (let time = 0; time < CALLS_BEFORE; time++) await call();
      const calls = new Pulse(`${warm.service} answers a call`, 500, call);
      try {
        await whatComesMeanwhile(cluster);
        await calls.stop();
        expect(calls.tell('while Kubernetes was away and came back')).toBeGreaterThan(AWAY_SECONDS);
      } finally {
        await calls.stop().catch(() => {});
      }
    },
    300,
  );
}

async function whatComesMeanwhile(cluster: Cluster): Promise<void> {
  const store = await Store.of(cluster);
  const manager = await Manager.of(cluster);
  const webhook = await manager.webhook();
  const uploads = framesNamed('kubernetes', 5);
  const job = await beginsAJob(cluster, manager);

  await whileStopped(cluster, async () => {
    for (const { path, content } of uploads) await store.put(path, content);
    const asked = performance.now();
    const byHand = await manager.call('POST', '/events', { as: webhook, body: uploadEvent(uploads[0]) });
    expect(byHand.status).toBe(503);
    measured('a 503 after', asked);
    expect(await manager.call('GET', '/health')).toEqual({ status: 200, text: 'Ok' });
    await eventually('the Job under way leaves its result', AWAY_SECONDS, async () => {
      expect(await store.list(job.output)).toHaveLength(1);
    });
  });

  const began = performance.now();
  for (const upload of uploads) {
    await eventually(`${upload.path} has its results`, 120, () => hasResults(store, upload));
    expect(await jobsFor(cluster, 'find-objects', upload.path)).toHaveLength(1);
  }
  measured('from the return of Kubernetes to the last result', began);
  await eventually('the Job that ended meanwhile is complete', 60, async () => {
    const { status } = await cluster.get<Job>('job', '-n', SERVICES, job.name);
    expect(status).toMatchObject({ succeeded: 1 });
    expect(status.failed ?? 0).toBe(0);
  });
  // Nodes that told nobody that they are there may have been given up for a moment.
  await cluster.kubectl('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s');
  await waitUntilReady(cluster, 120);
}

/** Of `busy`, which does nothing for a while. Waits until it runs. */
async function beginsAJob(cluster: Cluster, manager: Manager): Promise<{ name: string; output: string }> {
  const id = `${Date.now()}-kubernetes-away`;
  const body = `${id} 0 ${JOB_SECONDS}\n`;
  const as = await manager.tokenOf('busy');
  const call = { as, contentType: 'application/octet-stream', body };
  const { status, text: name } = await manager.call('POST', '/job/busy', call);
  expect([status, name]).toEqual([201, expect.any(String)]);
  await eventually('its pod runs', 60, async () => {
    expect((await podOf(cluster, name)).status.phase).toBe('Running');
  });
  return { name, output: `uploads/runs/${id}/` };
}

/** The process is stopped, so that it neither answers nor refuses: for so long at least. */
async function whileStopped(cluster: Cluster, work: () => Promise<void>): Promise<void> {
  const [, address] = /server: https:\/\/(\S+)/.exec(await cluster.kubectl('config', 'view', '--minify'))!;
  const { stdout } = await cluster.run('ss', ['-Htlnp', 'src', address]);
  const apiServer = Number(/"kube-apiserver",pid=(\d+)/.exec(stdout)![1]);
  process.kill(apiServer, 'SIGSTOP');
  const away = sleep(AWAY_SECONDS * 1000);
  try {
    await work();
    await away;
  } finally {
    process.kill(apiServer, 'SIGCONT');
  }
}
