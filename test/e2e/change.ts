import { PutObjectCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually } from './cluster';
import { removalOfUndeclared } from './documented';
import { frame, picture } from './examples';
import { hasResults, jobsFor, jobsOf, objectOf, Upload } from './jobs';
import { measured } from './manager';
import type { Pod } from './objects';
import { declaration, LogLine, provisioned } from './provisioning';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';
import { Store } from './store';
import { everyJobIsDone, sweep } from './sweeps';

const DATA = 'a,b\n1,2\n';

/** A new version of the environment, while files come: a service added, one removed, one that waits elsewhere. */
export function theDeclarationChangesUnderLoad(scenario: Scenario): void {
  let load: Load | undefined;

  scenario.step(
    'a changed environment is applied while files come: only what changed is changed',
    async () => {
      const { cluster } = scenario;
      const before = await storePods(cluster);
      load = new Load(await Store.of(cluster));
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
      await cluster.kubectl(...removalOfUndeclared('e2e', '1.1.0'));
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
      const { cluster } = scenario;
      const uploads = await load!.stop();
      const store = await Store.of(cluster);
      process.stderr.write(`      ${uploads.length} uploads meanwhile\n`);
      expect(uploads.length).toBeGreaterThan(10);
      await eventually('each has its results', 240, async () => {
        const names = await store.list('films/objects/');
        const expected = uploads.flatMap(({ results }) => Object.keys(results));
        expect(names).toEqual(expect.arrayContaining(expected.map((path) => path.slice('films/objects/'.length))));
      });
      for (const upload of uploads) await hasResults(store, upload);
      await everyJobIsDone(cluster);
      expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, left: 0 });
      for (const { path } of uploads) expect(await jobsFor(cluster, 'find-objects', path)).toHaveLength(1);
    },
    400,
  );
}

/** An upload a second. */
class Load {
  private readonly uploads: Upload[] = [];
  private isOver = false;
  private readonly ended: Promise<void>;

  constructor(store: Store) {
    this.ended = this.run(store);
    // Told by `stop`.
    this.ended.catch(() => {});
  }

  /** @returns all that was uploaded @throws when the store refused one */
  async stop(): Promise<readonly Upload[]> {
    this.isOver = true;
    await this.ended;
    return this.uploads;
  }

  private async run(store: Store): Promise<void> {
    const client = store.client();
    while (!this.isOver) {
      const upload = frame(`load ${this.uploads.length}`);
      const [bucket, ...key] = upload.path.split('/');
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key.join('/'), Body: upload.content }));
      this.uploads.push(upload);
      await sleep(1_000);
    }
  }
}

function onlyWhatChangedIsChanged(log: readonly LogLine[]): void {
  const changed = log.filter(({ result }) => result === 'changed').map(({ message }) => message);
  const others = changed.filter((what) => !/md5|grayscale|archive|"(datasets|pictures|documents)"/.test(what));
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
