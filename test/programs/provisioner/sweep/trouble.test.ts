import { PassingError } from '../../../../src/programs/supervisor/storage/retry';
import { StoreError } from '../../../../src/programs/provisioner/store/store';
import { binding, HOUR, jobOf, MINUTE, START, storeAway, World } from './world';

const IN = binding('cowsay', 'in/');
const upload = (world: World, key: string, bucket = 'in') => {
  world.store.put(bucket, key, 'text');
  return jobOf('cowsay', bucket, key, world.store.now);
};

describe('sweeps at the same time', () => {
  test('one that began with an old record does not ask for what another found done, and whose record it removed', async () => {
    const world = new World(IN);
    world.complete('cowsay', upload(world, 'a'));
    world.store.now = START + 5 * HOUR;
    let overtaken = false;
    world.store.before = async (call) => {
      // The first has read the binding's record; two others go all the way.
      if (overtaken || !call.startsWith('pages oscar-records/done/cowsay/')) return;
      overtaken = true;
      for (let i = 0; i < 2; i++) await world.sweep();
      expect(world.completed('cowsay')).toEqual([]);
    };
    await world.sweep();
    expect(overtaken).toBe(true);
    expect(world.askedKeys).toEqual([]);
  });

  test('what another moved on is not moved back', async () => {
    const world = new World(IN);
    world.store.now = START + 5 * HOUR;
    let overtaken = false;
    world.store.before = async (call) => {
      if (overtaken || !call.startsWith('replace ')) return;
      overtaken = true;
      world.store.now += HOUR;
      await world.sweep();
    };
    await world.sweep();
    expect(world.since('cowsay', 'in/')).toBe(START + 5 * HOUR);
  });

  test('one that takes too long leaves the rest to the next', async () => {
    const world = new World(IN);
    for (const key of 'abcdefgh') upload(world, key);
    let pages = 0;
    world.store.before = (call) => {
      if (call.startsWith('pages in/') && ++pages === 2) world.store.now += 2 * HOUR;
    };
    expect(await world.sweep()).toBe(false);
    expect(world.askedKeys).toEqual(['a', 'b']);
    expect(world.since('cowsay', 'in/')).toBe(START);
    expect(await world.sweep()).toBe(true);
    expect(new Set(world.askedKeys).size).toBe(8);
  });
});

describe('trouble', () => {
  test('the store that is away is asked for three services, and no more', async () => {
    const world = new World(...Array.from({ length: 10 }, (_, i) => binding(`s${i}`, 'in/')));
    world.store.before = (call) => {
      if (call.startsWith('pages in/')) throw storeAway();
    };
    expect(await world.sweep()).toBe(false);
    expect(world.store.calls.filter((call) => call.startsWith('pages in/'))).toHaveLength(3);
    expect(world.lines).toHaveLength(4);
  });

  test('a bucket that is missing holds nobody back', async () => {
    const world = new World(
      binding('a', 'gone/'),
      binding('b', 'gone/'),
      binding('c', 'gone/'),
      binding('d', 'gone/'),
      IN,
    );
    upload(world, 'a');
    world.store.before = (call) => {
      if (call.startsWith('pages gone/')) throw new StoreError('there is no such bucket', 'NoSuchBucket');
    };
    expect(await world.sweep()).toBe(false);
    expect(world.askedKeys).toEqual(['a']);
  });

  test.each(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch'])(
    'the store refuses the sweep’s user (%s): the others are looked at, and the fix is said',
    async (code) => {
      const world = new World(binding('a', 'not-yet/'), IN);
      upload(world, 'a');
      world.store.before = (call) => {
        if (call.startsWith('pages not-yet/')) throw new StoreError('list of "not-yet/": refused', code);
      };
      expect(await world.sweep()).toBe(false);
      expect(world.askedKeys).toEqual(['a']);
      expect(world.lines[0].message).toMatch(/list of "not-yet\/": refused\. The provisioner makes .* Fix: see/);
    },
  );

  test('a platform that is not provisioned yet has nothing to look after', async () => {
    const world = new World(IN);
    upload(world, 'a');
    world.store.before = (call) => {
      if (call.startsWith('pages oscar-records/')) throw new StoreError('there is no such bucket', 'NoSuchBucket');
    };
    expect(await world.sweep()).toBe(true);
    expect(world.askedKeys).toEqual([]);
    expect(world.lines[0]).toMatchObject({ level: 'warning', message: expect.stringContaining('not there yet') });
  });

  describe.each([
    ['knows no such user', new StoreError('list of the records: unknown', 'InvalidAccessKeyId')],
    ['knows another key of it', new StoreError('list of the records: another key', 'SignatureDoesNotMatch')],
    ['has not given it its rights', new StoreError('list of the records: refused', 'AccessDenied')],
    ['does not answer yet', storeAway()],
  ])('the first sweep of a platform, while the store %s', (_, error) => {
    const refused = (times: number) => {
      const world = new World(IN);
      upload(world, 'a');
      let calls = 0;
      world.store.before = () => {
        if (calls++ < times) throw error;
      };
      return world;
    };

    test('waits for the provisioner, and then looks at everything', async () => {
      const world = refused(4);
      expect(await world.sweep()).toBe(true);
      expect(world.waits).toHaveLength(4);
      expect(world.askedKeys).toEqual(['a']);
      expect(world.lines[0].level).toBe('warning');
      expect(world.lines[0].message).toMatch(`${error.message}: the provisioner may not be done yet; trying again in`);
    });

    test('gives up after five minutes', async () => {
      const world = refused(Infinity);
      await expect(world.sweep()).rejects.toBe(error);
      const minutes = world.waits.reduce((sum, ms) => sum + ms, 0) / MINUTE;
      expect(minutes).toBeGreaterThan(4);
      expect(minutes).toBeLessThan(6.5);
    });
  });

  test.each([
    ['what the store refuses to anybody', 'NotImplemented'],
    ['what no time mends, as an authority that is not trusted,', ''],
  ])('%s is waited for by nobody', async (_, code) => {
    const world = new World(IN);
    world.store.before = () => {
      throw new StoreError('the records can’t be listed', code);
    };
    await expect(world.sweep()).rejects.toThrow('the records can’t be listed');
    expect(world.waits).toEqual([]);
  });

  test('no records can be listed: nothing is done', async () => {
    const world = new World(IN);
    world.store.before = (call) => {
      if (call.startsWith('folders ')) throw storeAway();
    };
    await expect(world.sweep()).rejects.toThrow('the store is away');
  });

  test('the manager is away: all are left, and said in one line', async () => {
    const world = new World(IN);
    for (let i = 0; i < 100; i++) upload(world, `file-${i}`);
    world.manager.answer = () => {
      throw new PassingError('connection refused');
    };
    expect(await world.sweep()).toBe(false);
    expect(world.lines.map(({ level }) => level)).toEqual(['error', 'error']);
    expect(world.lines[0].fields).toMatchObject({ service: 'cowsay', left: 100 });
    expect(world.lines[0].message).toContain('the manager is away: "connection refused"');
  });
});
