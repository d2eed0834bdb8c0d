import { binding, HOUR, jobOf, RECORDS, START, World } from './world';

const IN = binding('cowsay', 'in/');
const upload = (world: World, key: string, bucket = 'in') => {
  world.store.put(bucket, key, 'text');
  return jobOf('cowsay', bucket, key, world.store.now);
};

describe('what is asked for', () => {
  test('an upload that no record speaks of, as a list of its bucket tells of it', async () => {
    const world = new World(IN);
    world.store.now += 1234;
    upload(world, 'folder/a b.txt');
    expect(await world.sweep()).toBe(true);
    const lastModified = new Date(START + 1234).toISOString();
    const expected = { service: 'cowsay', bucket: 'in', key: 'folder/a b.txt', lastModified, size: 4 };
    expect(world.manager.asked).toEqual([expect.objectContaining({ ...expected, etag: expect.any(String) })]);
  });

  test('none whose record is there', async () => {
    const world = new World(IN);
    for (const key of 'abcde') world.complete('cowsay', upload(world, key));
    expect(await world.sweep()).toBe(true);
    expect(world.askedKeys).toEqual([]);
  });

  test('none whose record has come since the records were listed', async () => {
    const world = new World(IN);
    const job = upload(world, 'a');
    world.store.before = (call) => {
      if (call.startsWith('pages in/')) world.complete('cowsay', job);
    };
    await world.sweep();
    expect(world.askedKeys).toEqual([]);
  });

  test('an object that was overwritten has a record of what it was, and is asked for', async () => {
    const world = new World(IN);
    world.complete('cowsay', upload(world, 'a'));
    world.store.now += 1;
    upload(world, 'a');
    await world.sweep();
    expect(world.askedKeys).toEqual(['a']);
  });

  test('none from before the service was bound, and those of the same moment', async () => {
    const world = new World();
    upload(world, 'before');
    world.store.now += 1;
    world.bindings = [IN];
    world.bind(IN);
    upload(world, 'same');
    await world.sweep();
    expect(world.askedKeys).toEqual(['same']);
  });

  test('what the filters take, relative to the folder, and no folder itself', async () => {
    const wide = binding('cowsay', 'in/sub/', { prefix: ['x'], suffix: ['.txt', '.md'] });
    const world = new World(wide);
    for (const key of [
      'sub/',
      'sub/xa.txt',
      'sub/a.txt',
      'sub/a/xb.md',
      'sub/xa.png',
      'sub/xdir/',
      'xa.txt',
      'subx/xa.txt',
    ])
      upload(world, key);
    await world.sweep();
    expect(world.askedKeys.sort()).toEqual(['sub/a/xb.md', 'sub/xa.txt']);
  });

  test('an upload that two services want, for each', async () => {
    const world = new World(IN, binding('other', 'in/'));
    upload(world, 'a');
    await world.sweep();
    expect(world.manager.asked.map(({ service }) => service)).toEqual(['cowsay', 'other']);
  });

  test('nothing of a binding without a record, which is said', async () => {
    const world = new World();
    upload(world, 'a');
    expect(await world.sweep([IN])).toBe(true);
    expect(world.askedKeys).toEqual([]);
    expect(world.lines[0].message).toBe('not bound yet, which the provisioner does: cowsay to in/');
  });

  test('nothing more of a service that is unbound meanwhile', async () => {
    const world = new World(IN);
    upload(world, 'a');
    world.store.before = (call) => {
      if (call.startsWith('pages in/')) world.unbind(IN);
    };
    expect(await world.sweep()).toBe(true);
    expect(world.askedKeys).toEqual([]);
    expect(world.store.keys(RECORDS, 'bound/')).toEqual([]);
  });

  test('nothing from before a service was bound anew meanwhile; its record stays as it is', async () => {
    const world = new World(IN);
    upload(world, 'a');
    world.store.now += 3 * HOUR;
    world.store.before = (call) => {
      if (call.startsWith('pages in/')) world.bind(IN);
    };
    await world.sweep();
    expect(world.askedKeys).toEqual([]);
    expect(world.since('cowsay', 'in/')).toBe(START + 3 * HOUR);
  });
});

describe('what becomes of it', () => {
  test.each([
    ['Succeeded', 'done'],
    ['Failed', 'failed'],
  ] as const)('%s: the record is written, and it is not asked for again', async (status, text) => {
    const world = new World(IN);
    const job = upload(world, 'a');
    world.manager.jobs.set(job, status);
    expect(await world.sweep()).toBe(true);
    expect(world.store.text(`${RECORDS}/done/cowsay/${job}`)).toBe(text);
    await world.sweep();
    expect(world.askedKeys).toEqual(['a']);
  });

  test('a record that the supervisor has just left stays', async () => {
    const world = new World(IN);
    const job = upload(world, 'a');
    world.manager.jobs.set(job, 'Failed');
    world.store.before = (call) => {
      if (call.startsWith('put ')) world.complete('cowsay', job, 'of the supervisor');
    };
    await world.sweep();
    expect(world.store.text(`${RECORDS}/done/cowsay/${job}`)).toBe('of the supervisor');
  });

  test.each(['Pending', 'Running', 'Unbound', 'Refused'] as const)(
    '%s: no record, and asked for again, however much later',
    async (status) => {
      const world = new World(IN);
      world.manager.jobs.set(upload(world, 'a'), status);
      for (let sweeps = 1; sweeps <= 3; sweeps++) {
        expect(await world.sweep()).toBe(true);
        expect(world.askedKeys).toHaveLength(sweeps);
        world.store.now += 3 * HOUR;
      }
      expect(world.completed('cowsay')).toEqual([]);
    },
  );

  test('NoFile: no record, and it is left behind', async () => {
    const world = new World(IN);
    world.manager.jobs.set(upload(world, 'a'), 'NoFile');
    world.store.now += 3 * HOUR;
    expect(await world.sweep()).toBe(true);
    expect(await world.sweep()).toBe(true);
    expect(world.askedKeys).toEqual(['a']);
    expect(world.completed('cowsay')).toEqual([]);
  });
});

test('a line a service that had something, which names the first few', async () => {
  const world = new World(IN, binding('idle', 'idle/'));
  for (let i = 0; i < 100; i++) upload(world, `line\n${String(i).padStart(3, '0')}`);
  await world.sweep();
  const first = ['000', '001', '002'].map((i) => `"in/line\\n${i}": stored`).join(', ');
  expect(world.lines.map(({ fields }) => fields)).toEqual([
    { service: 'cowsay', stored: 100, first },
    expect.objectContaining({ services: 2, uploads: 100, stored: 100, left: 0 }),
  ]);
});
