import { setTimeout as sleep } from 'node:timers/promises';
import { definition, INPUT } from '../programs/manager/services';
import { BucketStore } from './support/bucket-store';
import { ManagerProcess, until } from './support/manager';
import { Random } from './support/manager-random';
import { File, large, small, upload } from './support/manager-uploads';

const UPLOADS = 1000;
const CLIENTS = 8;
/** Every so manieth file is uploaded in parts. */
const IN_PARTS = 50;
const DURING_MS = 45_000;
/** At random moments; and at once when a Job was stored, before its event is answered. */
const MANAGER_KILLS = 5;
const MANAGER_KILLS_AT_A_JOB = 5;
const STORE_KILLS = 2;
/** All that is queued is sent by then. */
const DRAINED_MS = 120_000;
const LONGEST_DOWN_MS = 1_500;
const NO_JOB_MS = 8_000;

const INPUTS = { all: {}, pictures: { suffix: ['.jpg'] }, deep: { path: 'uploads/in/deep' } };
/** Whom a file is for. */
const servicesOf = (key: string) => [
  'all',
  ...(key.endsWith('.jpg') ? ['pictures'] : []),
  ...(key.startsWith('in/deep/') ? ['deep'] : []),
];

const FOLDERS = ['in/', 'in/deep/', 'in/some + folder/', 'in/größe 日本 🙂/'];
const NAMES = [
  'file',
  'with  spaces',
  'a+b++c',
  '100% %2F',
  'größer → 日本',
  '$(OSCAR_SERVICE_NAME)',
  '$$x',
  `'"&<x>;#?`,
];
const ENDINGS = ['.jpg', '.txt', ''];

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = new Random(seed);
const pick = <T>(list: readonly T[]) => list[random.below(list.length)];
const files = Array.from({ length: UPLOADS }, (_, i): File => {
  const key = `${pick(FOLDERS)}${i} ${pick(NAMES)}${pick(ENDINGS)}`;
  return i % IN_PARTS === 0 ? large(key) : small(key);
});

let manager: ManagerProcess;
let store: BucketStore;
beforeAll(async () => {
  manager = await ManagerProcess.create();
  for (const [name, input] of Object.entries(INPUTS)) {
    manager.declare(definition(name, { input: [{ ...INPUT, path: 'uploads/in', ...input }] }));
  }
  store = await BucketStore.startFor(manager.target, 'uploads');
  await store.tellOf('uploads', 'in');
  await manager.start(store);
});
afterAll(async () => {
  await store.remove();
  await manager.remove();
});

/** Clients beside one another, each with its files at moments of its own. @returns how often each key was tried */
async function uploadAll(): Promise<Map<string, number>> {
  const tries = new Map<string, number>();
  const begin = Date.now();
  const client = async (number: number) => {
    const own = files.filter((_, i) => i % CLIENTS === number);
    const moments = random.moments(own.length, DURING_MS);
    for (const [i, file] of own.entries()) {
      await sleep(Math.max(0, begin + moments[i] - Date.now()));
      tries.set(file.key, await upload(store, 'uploads', file));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  return tries;
}

/** Ends it as a power failure does, and after a while it is there again. */
async function fail(server: { kill: () => Promise<void>; up: () => Promise<void> }): Promise<void> {
  await server.kill();
  await sleep(random.next() * LONGEST_DOWN_MS);
  await server.up();
}

async function failAtTimes(kills: number, server: Parameters<typeof fail>[0]): Promise<void> {
  const begin = Date.now();
  for (const moment of random.moments(kills, DURING_MS)) {
    await sleep(Math.max(0, begin + moment - Date.now()));
    await fail(server);
  }
}

/** Acts when one of the next Jobs is stored, before anybody is told that it is; or a while later, when none comes. */
function atAJob(act: () => Promise<void>): Promise<void> {
  let left = 1 + random.below(20);
  return new Promise((resolve, reject) => {
    const go = () => {
      clearTimeout(late);
      end();
      act().then(resolve, reject);
    };
    const late = setTimeout(go, NO_JOB_MS);
    const end = manager.kubernetes.objects.onChange('Job', () => {
      if (--left === 0) go();
    });
  });
}

async function killTheManager(): Promise<void> {
  const begin = Date.now();
  const kinds = [...Array(MANAGER_KILLS).fill('time'), ...Array(MANAGER_KILLS_AT_A_JOB).fill('job')] as const;
  const order = kinds.map((kind) => ({ kind, at: random.next() })).sort((a, b) => a.at - b.at);
  for (const [i, { kind }] of order.entries()) {
    await sleep(Math.max(0, begin + ((i + random.next()) / order.length) * DURING_MS - Date.now()));
    const kill = () => fail(manager);
    await (kind === 'time' ? kill() : atAJob(kill));
  }
}

interface Told {
  readonly name: string;
  readonly service: string;
  readonly key: string;
  readonly identity: string;
}

function toldBy({ name, service, variables }: ManagerProcess['jobs'][number]): Told {
  const { s3 } = JSON.parse(variables.EVENT).Records[0];
  const key = decodeURIComponent(s3.object.key.replaceAll('+', ' '));
  return { name, service, key, identity: JSON.stringify([service, s3.bucket.name, key, s3.object.sequencer]) };
}

test(`${UPLOADS} uploads, while the manager and the store are killed: a Job for each and each service`, async () => {
  const tries = await uploadAllWhileAllFails();
  await until('all events are taken', () => store.queued === 0, DRAINED_MS);
  const told = manager.jobs.map(toldBy);
  const again = manager.kubernetes.requests.filter(({ method, status }) => method === 'POST' && status === 409).length;
  const retried = [...tries].filter(([, count]) => count > 1);
  const expected = files.reduce((sum, { key }) => sum + servicesOf(key).length, 0);
  process.stdout.write(
    `seed ${seed}: ${UPLOADS} uploads (${retried.length} repeated by their clients), ${told.length} Jobs ` +
      `(${expected} at least), ${again} events sent again whose Job was there\n`,
  );
  expect({ seed, wrong: wrongOf(told, tries) }).toEqual({ seed, wrong: [] });
  expect(new Set(told.map(({ identity }) => identity)).size).toBe(told.length);
  expect(JSON.parse(await manager.asAdmin('/system/dead-letters')).dead_letters).toEqual([]);
}, 300_000);

async function uploadAllWhileAllFails(): Promise<Map<string, number>> {
  const ofStore = { kill: () => store.down(), up: () => store.up() };
  const [tries] = await Promise.all([uploadAll(), killTheManager(), failAtTimes(STORE_KILLS, ofStore)]);
  return tries;
}

/** What isn't as promised: a Job for each upload that was answered, and none for what wasn't uploaded. */
function wrongOf(told: readonly Told[], tries: ReadonlyMap<string, number>): string[] {
  const counts = new Map<string, number>();
  for (const { service, key } of told) {
    const one = JSON.stringify([service, key]);
    counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  const wrong: string[] = [];
  for (const [key, count] of tries) {
    for (const service of servicesOf(key)) {
      const one = JSON.stringify([service, key]);
      const jobs = counts.get(one) ?? 0;
      counts.delete(one);
      // A try that wasn't answered may have been stored: it is an upload of its own.
      if (jobs < 1 || jobs > count) wrong.push(`${one}: ${jobs} Jobs of ${count} tries`);
    }
  }
  return [...wrong, ...[...counts.keys()].map((one) => `${one}: a Job that nobody asked for`)];
}
