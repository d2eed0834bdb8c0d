import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordsBucket, VERSION_LABEL, WAITING_LABEL } from '../../../src/contract';
import { Cluster, eventually } from '../cluster';
import {
  CHANGED_SERVICE,
  Credential,
  credential,
  CREDENTIALS,
  Credentials,
  credentials,
  oldOnesAreRefused,
  storesMetricsStatus,
} from '../credentials';
import { blocksOf as blocksBelow } from '../documented';
import { removePlatform } from '../cleaning';
import { whileCordoned } from '../cordon';
import { frame } from '../examples';
import { hasResults, isProcessed, jobsOf } from '../jobs';
import { CALLED, idleServicesGoToSleep, Manager, measured } from '../manager';
import type { Job, KubernetesObject } from '../objects';
import { isAsItWas } from '../outage';
import { scenario } from '../scenario';
import { Shell } from '../shell';
import { PLATFORM, SERVICES } from '../steps';
import { Store } from '../store';
import { everyJobIsDone, sweep } from '../sweeps';
import { thePlatformIsUp } from '../up';

const BLOCK_SECONDS = 900;
const SERVICE = CHANGED_SERVICE;
const NEXT = '1.1.0';

const MANAGER = ['deployment', '-n', PLATFORM, 'oscar-manager'];
/** As docs/OPERATIONS.md has it by an example. */
const LOST_CLAIM = ['persistentvolumeclaim', '-n', PLATFORM, 'data-oscar-minio-3'];
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

/** `bucket/key` of all that is stored, but for the records, which a restore leaves out and every sweep adds to. */
async function allFiles(cluster: Cluster): Promise<string[]> {
  const store = await Store.of(cluster);
  const files: string[] = [];
  for (const bucket of await store.buckets())
    if (bucket !== recordsBucket(PLATFORM))
      files.push(...(await store.list(`${bucket}/`)).map((key) => `${bucket}/${key}`));
  return files.sort();
}

const blocksOf = (heading: string) => blocksBelow(heading, 'OPERATIONS');

// The procedures of docs/OPERATIONS.md, typed into a shell one after the other, and what they were for.
scenario('e2e', (given) => {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-e2e-operations-'));
  let shell: Shell | undefined;
  const before = frame('before the backup');

  const newShell = () => new Shell(folder, { ...process.env, MC_CONFIG_DIR: join(folder, 'mc') });

  /** With the old one ends what led to the store. */
  const anotherShell = async () => {
    await shell!.end();
    shell = newShell();
  };

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

  let known: Credentials;
  const noted = () =>
    given.step('the Secrets are noted', async () => {
      known = await credentials(given.cluster);
    });
  const changedAre = (...names: Credential[]) =>
    given.step(
      `changed are ${names.join(', ')}; a file is processed, none is lost, and old ones are refused`,
      async () => {
        const { cluster } = given;
        const old = known;
        known = await credentials(cluster);
        const changed = CREDENTIALS.filter((which) => JSON.stringify(known[which]) !== JSON.stringify(old[which]));
        expect(changed).toEqual(CREDENTIALS.filter((which) => names.includes(which)));
        await isAsItWas(cluster);
        // To whom shows the token that Prometheus has.
        expect(await storesMetricsStatus(cluster, known.storeMetrics.token)).toBe(200);
        await isProcessed(cluster, SERVICE, frame(`after a change of ${names.join(', ')}`));
        await eventually('the admin is let in', 150, async () => {
          await (await Manager.of(cluster)).read('/system/services');
        });
        // Before the sweep, which may ask any manager: then each has the new ones.
        await oldOnesAreRefused(cluster, names, old);
        await everyJobIsDone(cluster);
        expect(await sweep(cluster)).toMatchObject({ stored: 0, left: 0 });
      },
      BLOCK_SECONDS,
    );

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

  let lostClaim: KubernetesObject;
  given.step('a volume of the store is there', async () => {
    lostClaim = await given.cluster.get<KubernetesObject>(...LOST_CLAIM);
  });
  typed('A volume of the store is lost', [0]);
  typed('Logging in to the store');
  typed('A volume of the store is lost', [1]);
  given.step(
    'it is another volume, no file is lost, and new ones are processed',
    async () => {
      const { cluster } = given;
      expect((await cluster.get<KubernetesObject>(...LOST_CLAIM)).metadata.uid).not.toBe(lostClaim.metadata.uid);
      await isAsItWas(cluster);
      // Of four drives two are enough to read: without two of the others, from the new one.
      await whileCordoned(cluster, await cluster.nodes(), async () => {
        await cluster.kubectl('delete', 'pod', '-n', PLATFORM, 'oscar-minio-1', 'oscar-minio-2');
        await eventually('it is read from the new volume', 60, async () => hasResults(await Store.of(cluster), before));
      });
      await isAsItWas(cluster);
      await isProcessed(cluster, SERVICE, frame('after the loss of a volume'));
      await everyJobIsDone(cluster);
      expect(await sweep(cluster)).toMatchObject({ stored: 0, left: 0 });
    },
    600,
  );

  let files: string[] = [];
  given.step('the files are listed', async () => {
    files = await allFiles(given.cluster);
    expect(files).toEqual(expect.arrayContaining([before.path, ...Object.keys(before.results)]));
  });
  given.step('the way to the store, which led to a pod that is gone, is left', anotherShell);
  typed('Logging in to the store');
  typed('Backup');
  given.step(
    'the platform is lost, with its data',
    async () => {
      await anotherShell();
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
      // Before this test stores anything there.
      expect(await allFiles(cluster)).toEqual(files);
      await isAsItWas(cluster);
      await hasResults(await Store.of(cluster), before);
      expect(await sweep(cluster)).toMatchObject({ stored: 0, left: 0 });
      expect(await jobsOf(cluster, SERVICE)).toEqual([]);
      await isProcessed(cluster, SERVICE, frame('after the restore'));
      expect(await credential(cluster, 'token')).toEqual(known.token);
    },
    400,
  );
});
