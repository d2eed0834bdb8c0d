import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeUndeclared } from './applying';
import { Cluster, eventually } from './cluster';
import { picture } from './examples';
import { hasResults, jobsFor, jobsOf, objectOf, Upload } from './jobs';
import { Load, nothingIsLostOrDoubled } from './load';
import { measured } from './manager';
import type { Pod } from './objects';
import { declaration, LogLine, provisioned } from './provisioning';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';
import { Store } from './store';

const DATA = 'a,b\n1,2\n';

/** A new version of the environment, while files come: a service added, one removed, one that waits elsewhere. */
export function theDeclarationChangesUnderLoad(scenario: Scenario): void {
  let load: Load | undefined;

  scenario.step(
    'a changed environment is applied while files come: only what changed is changed',
    async () => {
      const { cluster } = scenario;
      const before = await storePods(cluster);
      load = await Load.on(cluster);
      const folder = await scenario.changed('changed');
      const old = await declaration(cluster);
      const began = performance.now();
      await cluster.kubectl('apply', '--server-side', '-f', folder);
      await eventually('the declaration is another one', 10, async () =>
        expect(await declaration(cluster)).not.toEqual(old),
      );
      const log = await provisioned(cluster);
      measured('from the apply to the end of the provisioner', began);
      onlyWhatChangedIsChanged(log);
      await removeUndeclared(cluster, '1.1.0');
      expect(await storePods(cluster)).toEqual(before);
    },
    400,
  );

  scenario.step('the new service gets its files, the moved one those of its new folder', async () => {
    const store = await Store.of(scenario.cluster);
    const added: Upload = {
      path: 'datasets/in/new.csv',
      content: DATA,
      results: { 'datasets/checksums/new.csv.md5': `${createHash('md5').update(DATA).digest('hex')}\n` },
    };
    const moved = { ...picture('moved'), path: 'pictures/incoming/moved.png' };
    const old = picture('where-nobody-waits-any-longer');
    for (const { path, content } of [old, added, moved]) await store.put(path, content);
    await eventually('there are results', 120, async () => {
      await hasResults(store, added);
      await hasResults(store, moved);
    });
    await expect(jobsFor(scenario.cluster, 'grayscale', old.path)).rejects.toThrow('no Job');
  });

  scenario.step('the removed service is bound to nothing, and its user is disabled', async () => {
    const { cluster } = scenario;
    const store = await Store.of(cluster);
    expect(await store.mc('event', 'ls', 'store/documents')).toBe('');
    expect(await store.statusOf('oscar.archive')).toBe('disabled');
    expect(await store.statusOf('oscar.grayscale')).toBe('enabled');
    const before = await jobsOf(cluster, 'archive');
    await store.put('documents/in/nobody-waits.csv', DATA);
    await sleep(3_000);
    expect((await jobsOf(cluster, 'archive')).map(objectOf)).toEqual(before.map(objectOf));
  });

  scenario.step(
    'no event of a service that stayed was lost',
    async () => {
      const uploads = await load!.stop();
      process.stderr.write(`      ${uploads.length} uploads meanwhile\n`);
      expect(uploads.length).toBeGreaterThan(10);
      await nothingIsLostOrDoubled(scenario, uploads);
    },
    400,
  );
}

function onlyWhatChangedIsChanged(log: readonly LogLine[]): void {
  const changed = log.filter(({ result }) => result === 'changed').map(({ message }) => message);
  const others = changed.filter((what) => !/checksum|grayscale|archive|"(datasets|pictures|documents)"/.test(what));
  expect(others).toEqual([
    expect.stringMatching(/^changed: earlier Job oscar-provisioner-\w+: deleted$/),
    // It lists the folders that are bound.
    'changed: user "oscar.platform.sweep": policy written',
  ]);
}

/** Which they are, and how often and since when they run. */
async function storePods(cluster: Cluster): Promise<unknown[]> {
  const pods = await cluster.list<Pod>('pods', '-n', PLATFORM, '-l', 'app.kubernetes.io/component=minio');
  return pods.map(({ metadata, status }) => [
    metadata.uid,
    status.startTime,
    status.containerStatuses?.map(({ restartCount }) => restartCount),
  ]);
}
