import { PassingError } from '../../../../src/programs/supervisor/storage/retry';
import { bindingRecord } from '../../../../src/contract';
import { StoreError } from '../../../../src/programs/provisioner/store/store';
import { binding, HOUR, jobOf, MINUTE, RECORDS, START, storeAway, World } from './world';

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

  test.each(['Pending', 'Running', 'Unbound'] as const)('%s: no record', async (status) => {
    const world = new World(IN);
    world.manager.jobs.set(upload(world, 'a'), status);
    expect(await world.sweep()).toBe(true);
    expect(world.completed('cowsay')).toEqual([]);
  });
});

describe('since when a binding is', () => {
  const at = (world: World) => world.since('cowsay', 'in/') - START;

  test('an hour before the sweep when nothing is open', async () => {
    const world = new World(IN);
    world.complete('cowsay', upload(world, 'a'));
    world.store.now = START + 5 * HOUR;
    await world.sweep();
    expect(at(world)).toBe(4 * HOUR);
  });

  test.each(['Stored', 'Pending', 'Running'] as const)('not past an upload that is %s', async (status) => {
    const world = new World(IN);
    world.store.now = START + HOUR;
    const job = upload(world, 'a');
    if (status !== 'Stored') world.manager.jobs.set(job, status);
    world.store.now = START + 5 * HOUR;
    for (const key of 'bcdef') upload(world, key);
    await world.sweep();
    expect(at(world)).toBe(HOUR);
  });

  test.each(['Succeeded', 'Failed', 'Unbound'] as const)('past one that is %s', async (status) => {
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
