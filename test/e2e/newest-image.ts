import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removalOfUndeclared } from './documented';
import { Cluster, eventually } from './cluster';
import { HOLD, isHeld, letGo } from './held';
import { jobsFor } from './jobs';
import { Manager, warmPodsOf } from './manager';
import { isReady } from './objects';
import { provisioned } from './provisioning';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';
import { Store } from './store';

/** As `environments/newest-image` has it. */
const SERVICE = 'versioned';
const IMAGE = 'docker.io/oscar-e2e/versioned:latest';
const FROM = 'uploads/versioned';
const TO = 'uploads/versions';
const DEPLOYMENT = `deployment/${SERVICE}`;

/** A tag that comes to mean another content: who starts from then on has that one, and what runs is left alone. */
export function theNewestImageRuns(scenario: Scenario): void {
  const { cluster } = scenario;

  scenario.machineStep('a service of an image that was just pushed runs it', async () => {
    await push(cluster, 'one');
    await cluster.kubectl('apply', '--server-side', '-f', await scenario.changed('newest-image'));
    await provisioned(cluster);
    await upload(cluster, 'first', '');
    await becomes(cluster, 'first', 'one');
    await isRolledOut(cluster);
    expect(await warmPodSays(cluster)).toBe('one');
  });

  scenario.machineStep(
    'its tag is pushed again: the next Job runs the new content, and what runs is left alone',
    async () => {
      await upload(cluster, 'under-way', HOLD);
      const held = await isHeld(cluster, SERVICE, `${FROM}/under-way`);
      const warm = await podsThatStay(cluster);
      await push(cluster, 'two');
      await upload(cluster, 'next', '');
      await becomes(cluster, 'next', 'two');
      await letGo(cluster, held, 'go');
      await becomes(cluster, 'under-way', 'one');
      expect(await warmPodSays(cluster)).toBe('one');
      expect(await podsThatStay(cluster)).toEqual(warm);
    },
  );

  scenario.machineStep('its warm pods run the new content once they are restarted', async () => {
    await cluster.kubectl('rollout', 'restart', '-n', SERVICES, DEPLOYMENT);
    await isRolledOut(cluster);
    // Until the manager has seen the pod before go.
    await eventually('calls are answered by the new one', 30, async () => {
      expect(await warmPodSays(cluster)).toBe('two');
    });
    await cluster.kubectl('apply', '--server-side', '-f', scenario.folder);
    await cluster.kubectl(...removalOfUndeclared('e2e', '1.0.0'));
    await provisioned(cluster);
  });
}

async function push(cluster: Cluster, content: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-e2e-image-'));
  const file = join(folder, 'content');
  writeFileSync(file, content);
  await cluster.machines.push(IMAGE, '--add', `${file}=/content`);
  rmSync(folder, { recursive: true });
}

async function upload(cluster: Cluster, name: string, content: string): Promise<void> {
  await (await Store.of(cluster)).put(`${FROM}/${name}`, content);
}

/** A file's Job ends well, at the first try, and its result is what the image held. */
async function becomes(cluster: Cluster, name: string, content: string): Promise<void> {
  await eventually(`the Job of ${name} succeeds`, 120, async () => {
    const [{ status }] = await jobsFor(cluster, SERVICE, `${FROM}/${name}`);
    expect(status).toMatchObject({ succeeded: 1 });
    expect(status.failed ?? 0).toBe(0);
  });
  expect(await (await Store.of(cluster)).get(`${TO}/${name}`)).toBe(content);
}

async function warmPodSays(cluster: Cluster): Promise<string> {
  const manager = await Manager.of(cluster);
  const call = { as: await manager.tokenOf(SERVICE), contentType: 'application/octet-stream', body: 'what are you?' };
  const { status, text } = await manager.call('POST', `/run/${SERVICE}`, call);
  expect({ status, text }).toMatchObject({ status: 200 });
  return Buffer.from(text, 'base64').toString();
}

async function podsThatStay(cluster: Cluster): Promise<string[]> {
  return (await warmPodsOf(cluster, SERVICE)).filter(isReady).map(({ metadata }) => metadata.name);
}

async function isRolledOut(cluster: Cluster): Promise<void> {
  await cluster.kubectl('rollout', 'status', '-n', SERVICES, DEPLOYMENT, '--timeout=120s');
}
