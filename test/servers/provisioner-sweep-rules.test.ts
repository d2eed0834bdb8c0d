import { jobName, SweptObject } from '../../src/contract';
import { usersOfPrograms } from '../../src/constructs/platform-users';
import { objectsOf } from '../../src/programs/provisioner/sweep/objects';
import { Rules } from '../../src/programs/provisioner/sweep/rules';
import { Submitter } from '../../src/programs/provisioner/sweep/submit';
import { sweepAll } from '../../src/programs/provisioner/sweep/sweep';
import { Store } from '../../src/programs/provisioner/store/store';
import { ErasureSet } from './support/erasure-set';
import { ServiceUsers } from './support/service-users';
import { binding, bucket, convergeStore, declarationOf } from './support/store-work';

const START_MS = 240_000;
const SWEEP = 'oscar.platform.sweep';
const BINDINGS = [binding('cow', 'input/')];
const BUCKETS = [bucket('input', { notifications: [{ prefix: '', suffix: '' }] }), bucket('oscar-records')];
const PLACE = { platform: 'oscar', namespace: 'oscar' };

let set: ErasureSet;
beforeAll(async () => void (set = await ErasureSet.start()), START_MS);
afterAll(() => set?.stop());

const at = (process: number) => ({ endpoint: `http://127.0.0.1:${set.portOf(process)}`, ...set.root });

test(
  'processes that started without a bucket’s rules tell of uploads once the sweep has found one that nobody told of',
  async () => {
    for (const { name } of BUCKETS) await set.must(0, 'PUT', `/${name}`);
    // One drive misses what is written to the others, and all lose their power before it is healed.
    await set.down(3);
    await convergeStore(at(0), { buckets: BUCKETS, bindings: BINDINGS });
    await set.down(0, 1, 2);
    // Two drives of four are enough to read; of these two, one says that the rules are there, and one that they aren't.
    await set.up(2, 3);
    await Promise.all([2, 3].map((process) => set.hasReadMetadata(process)));
    await set.up(0, 1);
    await Promise.all([0, 1, 2, 3].map((process) => set.isReady(process)));
    // Those that come later tell of uploads, or not either: by which drives answer them first.
    const tellers = await set.tellers('input', 'before');
    expect([2, 3].filter((process) => tellers.includes(process))).toEqual([]);

    const users = new ServiceUsers({ port: set.portOf(0), root: set.root }, usersOfPrograms(PLACE, BINDINGS));
    await users.converge();
    const lines: string[] = [];
    // By a process that doesn't know the rules, and a minute after the uploads.
    expect(await swept(users, 3, lines)).toEqual(['before-0', 'before-1', 'before-2', 'before-3']);
    expect(lines).toContain(
      'bucket "input": no event told of an upload within 60 s: its notifications are written again, so that each pod ' +
        'of the store knows them',
    );
    expect(await set.tellers('input', 'after')).toEqual([0, 1, 2, 3]);
  },
  START_MS,
);

/** A sweep by its own user, before a manager that knows of no upload. @returns keys that it asked for */
async function swept(users: ServiceUsers, process: number, lines: string[]): Promise<string[]> {
  const declaration = declarationOf(at(process), { buckets: BUCKETS, bindings: BINDINGS });
  const log = (_: string, message: string) => void lines.push(message);
  const store = new Store(declaration.store, users.keysOf(SWEEP), log);
  const keys: string[] = [];
  const post = async (body: string) => {
    const { service, bucket: name, key, lastModified } = JSON.parse(body) as SweptObject;
    keys.push(key);
    const job = jobName(service, { bucket: name, key, modified: Date.parse(lastModified) });
    return { status: 200, text: JSON.stringify({ job, status: 'Stored' }) };
  };
  const wait = async () => undefined;
  const submitter = new Submitter({ post, close: () => undefined }, wait);
  const rules = new Rules(declaration, store, log);
  const now = () => Date.now() + 61_000;
  expect(await sweepAll(declaration, { objects: objectsOf(store), submitter, rules, log, wait, now })).toBe(true);
  store.close();
  return keys.sort();
}
