import timers from 'node:timers/promises';
import fc from 'fast-check';
import { JobsWorld, ManagerOfTurns, settled } from './turns-world';

/** Whoever would wait to try again does so at once. */
beforeEach(() => {
  const sleep = () => new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
  jest.spyOn(timers, 'setTimeout').mockImplementation(sleep as typeof timers.setTimeout);
});
afterEach(() => jest.restoreAllMocks());

/** What may happen. Numbers choose among what is there. */
type Step =
  | { readonly do: 'create'; readonly name: number; readonly later: boolean }
  | { readonly do: 'finish' | 'delete'; readonly which: number }
  | { readonly do: 'see'; readonly manager: number; readonly changes: number }
  | { readonly do: 'land' | 'lose' | 'break'; readonly manager: number; readonly which: number }
  | { readonly do: 'list' | 'restart'; readonly manager: number }
  /** One manager sees that there is another limit, none, or no service. */
  | { readonly do: 'limit'; readonly manager: number; readonly limit: number | undefined | 'gone' };

const number = fc.nat({ max: 1000 });
const steps = {
  create: fc.record({ do: fc.constant('create' as const), name: number, later: fc.boolean() }),
  createLater: fc.record({ do: fc.constant('create' as const), name: number, later: fc.constant(true) }),
  finish: fc.record({ do: fc.constantFrom('finish' as const, 'delete' as const), which: number }),
  see: fc.record({ do: fc.constant('see' as const), manager: number, changes: fc.nat({ max: 6 }) }),
  land: fc.record({
    do: fc.constantFrom('land' as const, 'lose' as const, 'break' as const),
    manager: number,
    which: number,
  }),
  list: fc.record({ do: fc.constantFrom('list' as const, 'restart' as const), manager: number }),
  limit: fc.record({
    do: fc.constant('limit' as const),
    manager: number,
    limit: fc.constantFrom<(number | undefined | 'gone')[]>(1, 2, 3, 4, undefined, 'gone'),
  }),
};
const histories = (...kinds: (keyof typeof steps)[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...kinds.map((kind) => steps[kind] as fc.Arbitrary<Step>)), { maxLength: 80, size: 'max' });

/** A cluster with managers beside each other. */
class Model {
  readonly world: JobsWorld;
  readonly managers: ManagerOfTurns[];
  /** Managers that there have been, those that were restarted too: their calls may still be on the way. */
  readonly all: ManagerOfTurns[];
  most = 0;
  private second = 0;

  constructor(limit: number, managers: number) {
    this.world = new JobsWorld(limit);
    this.managers = Array.from({ length: managers }, () => ManagerOfTurns.ready(this.world));
    this.all = [...this.managers];
  }

  async take(step: Step): Promise<void> {
    this.apply(step);
    this.count();
    await settled();
  }

  /** All goes well from now on, until nobody waits or is under way. */
  async drain(): Promise<void> {
    for (let rounds = 0; this.world.waiting.length || this.world.underWay.length; rounds++) {
      if (rounds > 1000) throw new Error(`they wait for ever: ${this.world.waiting.join()}`);
      for (const manager of this.all) while (manager.onItsWay.length) manager.land();
      this.count();
      this.world.underWay.forEach((name) => this.world.finish(name));
      for (const manager of this.managers) manager.see();
      await settled();
    }
  }

  private count(): void {
    this.most = Math.max(this.most, this.world.underWay.length);
  }

  private apply(step: Step): void {
    const { world } = this;
    switch (step.do) {
      case 'create': {
        if (step.later) this.second++;
        const name = `job-${step.name}`;
        if (!world.jobs.has(name)) world.create(name, this.second);
        return;
      }
      case 'finish':
        return chosen(world.underWay, step.which, (name) => world.finish(name));
      case 'delete':
        return chosen([...world.jobs.keys()], step.which, (name) => world.delete(name));
      case 'see':
        return chosen(this.managers, step.manager, (manager) => manager.see(step.changes));
      case 'list':
        return chosen(this.managers, step.manager, (manager) => manager.list());
      case 'limit':
        return chosen(this.managers, step.manager, (manager) => this.limit(manager, step.limit));
      case 'restart':
        return this.restart(step.manager % this.managers.length);
      default:
        return chosen(this.all, step.manager, (manager) =>
          chosen(manager.onItsWay, step.which, ({ name, uid }) => this.answer(step.do, manager, { name, uid })),
        );
    }
  }

  private answer(how: 'land' | 'lose' | 'break', manager: ManagerOfTurns, call: { name: string; uid: string }): void {
    const index = manager.onItsWay.findIndex(({ name, uid }) => name === call.name && uid === call.uid);
    if (how === 'land') return manager.land(index);
    // Its answer is lost, and what was asked is done; or it never came.
    if (how === 'lose') this.world.tryRelease(call.name, call.uid);
    manager.fail(index);
  }

  private limit(manager: ManagerOfTurns, limit: number | undefined | 'gone'): void {
    if (limit !== 'gone') this.world.limit = limit;
    manager.define(limit);
  }

  private restart(index: number): void {
    this.managers[index].stop();
    this.all.push((this.managers[index] = ManagerOfTurns.ready(this.world)));
  }
}

function chosen<T>(among: readonly T[], which: number, work: (one: T) => void): void {
  if (among.length) work(among[which % among.length]);
}

const limits = fc.integer({ min: 1, max: 4 });
const RUNS = { numRuns: 150 };

async function run(limit: number, managers: number, history: readonly Step[]): Promise<Model> {
  const model = new Model(limit, managers);
  for (const step of history) await model.take(step);
  await model.drain();
  return model;
}

describe('in any history all Jobs have their turn', () => {
  test('and one manager, however far behind it is, lets no more go on than may', async () => {
    const history = histories('create', 'create', 'finish', 'see', 'see', 'land');
    await fc.assert(
      fc.asyncProperty(limits, history, async (limit, history) => {
        expect((await run(limit, 1, history)).most).toBeLessThanOrEqual(limit);
      }),
      RUNS,
    );
  });

  test('and neither do three managers that see the same', async () => {
    const history = histories('create', 'create', 'finish', 'see', 'see', 'see', 'land', 'land');
    await fc.assert(
      fc.asyncProperty(limits, history, async (limit, history) => {
        expect((await run(limit, 3, history)).most).toBeLessThanOrEqual(limit);
      }),
      RUNS,
    );
  });

  test('nor do managers that are restarted or list anew, where no two Jobs are of one second', async () => {
    const history = histories('createLater', 'createLater', 'finish', 'see', 'see', 'land', 'land', 'list');
    await fc.assert(
      fc.asyncProperty(limits, history, async (limit, history) => {
        expect((await run(limit, 2, history)).most).toBeLessThanOrEqual(limit);
      }),
      RUNS,
    );
  });

  test('where some are, it is as many as may for each manager whose calls are on the way', async () => {
    const history = histories('create', 'create', 'finish', 'see', 'see', 'land', 'land', 'list');
    await fc.assert(
      fc.asyncProperty(limits, history, async (limit, history) => {
        const { most, all } = await run(limit, 2, history);
        expect(most).toBeLessThanOrEqual(limit * all.length);
      }),
      RUNS,
    );
  });

  test('whatever becomes of the limit and of the service', async () => {
    const history = histories('create', 'create', 'finish', 'see', 'land', 'list', 'limit');
    await fc.assert(
      fc.asyncProperty(limits, history, async (limit, history) => {
        // It throws when some wait for ever.
        await run(limit, 2, history);
      }),
      RUNS,
    );
  });
});
