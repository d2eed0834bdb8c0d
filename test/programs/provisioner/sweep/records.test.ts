import { bindingRecord } from '../../../../src/contract';
import { binding, HOUR, jobOf, MINUTE, RECORDS, START, storeAway, World } from './world';

const IN = binding('cowsay', 'in/');
const upload = (world: World, key: string, bucket = 'in') => {
  world.store.put(bucket, key, 'text');
  return jobOf('cowsay', bucket, key, world.store.now);
};

describe('since when a binding is', () => {
  const at = (world: World) => world.since('cowsay', 'in/') - START;

  test('an hour before the sweep when nothing is open', async () => {
    const world = new World(IN);
    world.complete('cowsay', upload(world, 'a'));
    world.store.now = START + 5 * HOUR;
    await world.sweep();
    expect(at(world)).toBe(4 * HOUR);
  });

  test.each(['Stored', 'Pending', 'Running', 'Unbound', 'Refused'] as const)(
    'not past an upload that is %s',
    async (status) => {
      const world = new World(IN);
      world.store.now = START + HOUR;
      const job = upload(world, 'a');
      if (status !== 'Stored') world.manager.jobs.set(job, status);
      world.store.now = START + 5 * HOUR;
      for (const key of 'bcdef') upload(world, key);
      await world.sweep();
      expect(at(world)).toBe(HOUR);
    },
  );

  test.each(['Succeeded', 'Failed', 'NoFile'] as const)('past one that is %s', async (status) => {
    const world = new World(IN);
    world.manager.jobs.set(upload(world, 'a'), status);
    world.store.now = START + 5 * HOUR;
    await world.sweep();
    expect(at(world)).toBe(4 * HOUR);
  });

  test('not past one that could not be submitted', async () => {
    const world = new World(IN);
    upload(world, 'a');
    world.store.now = START + 5 * HOUR;
    world.manager.answer = () => ({ status: 400, text: 'no' });
    expect(await world.sweep()).toBe(false);
    expect(at(world)).toBe(0);
  });

  test('as it was when the list broke off, or a completion could not be recorded', async () => {
    for (const broken of ['pages in/', 'put ']) {
      const world = new World(IN);
      for (const key of 'abcde') world.manager.jobs.set(upload(world, key), 'Failed');
      world.store.now = START + 5 * HOUR;
      let calls = 0;
      world.store.before = (call) => {
        if (call.startsWith(broken) && ++calls > 1) throw storeAway();
      };
      expect(await world.sweep()).toBe(false);
      expect(at(world)).toBe(0);
    }
  });

  test('never back', async () => {
    const world = new World(IN);
    world.store.now = START + 10 * MINUTE;
    await world.sweep();
    expect(at(world)).toBe(0);
  });

  test('not written for a few minutes', async () => {
    const world = new World(IN);
    world.store.now = START + 5 * HOUR;
    await world.sweep();
    world.store.now += 10 * MINUTE;
    await world.sweep();
    expect(world.store.calls.filter((call) => call.startsWith('replace '))).toHaveLength(1);
  });

  test('not past the uploads of another input of the same folder', async () => {
    const world = new World(
      binding('cowsay', 'in/', { suffix: ['.txt'] }),
      binding('cowsay', 'in/', { suffix: ['.png'] }),
    );
    world.complete('cowsay', upload(world, 'a.txt'));
    upload(world, 'b.png');
    world.store.now = START + 5 * HOUR;
    await world.sweep();
    expect(world.askedKeys).toEqual(['b.png']);
    expect(at(world)).toBe(0);
  });
});

describe('completion records', () => {
  test('go once no upload can need them; young ones stay', async () => {
    const world = new World(IN);
    world.complete('cowsay', upload(world, 'a'));
    world.store.now = START + 5 * HOUR;
    const young = upload(world, 'b');
    world.complete('cowsay', young);
    await world.sweep();
    expect(world.completed('cowsay')).toHaveLength(2);
    await world.sweep();
    expect(world.completed('cowsay')).toEqual([`done/cowsay/${young}`]);
    expect(world.askedKeys).toEqual([]);
  });

  test('stay while another folder of the service needs them', async () => {
    const world = new World(IN, binding('cowsay', 'in2/'));
    world.complete('cowsay', upload(world, 'a'));
    const late = upload(world, 'b', 'in2');
    for (let hour = 1; hour < 9; hour++) {
      world.store.now = START + hour * HOUR;
      await world.sweep();
    }
    expect(world.completed('cowsay')).toHaveLength(1);
    world.complete('cowsay', late);
    for (let hour = 9; hour < 12; hour++) {
      world.store.now = START + hour * HOUR;
      await world.sweep();
    }
    expect(world.completed('cowsay')).toEqual([]);
  });

  test('stay when a record of a binding is garbage: that is said, and the other folders are gone through', async () => {
    const other = binding('cowsay', 'in2/');
    const world = new World(IN, other);
    world.complete('cowsay', upload(world, 'a'));
    world.store.now = START + 9 * HOUR;
    world.bind(other);
    world.store.put(RECORDS, bindingRecord('cowsay', 'in/'), '{"since": "yesterday"}');
    upload(world, 'b', 'in2');
    expect(await world.sweep()).toBe(false);
    expect(world.completed('cowsay')).toHaveLength(1);
    expect(world.askedKeys).toEqual(['b']);
    expect(world.lines.map(({ message }) => message).join()).toContain(
      'no record of the service "cowsay" being bound to "in/"',
    );
  });

  test.each([
    '',
    'null',
    '[]',
    '7',
    '{}',
    '{"service":"cowsay","path":"in/","since":7}',
    '{"service":"x","path":"in/","since":"2026-01-01"}',
  ])('a binding record %j is said, and left as it is', async (text) => {
    const world = new World(IN);
    world.store.put(RECORDS, bindingRecord('cowsay', 'in/'), text);
    world.store.now = START + 5 * HOUR;
    expect(await world.sweep()).toBe(false);
    expect(world.store.text(`${RECORDS}/${bindingRecord('cowsay', 'in/')}`)).toBe(text);
  });

  test('of services that are neither declared nor bound go, an hour later', async () => {
    const world = new World(IN);
    world.complete('gone', 'gone-0');
    world.complete('bound', 'bound-0');
    world.complete('cowsay', 'cowsay-0');
    world.bind(binding('bound', 'in/'));
    await world.sweep();
    expect(world.completed('gone')).toHaveLength(1);
    world.store.now += HOUR + 1;
    await world.sweep();
    expect(world.completed('gone')).toEqual([]);
    expect(world.completed('bound')).toHaveLength(1);
    expect(world.completed('cowsay')).toHaveLength(1);
  });

  test('of names that no Job has mean nothing, and go', async () => {
    const world = new World(IN);
    for (const name of ['x', 'cowsay-xyz', 'sub/cowsay-0123456789abcdef0123']) world.complete('cowsay', name);
    for (const hours of [5, 6]) {
      world.store.now = START + hours * HOUR;
      expect(await world.sweep()).toBe(true);
    }
    expect(world.completed('cowsay')).toEqual([]);
  });
});
