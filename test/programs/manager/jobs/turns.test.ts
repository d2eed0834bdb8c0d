import { chosen, JobsWorld, landAll, ManagerOfTurns, ready, settled } from './turns-world';

describe('who goes on', () => {
  test('the oldest, and no more than may', async () => {
    const { world, manager } = await ready(2, 'c', 'b', 'a', 'd');
    expect(chosen(manager)).toEqual(['c', 'b']);
    await landAll(manager);
    expect([world.underWay, world.waiting]).toEqual([
      ['c', 'b'],
      ['a', 'd'],
    ]);
  });

  test('those of one second by their names', async () => {
    const world = new JobsWorld(2);
    for (const name of ['c', 'a', 'b']) world.create(name, 7);
    const manager = ManagerOfTurns.ready(world);
    expect(chosen(manager)).toEqual(['a', 'b']);
  });

  test('the next when one is over, or deleted', async () => {
    const { world, manager } = await ready(1, 'a', 'b', 'c');
    await landAll(manager);
    world.finish('a');
    manager.see();
    expect(chosen(manager)).toEqual(['b']);
    await landAll(manager);
    world.delete('b');
    manager.see();
    expect(chosen(manager)).toEqual(['c']);
    await landAll(manager);
    expect(manager.logged.map(({ message }) => message)).toEqual(['job goes on', 'job goes on', 'job goes on']);
  });

  test('nobody while a place is only promised', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    world.create('c', 9);
    manager.see();
    // The server did it, and the manager has not seen it yet.
    manager.land();
    await settled();
    expect(chosen(manager)).toEqual([]);
    manager.see();
    expect(chosen(manager)).toEqual([]);
  });

  test('not who was deleted in the line, and a new one of that name comes last', async () => {
    const { world, manager } = await ready(1, 'a', 'b', 'c');
    await landAll(manager);
    world.delete('b');
    world.create('b', 9);
    world.finish('a');
    manager.see();
    expect(chosen(manager)).toEqual(['c']);
    await landAll(manager);
    world.finish('c');
    manager.see();
    expect(chosen(manager)).toEqual(['b']);
  });

  test('Jobs that are neither suspended nor over take places, whoever made them', async () => {
    const world = new JobsWorld(undefined);
    world.create('before-there-was-a-limit', 0);
    world.limit = 2;
    world.create('a', 1);
    world.create('b', 2);
    expect(chosen(ManagerOfTurns.ready(world))).toEqual(['a']);
  });

  test('a Job that a person suspends stays so, and gives its place away', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    await landAll(manager);
    world.change('a', { ...world.jobs.get('a')!, isSuspended: true });
    manager.see();
    expect(chosen(manager)).toEqual(['b']);
    await landAll(manager);
    world.finish('b');
    manager.see();
    expect(chosen(manager)).toEqual([]);
    expect(world.jobs.get('a')).toMatchObject({ isSuspended: true });
  });

  test('services don’t wait for each other', async () => {
    const world = new JobsWorld(1);
    world.create('a-1', 1);
    world.create('a-2', 2);
    world.create('b-1', 3, 'b');
    expect(chosen(ManagerOfTurns.ready(world))).toEqual(['a-1', 'b-1']);
  });
});

describe('when the limit is', () => {
  test('raised: more go on at once', async () => {
    const { world, manager } = await ready(1, 'a', 'b', 'c', 'd');
    await landAll(manager);
    world.limit = 3;
    manager.define();
    expect(chosen(manager)).toEqual(['b', 'c']);
  });

  test('lowered: nobody goes on until enough are over', async () => {
    const { world, manager } = await ready(3, 'a', 'b', 'c', 'd');
    await landAll(manager);
    world.limit = 1;
    manager.define();
    for (const name of ['a', 'b']) {
      world.finish(name);
      manager.see();
      expect(chosen(manager)).toEqual([]);
    }
    world.finish('c');
    manager.see();
    expect(chosen(manager)).toEqual(['d']);
  });

  test('removed: all go on', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `job-${100 + i}`);
    const { world, manager } = await ready(1, ...names);
    await landAll(manager);
    world.limit = undefined;
    manager.define();
    await landAll(manager);
    expect(world.underWay).toEqual(names);
  });

  test('gone with its service: as many as before, and not all at once', async () => {
    const { world, manager } = await ready(2, 'a', 'b', 'c', 'd');
    await landAll(manager);
    manager.services.onConfigMap('a', undefined);
    expect(chosen(manager)).toEqual([]);
    world.finish('a');
    manager.see();
    expect(chosen(manager)).toEqual(['c']);
  });
});

describe('what is not known yet', () => {
  test('the definitions: nobody goes on before they are', async () => {
    const world = new JobsWorld(1);
    world.create('a', 1);
    world.create('b', 1);
    const manager = new ManagerOfTurns(world);
    manager.list();
    expect(chosen(manager)).toEqual([]);
    manager.define(2);
    expect(chosen(manager)).toEqual([]);
    manager.services.onListed();
    expect(chosen(manager)).toEqual(['a', 'b']);
  });

  test('some of the Jobs, while a list comes in: one of them may have the place', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    await landAll(manager);
    world.finish('a');
    world.change('b', { ...world.jobs.get('b')!, isSuspended: undefined, waiting: undefined });
    world.create('0', 9);
    manager.known.onListing();
    manager.known.onJob('0', world.jobs.get('0'));
    manager.known.onJob('a', world.jobs.get('a'));
    expect(chosen(manager)).toEqual([]);
    manager.known.onJob('b', world.jobs.get('b'));
    manager.known.onListed();
    expect(chosen(manager)).toEqual([]);
    world.finish('b');
    manager.known.onJob('b', world.jobs.get('b'));
    expect(chosen(manager)).toEqual(['0']);
  });
});

test('fifty thousand that wait cost a change no more than ten do', async () => {
  const world = new JobsWorld(1);
  for (let i = 0; i < 50_000; i++) world.create(`job-${(i * 7919) % 50_000}`, i >> 4);
  const manager = ManagerOfTurns.ready(world);
  const began = process.cpuUsage();
  const rounds = 5_000;
  for (let i = 0; i < rounds; i++) {
    const [{ name }] = manager.onItsWay;
    manager.land();
    manager.see();
    await Promise.resolve();
    world.finish(name);
    manager.see();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
  }
  const { user, system } = process.cpuUsage(began);
  // In ms of the CPU. Sorting all of them for each would take ten times as long.
  expect((user + system) / 1000 / rounds).toBeLessThan(1);
  expect(world.waiting.length).toBeGreaterThanOrEqual(50_000 - rounds - 1);
});
