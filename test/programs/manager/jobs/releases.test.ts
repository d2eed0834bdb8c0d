import timers from 'node:timers/promises';
import { chosen, JobsWorld, landAll, ManagerOfTurns, ready, settled } from './turns-world';

/** Whoever waits waits for the test. */
const waits: { readonly ms: number; readonly end: () => void }[] = [];
beforeEach(() => {
  waits.length = 0;
  const sleep = (ms?: number) =>
    new Promise<undefined>((resolve) => waits.push({ ms: ms!, end: () => resolve(undefined) }));
  jest.spyOn(timers, 'setTimeout').mockImplementation(sleep as typeof timers.setTimeout);
});
afterEach(() => jest.restoreAllMocks());

/** @returns how long they would have waited, in ms */
async function waited(): Promise<number[]> {
  const ended = waits.splice(0);
  for (const { end } of ended) end();
  await settled();
  return ended.map(({ ms }) => ms);
}

/** Managers see the definition of `a` only: of the others each Job says itself how many may be under way. */
function readyFor(jobs: Readonly<Record<string, number>>, limit = 100): ManagerOfTurns {
  const world = new JobsWorld(limit);
  for (const [service, count] of Object.entries(jobs)) {
    for (let second = 0; second < count; second++) world.create(`${service}-${10 + second}`, second, service);
  }
  return ManagerOfTurns.ready(world);
}
const counts = (manager: ManagerOfTurns) => {
  const services = chosen(manager).map((name) => name[0]);
  return Object.fromEntries(
    [...new Set(services)].map((one) => [one, services.filter((other) => other === one).length]),
  );
};

describe('calls at one time', () => {
  test('are eight of a service, in its order', async () => {
    const manager = readyFor({ a: 20 });
    expect(chosen(manager)).toEqual(Array.from({ length: 8 }, (_, index) => `a-${10 + index}`));
    manager.land(3);
    await settled();
    expect(chosen(manager).at(-1)).toBe('a-18');
    expect(manager.onItsWay).toHaveLength(8);
  });

  test('are sixteen in all, and services have them in turn', async () => {
    const manager = readyFor({ a: 30, b: 30, c: 30 });
    expect(counts(manager)).toEqual({ a: 8, b: 8 });
    const services: string[] = [];
    for (let calls = 0; calls < 90; calls++) {
      services.push(chosen(manager)[0][0]);
      manager.land();
      await settled();
    }
    expect(services.slice(16, 46).filter((service) => service === 'c').length).toBeGreaterThanOrEqual(10);
    expect(chosen(manager)).toEqual([]);
  });

  test('are the others’ while one service’s are refused', async () => {
    const manager = readyFor({ a: 20, b: 20 });
    for (let calls = 0; calls < 8; calls++) manager.fail(chosen(manager).findIndex((name) => name.startsWith('a')));
    await settled();
    expect(counts(manager)).toEqual({ b: 8 });
    for (let calls = 0; calls < 20; calls++) {
      manager.land();
      await settled();
    }
    expect(chosen(manager)).toEqual([]);
    // Those of the refused service that had no try yet come before the others.
    await waited();
    expect(chosen(manager)).toEqual(Array.from({ length: 8 }, (_, index) => `a-${18 + index}`));
  });

  test('go on while one Job is refused', async () => {
    const manager = readyFor({ a: 20 });
    manager.fail();
    await settled();
    for (let calls = 0; calls < 19; calls++) {
      manager.land();
      await settled();
    }
    expect(chosen(manager)).toEqual([]);
    await waited();
    expect(chosen(manager)).toEqual(['a-10']);
  });
});

describe('a call that fails', () => {
  test('is made again, later each time, and the place is kept', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    for (const most of [500, 1000, 2000, 4000, 5000, 5000]) {
      manager.fail();
      await settled();
      expect(chosen(manager)).toEqual([]);
      const [ms, ...others] = await waited();
      expect(others).toEqual([]);
      expect(ms).toBeLessThanOrEqual(most);
      expect(ms).toBeGreaterThanOrEqual(most / 2);
      expect(chosen(manager)).toEqual(['a']);
    }
    expect(manager.logged[0]).toMatchObject({ level: 'warning', message: "job can't go on", job: 'a', service: 'a' });
    await landAll(manager);
    expect([world.underWay, world.waiting]).toEqual([['a'], ['b']]);
  });

  test('is not made again when another manager’s was done', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    world.release('a', world.jobs.get('a')!.waiting!.uid);
    manager.fail();
    await settled();
    manager.see();
    await waited();
    expect(chosen(manager)).toEqual([]);
  });

  test('of a Job that is gone is none, and its place is free when that is seen', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    world.delete('a');
    manager.land();
    await settled();
    expect([chosen(manager), manager.logged]).toEqual([[], []]);
    manager.see();
    expect(chosen(manager)).toEqual(['b']);
  });

  test('because the Job of that name is another one by now', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    world.delete('a');
    world.create('a', 9);
    manager.land();
    await settled();
    expect(world.waiting).toEqual(['b', 'a']);
    manager.see();
    await waited();
    expect(chosen(manager)).toEqual(['b']);
  });

  test('of a Job that was deleted and made again while nobody looked is not made again', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    world.delete('a');
    world.create('a', 9);
    manager.list();
    manager.fail(0, '422: metadata.uid: field is immutable');
    await settled();
    expect(chosen(manager)).toEqual(['b']);
  });

  test('for good keeps its own place only', async () => {
    const { world, manager } = await ready(2, 'a', 'b', 'c');
    manager.fail(0, '422: a policy says no');
    await settled();
    manager.land();
    manager.see();
    await settled();
    world.finish('b');
    manager.see();
    expect(chosen(manager)).toEqual(['c']);
  });

  test('is the last when the manager ends', async () => {
    const { manager } = await ready(1, 'a');
    manager.stop();
    manager.fail();
    await settled();
    await waited();
    expect([chosen(manager), manager.logged]).toEqual([[], []]);
  });

  test('nor does a change come to anything after that', async () => {
    const { world, manager } = await ready(1, 'a', 'b');
    manager.stop();
    manager.fail();
    await settled();
    world.create('c', 9);
    manager.see();
    await waited();
    expect(chosen(manager)).toEqual([]);
  });
});
