import { setTimeout as sleep } from 'node:timers/promises';
import { Flow, NAMESPACES } from './support/flow';
import type { Outside } from './support/outside';
import { running } from './support/running';
import { Store } from './support/store';

const BETWEEN_UPLOADS_MS = 100;

let outside: Outside;
let flow: Flow;
let store: Store;

running((started) => ({ outside, flow, store } = started));

/** Uploads for a service all the time. @returns what ends that, and tells the names */
function uploading(): () => Promise<string[]> {
  const names: string[] = [];
  let over = false;
  const loop = (async () => {
    while (!over) {
      const name = `steady-${names.length}.txt`;
      await store.put(`bulk/in/${name}`, name);
      names.push(name);
      await sleep(BETWEEN_UPLOADS_MS);
    }
  })();
  return async () => {
    over = true;
    await loop;
    return names;
  };
}

/** The environment with a service more, one less, and one that takes its files from elsewhere. */
const changed = () => {
  const { overlay } = outside.options;
  const services = [
    { name: 'shout', remove: true },
    { name: 'sort', input: [{ path: 'pictures/elsewhere', suffix: ['.txt'] }] },
    {
      name: 'added',
      image: 'example.org/shell',
      script: `${process.cwd()}/test/flow/environments/scripts/digest.sh`,
      input: [{ path: 'bulk/more' }],
      output: [{ path: 'bulk/out' }],
    },
  ];
  return { ...overlay, version: '1.1.0', services };
};

const isThere = (path: string) => async () => (await store.get(path)) !== undefined;
const objectsOfJobs = () =>
  flow.double.objects
    .list('Job', NAMESPACES.services)
    .map(({ metadata }) => metadata.annotations?.['oscar-cdk8s/object'] ?? '');

test('a changed declaration under load: the store is not started again, and no event of other services is lost', async () => {
  const { minio } = flow.pids;
  const end = uploading();
  await store.put('pictures/in/before.txt', 'x');
  await flow.until('the old path works', isThere('pictures/grey/grey-before.txt'));

  await flow.declare(changed());
  const said = await flow.provisioned();

  await store.put('bulk/more/new.txt', 'new');
  await store.put('pictures/elsewhere/moved.txt', 'x');
  await store.put('pictures/in/after.txt', 'x');
  await store.put('films/parts/after.part', 'x');
  await flow.until('the new service works', isThere('bulk/out/new.txt.digest'));
  await flow.until('the new path works', isThere('pictures/grey/grey-moved.txt'));

  const names = await end();
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) await flow.until(`${name} has a result`, isThere(`bulk/out/${name}.digest`));
  // Each of them was told of, once.
  expect(objectsOfJobs().filter((object) => object.startsWith('bulk/in/'))).toHaveLength(names.length);
  const { stored, left } = await flow.sweep();
  expect({ stored, left }).toEqual({ stored: 0, left: 0 });

  // What is no longer declared is bound no longer, and stays.
  expect(objectsOfJobs()).not.toContain('pictures/in/after.txt');
  expect(objectsOfJobs()).not.toContain('films/parts/after.part');
  expect(said).toMatch(/oscar\.shout.*disabled|disabled.*oscar\.shout/);
  expect(await store.keysIn('pictures/in/')).toEqual(['after.txt', 'before.txt']);
  expect(flow.pids.minio).toBe(minio);
  expect(flow.manifests.ofKind('StatefulSet')).toHaveLength(1);
});
