import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VERSION_LABEL, WAITING_LABEL } from '../../../src/contract';
import { eventually } from '../cluster';
import { blocksOf as blocksBelow } from '../documented';
import { removePlatform } from '../cleaning';
import { frame } from '../examples';
import { hasResults, isProcessed, jobsOf } from '../jobs';
import { bearer, CALLED, idleServicesGoToSleep, Manager, measured } from '../manager';
import type { Job, KubernetesObject } from '../objects';
import { isAsItWas } from '../outage';
import { scenario } from '../scenario';
import { Shell } from '../shell';
import { PLATFORM, SERVICES } from '../steps';
import { secretOf, Store } from '../store';
import { everyJobIsDone, sweep } from '../sweeps';
import { thePlatformIsUp } from '../up';

const BLOCK_SECONDS = 900;
const SERVICE = 'find-objects';
const NEXT = '1.1.0';
const KEYS = {
  admin: [PLATFORM, 'oscar-admin'],
  sweep: [PLATFORM, 'oscar-sweep'],
  webhook: [PLATFORM, 'oscar-webhook'],
  root: [PLATFORM, 'oscar-minio-root'],
  metrics: [PLATFORM, 'oscar-manager-metrics'],
  storeMetrics: [PLATFORM, 'oscar-minio-metrics'],
  token: [SERVICES, 'cowsay-token'],
  keys: [SERVICES, 'cowsay-minio'],
} as const;

const MANAGER = ['deployment', '-n', PLATFORM, 'oscar-manager'];
const WAITS = 'waits-for-its-turn';

/** As the manager makes it of a service with a limit. */
function waitingJob(): object {
  const container = { name: 'waits', image: 'docker.io/library/busybox:1.36', command: ['true'] };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: WAITS, namespace: SERVICES, labels: { [WAITING_LABEL]: '1' } },
    spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
  };
}

const blocksOf = (heading: string) => blocksBelow(heading, 'OPERATIONS');

// The procedures of docs/OPERATIONS.md, typed into a shell one after the other, and what they were for.
scenario('e2e', (given) => {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-e2e-operations-'));
  let shell: Shell | undefined;
  const before = frame('before the backup');

  const newShell = () => new Shell(folder, { ...process.env, MC_CONFIG_DIR: join(folder, 'mc') });

  afterAll(async () => {
    await shell?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  const typed = (heading: string, numbers: readonly number[] = blocksOf(heading).map((_, index) => index)) =>
    given.step(
      `${heading}: ${numbers.map((number) => number + 1).join(', ')}`,
      async () => {
        const began = performance.now();
        for (const number of numbers) await shell!.type(blocksOf(heading)[number], BLOCK_SECONDS);
        measured(heading, began);
      },
      BLOCK_SECONDS,
    );

  const secret = (which: keyof typeof KEYS) => {
    const [namespace, name] = KEYS[which];
    return secretOf(given.cluster, namespace, name);
  };
  const secrets: Record<string, unknown> = {};
  const noted = () =>
    given.step('the Secrets are noted', async () => {
      for (const which of Object.keys(KEYS) as (keyof typeof KEYS)[]) secrets[which] = await secret(which);
    });
  const changedAre = (...names: (keyof typeof KEYS)[]) =>
    given.step(
      `changed are ${names.join(', ')}; a file is processed, and none is lost`,
      async () => {
        for (const which of Object.keys(KEYS) as (keyof typeof KEYS)[]) {
          const isChanged = JSON.stringify(await secret(which)) !== JSON.stringify(secrets[which]);
          expect([which, isChanged]).toEqual([which, names.includes(which)]);
          secrets[which] = await secret(which);
        }
        await isAsItWas(given.cluster);
        await theStoreTellsItsMetrics();
        await isProcessed(given.cluster, SERVICE, frame(`after a change of ${names.join(', ')}`));
        await eventually('the admin is let in', 150, async () => {
          await (await Manager.of(given.cluster)).read('/system/services');
        });
        await everyJobIsDone(given.cluster);
        expect(await sweep(given.cluster)).toMatchObject({ stored: 0, left: 0 });
      },
      BLOCK_SECONDS,
    );

  /** To whom shows the token that Prometheus has. */
  const theStoreTellsItsMetrics = async () => {
    const { token } = await secret('storeMetrics');
    const host = await given.cluster.reachService(PLATFORM, 'oscar-minio', 9000);
    const headers = { authorization: bearer(token) };
    const { status } = await fetch(`http://${host}/minio/v2/metrics/cluster`, { headers });
    expect(status).toBe(200);
  };

  given.step('applied for the first time', async () => {
    mkdirSync(join(folder, 'dist'));
    cpSync(given.folder, join(folder, 'dist/production'), { recursive: true });
    shell = newShell();
    await given.cluster.kubectl('apply', '--server-side', '-f', given.folder);
  });
  thePlatformIsUp(given);
  idleServicesGoToSleep(given, CALLED);
  given.step('a file is processed', async () => void (await isProcessed(given.cluster, SERVICE, before)));

  given.step('there is a next version', async () => {
    const next = await given.laidOver({ version: NEXT, platform: { serviceMonitors: true } });
    cpSync(next, join(folder, 'dist/production'), { recursive: true });
  });
  typed('Upgrading', [0]);
  given.step('the manager is of it', async () => {
    const manager = await given.cluster.get<KubernetesObject>(...MANAGER);
    expect(manager.metadata.labels).toMatchObject({ [VERSION_LABEL]: NEXT });
    await isProcessed(given.cluster, SERVICE, frame('after the upgrade'));
  });
  given.step('a Job waits for its turn, and no manager is there to let it go on', async () => {
    await given.cluster.kubectl('scale', '--replicas=0', ...MANAGER);
    await given.cluster.apply(waitingJob());
  });
  typed('Upgrading', [1]);
  given.step('the Job goes on, and the manager is back', async () => {
    const { cluster } = given;
    expect(await cluster.get<Job>('job', '-n', SERVICES, WAITS)).toMatchObject({ spec: { suspend: false } });
    await cluster.kubectl('delete', 'job', '-n', SERVICES, WAITS);
    await cluster.kubectl('scale', '--replicas=2', ...MANAGER);
    await isAsItWas(cluster);
  });
  typed('Reading the metrics');
  typed('Changing secrets', [0]);
  noted();
  typed('Changing secrets', [1]);
  changedAre('token', 'keys');
  typed('Changing secrets', [2]);
  changedAre('admin', 'sweep');
  typed('Changing secrets', [3]);
  changedAre('metrics', 'storeMetrics');
  typed('Reading the metrics');
  typed('Changing secrets', [4]);
  changedAre('webhook');
  typed('Changing secrets', [5]);
  changedAre('root', 'storeMetrics');

  typed('Logging in to the store');
  typed('Backup');
  given.step(
    'the platform is lost, with its data',
    async () => {
      // With what leads there.
      await shell!.end();
      shell = newShell();
      await removePlatform(given.cluster);
    },
    600,
  );
  typed('Restore', [0]);
  typed('Logging in to the store');
  typed('Restore', [1]);
  given.step(
    'all files are back, none is processed again, and new ones are',
    async () => {
      const { cluster } = given;
      await isAsItWas(cluster);
      await hasResults(await Store.of(cluster), before);
      expect(await sweep(cluster)).toMatchObject({ stored: 0, left: 0 });
      expect(await jobsOf(cluster, SERVICE)).toEqual([]);
      await isProcessed(cluster, SERVICE, frame('after the restore'));
      expect(await secret('token')).toEqual(secrets.token);
    },
    400,
  );
});
