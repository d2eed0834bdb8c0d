import { Declaration } from '../../../../src/contract';
import { Rules } from '../../../../src/programs/provisioner/sweep/rules';
import { StoreCall, StoreError } from '../../../../src/programs/provisioner/store/store';
import { binding, jobOf, MINUTE, START, storeAway, World } from './world';

describe('a bucket whose rules are written again', () => {
  const IN = binding('cowsay', 'in/');
  const uploaded = (minutesAgo: number, world = new World(IN)) => {
    world.store.put('in', 'a', 'text');
    world.store.now += minutesAgo * MINUTE;
    return world;
  };

  test('has an upload of more than a minute ago that no event told of', async () => {
    const world = uploaded(1.1);
    expect(await world.sweep()).toBe(true);
    expect(world.untold).toEqual(['in']);
  });

  test('is none whose upload is of right now: its event may be on its way', async () => {
    const world = uploaded(0.9);
    await world.sweep();
    expect(world.askedKeys).toEqual(['a']);
    expect(world.untold).toEqual([]);
  });

  test.each(['Pending', 'Running', 'Succeeded', 'Failed', 'Unbound', 'Refused', 'NoFile'] as const)(
    'is none whose upload is %s: its event came, or tells nothing',
    async (status) => {
      const world = uploaded(5);
      const job = jobOf('cowsay', 'in', 'a', START);
      world.manager.jobs.set(job, status);
      await world.sweep();
      expect(world.askedKeys).toEqual(['a']);
      expect(world.untold).toEqual([]);
    },
  );

  test('is told as a problem where the store refuses, and the uploads are looked after nevertheless', async () => {
    const world = uploaded(5, new World(IN, binding('other', 'else/')));
    world.store.put('else', 'b', 'text');
    world.writeAgain = () => {
      throw new StoreError('change of the notifications: access is denied (AccessDenied)', 'AccessDenied');
    };
    expect(await world.sweep()).toBe(false);
    expect(world.askedKeys).toEqual(['a', 'b']);
    expect(world.lines[0].message).toMatch(
      /not all is looked after: change of the notifications.*The provisioner makes/,
    );
  });

  test('is told as a problem where the store is away', async () => {
    const world = uploaded(5);
    world.writeAgain = () => {
      throw storeAway();
    };
    expect(await world.sweep()).toBe(false);
    expect(world.askedKeys).toEqual(['a']);
  });
});

describe('the rules', () => {
  const said: string[] = [];
  const calls: StoreCall[] = [];
  beforeEach(() => void [said.splice(0), calls.splice(0)]);
  const rules = (external = false) => {
    const notifications = [{ prefix: 'text/', suffix: '.txt' }];
    const declaration = {
      platform: 'oscar',
      store: { external },
      buckets: [
        { name: 'in', versioning: false, notifications },
        { name: 'out', versioning: false, notifications: [] },
      ],
    } as unknown as Declaration;
    const store = { call: async (call: StoreCall) => void calls.push(call) };
    return new Rules(declaration, store as never, (level, message) => void said.push(`${level}: ${message}`));
  };

  test('are all that is declared of the bucket, in one call, which is said', async () => {
    await rules().writeAgain('in');
    expect(calls).toEqual([expect.objectContaining({ method: 'PUT', bucket: 'in', query: { notification: '' } })]);
    for (const part of ['oscar-cdk8s/oscar/', 'arn:minio:sqs::OSCAR:webhook', 'text/', '.txt'])
      expect(calls[0].body).toContain(part);
    expect(said).toEqual([
      'warning: bucket "in": no event told of an upload within 60 s: its notifications are written again, so that each ' +
        'pod of the store knows them',
    ]);
  });

  test('are written once a sweep', async () => {
    const all = rules();
    await all.writeAgain('in');
    await all.writeAgain('in');
    expect(calls).toHaveLength(1);
  });

  test.each(['out', 'nobody-declared-it'])('are none of the bucket %s: nothing is written', async (bucket) => {
    await rules().writeAgain(bucket);
    expect([calls, said]).toEqual([[], []]);
  });

  test('of an external store stay as they are', async () => {
    await rules(true).writeAgain('in');
    expect([calls, said]).toEqual([[], []]);
  });
});
