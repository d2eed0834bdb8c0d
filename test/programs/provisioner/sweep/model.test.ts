import * as fc from 'fast-check';
import { bindingRecord, SweptAnswer, SweptObject } from '../../../../src/contract';
import type { DoorAnswer } from '../../../../src/programs/provisioner/sweep/door';
import { binding, HOUR, jobOf, MINUTE, RECORDS, World } from './world';

/** The power goes: no error of any kind that the sweep knows. */
class Killed extends Error {}

const KEYS = ['a', 'b', 'sub/c', 'sub/d'];
const SERVICE = 'cowsay';
/** One folder in the other: their uploads are the same, and so are the records. */
const BINDINGS = [binding(SERVICE, 'in/'), binding(SERVICE, 'in/sub/')];

type Obstacle = 'Unbound' | 'Refused';
type Action =
  | { readonly kind: 'upload'; readonly key: string; readonly isTold: boolean }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'end'; readonly succeeds: boolean; readonly which: number }
  | { readonly kind: 'clean up' }
  /** Why no Job can be made: the service's definition is away or broken, or Kubernetes refuses its Jobs. Or it can. */
  | { readonly kind: 'obstacle'; readonly obstacle?: Obstacle }
  | { readonly kind: 'time'; readonly minutes: number };
type Step =
  | { readonly kind: 'action'; readonly action: Action }
  /** At each of these calls of the store something happens first, or the sweep is killed. */
  | { readonly kind: 'sweep'; readonly meanwhile: readonly (Action | 'sweep')[]; readonly killedAt?: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('upload' as const), key: fc.constantFrom(...KEYS), isTold: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ kind: fc.constant('end' as const), succeeds: fc.boolean(), which: fc.nat(9) }),
  fc.record({ kind: fc.constant('clean up' as const) }),
  fc.record({
    kind: fc.constant('obstacle' as const),
    obstacle: fc.constantFrom<Obstacle | undefined>('Unbound', 'Refused', undefined),
  }),
);
const time = fc.record({ kind: fc.constant('time' as const), minutes: fc.nat(200) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('action' as const), action: fc.oneof(action, time) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('sweep' as const),
      meanwhile: fc.array(fc.oneof(action, fc.constant('sweep' as const)), { maxLength: 12 }),
      killedAt: fc.option(fc.nat(20), { nil: undefined }),
    }),
  },
);

const answering =
  (status: Obstacle) =>
  ({ service, bucket, key, lastModified }: SweptObject): DoorAnswer => {
    const job = jobOf(service, bucket, key, Date.parse(lastModified));
    return { status: 200, text: JSON.stringify({ job, status } satisfies SweptAnswer) };
  };

/** Kubernetes, supervisors, users and sweeps; everything that was ever wrong is remembered. */
class Model {
  readonly world = new World(...BINDINGS);
  readonly done = new Set<string>();
  readonly wrong: string[] = [];
  private readonly uploads = new Map<string, string>();
  private readonly since = new Map<string, number>();

  constructor() {
    const { manager } = this.world;
    const post = manager.post.bind(manager);
    manager.post = async (body) => {
      const before = new Set(manager.jobs.keys());
      const answer = await post(body);
      for (const job of manager.jobs.keys())
        if (!before.has(job) && this.done.has(job)) this.wrong.push(`a second Job ${job}`);
      return answer;
    };
  }

  act(action: Action): void {
    const { store, manager } = this.world;
    switch (action.kind) {
      case 'upload': {
        store.now++;
        store.put('in', action.key);
        const job = jobOf(SERVICE, 'in', action.key, store.now);
        this.uploads.set(action.key, job);
        if (action.isTold) manager.jobs.set(job, 'Pending');
        return;
      }
      case 'delete':
        store.stored.delete(`in/${action.key}`);
        return void this.uploads.delete(action.key);
      case 'end': {
        const open = [...manager.jobs].filter(([, status]) => status === 'Pending').map(([job]) => job);
        if (open.length > 0) this.end(open[action.which % open.length], action.succeeds);
        return;
      }
      case 'clean up':
        // Not a Job that failed and that no sweep has seen since: it has no record, and is run again.
        for (const job of this.finished()) if (this.isRecorded(job)) manager.jobs.delete(job);
        return;
      case 'obstacle':
        manager.answer = action.obstacle ? answering(action.obstacle) : () => undefined;
        return;
      case 'time':
        store.now += action.minutes * MINUTE;
    }
  }

  async sweep(meanwhile: readonly (Action | 'sweep')[], killedAt = Infinity): Promise<void> {
    const { store } = this.world;
    let calls = 0;
    const outer = store.before;
    store.before = async () => {
      if (calls === killedAt) throw new Killed();
      const now = meanwhile[calls++];
      if (now === 'sweep') await this.sweep([]);
      else if (now) this.act(now);
      this.look();
    };
    try {
      await this.world.sweep();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      store.before = outer;
    }
    this.look();
  }

  /** Until nothing is under way, and records have had their time. */
  async settle(): Promise<void> {
    this.act({ kind: 'obstacle' });
    for (let i = 0; i < 3; i++) {
      await this.sweep([]);
      for (const [job, status] of this.world.manager.jobs) if (status === 'Pending') this.end(job, true);
      await this.sweep([]);
      this.act({ kind: 'clean up' });
      this.world.store.now += 3 * HOUR;
    }
    await this.sweep([]);
    await this.sweep([]);
    for (const [key, job] of this.uploads) if (!this.done.has(job)) this.wrong.push(`${key} is lost`);
    for (const key of this.world.completed(SERVICE)) this.wrong.push(`${key} is kept`);
  }

  private end(job: string, succeeds: boolean): void {
    if (succeeds) this.world.complete(SERVICE, job);
    this.world.manager.jobs.set(job, succeeds ? 'Succeeded' : 'Failed');
    this.done.add(job);
  }

  private finished = () => [...this.world.manager.jobs].filter(([, it]) => it !== 'Pending').map(([job]) => job);
  private isRecorded = (job: string) => this.world.store.stored.has(`${RECORDS}/done/${SERVICE}/${job}`);

  private look(): void {
    for (const { path } of BINDINGS) {
      const since = this.world.since(SERVICE, path);
      const before = this.since.get(path) ?? since;
      if (since < before) this.wrong.push(`${bindingRecord(SERVICE, path)} goes back`);
      this.since.set(path, since);
    }
  }
}

test('whatever happens in whatever order: no upload is lost, none is done twice, times go on, records go', async () => {
  const run = async (steps: readonly Step[]) => {
    const model = new Model();
    for (const step of steps) {
      if (step.kind === 'action') model.act(step.action);
      else await model.sweep(step.meanwhile, step.killedAt);
    }
    await model.settle();
    expect(model.wrong).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), run), { numRuns: 500 });
});
