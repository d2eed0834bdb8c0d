import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bindingRecord,
  Declaration,
  jobName,
  MANAGER_ENDPOINT_ENV,
  recordsBucket,
  S3EventRecord,
  modifiedBy,
  SweptAnswer,
  SweptObject,
} from '../../src/contract';
import { usersOfPrograms } from '../../src/constructs/platform-users';
import { sweep } from '../../src/programs/provisioner/sweep/sweep';
import { bundled } from '../programs/bundled';
import { BucketStore, encoded } from './support/bucket-store';
import { large, upload } from './support/manager-uploads';
import { ServiceUsers } from './support/service-users';
import { binding } from './support/store-work';

const RECORDS = recordsBucket('oscar');
const TOKEN = 'Token-of-nobody-77aa';
const SERVICE = 'cowsay';
const HOUR = 3600_000;

/** A manager that makes a Job of everything, and says of each what it is told to. */
class Manager {
  readonly asked: SweptObject[] = [];
  readonly jobs = new Map<string, SweptAnswer['status']>();
  /** Of each answer before it is given; a number is a status to fail with. */
  before: (object: SweptObject) => number | undefined | Promise<void> = () => undefined;
  private readonly server: Server;

  private constructor() {
    this.server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.url !== '/sweep' || request.headers.authorization !== `Bearer ${TOKEN}`) {
        return void response.writeHead(401).end();
      }
      const object = JSON.parse(Buffer.concat(chunks).toString('utf8')) as SweptObject;
      const failure = await this.before(object);
      if (failure) return void response.writeHead(failure).end();
      this.asked.push(object);
      const job = nameOf(object);
      const status = this.jobs.get(job) ?? 'Stored';
      if (status === 'Stored') this.jobs.set(job, 'Pending');
      response.end(JSON.stringify({ job, status }));
    });
  }

  static async start(): Promise<Manager> {
    const manager = new Manager();
    manager.server.listen(0, '127.0.0.1');
    await once(manager.server, 'listening');
    return manager;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const nameOf = ({ service, bucket, key, lastModified }: SweptObject) =>
  jobName(service, { bucket, key, modified: Date.parse(lastModified) });

let store: BucketStore;
let manager: Manager;
const folder = mkdtempSync(join(tmpdir(), 'oscar-sweep-'));
const secretsDir = join(folder, 'secrets');
const lines: string[] = [];

beforeAll(async () => {
  store = await BucketStore.start('input', 'many', 'versioned', RECORDS);
  const bindings = ['input/', 'many/', 'versioned/'].map((path) => binding(SERVICE, path));
  const users = new ServiceUsers(store, usersOfPrograms({ platform: 'oscar', namespace: 'oscar' }, bindings));
  await users.converge();
  const keys = users.keysOf('oscar.platform.sweep');
  for (const [secret, files] of Object.entries({ minio: keys, webhook: { token: TOKEN } })) {
    mkdirSync(join(secretsDir, secret), { recursive: true });
    for (const [name, value] of Object.entries(files)) writeFileSync(join(secretsDir, secret, name), value);
  }
});
beforeEach(async () => {
  manager = await Manager.start();
  lines.length = 0;
});
afterEach(() => manager.stop());
afterAll(async () => {
  await store?.remove();
  rmSync(folder, { recursive: true });
});

const declaration = (path: string): Declaration => ({
  platform: 'oscar',
  store: {
    endpoint: `http://127.0.0.1:${store.port}`,
    region: 'us-east-1',
    verify: true,
    external: false,
    credentials: { secretName: '', keys: { accessKey: '', secretKey: '' } },
  },
  secrets: [],
  buckets: [],
  users: [],
  bindings: [{ service: SERVICE, path, prefix: [], suffix: [] }],
});
const bind = (path: string, since: number) =>
  store.put(
    `${RECORDS}/${bindingRecord(SERVICE, path)}`,
    JSON.stringify({ service: SERVICE, path, since: new Date(since).toISOString() }),
  );
const since = async (path: string) =>
  Date.parse(JSON.parse((await store.get(`${RECORDS}/${bindingRecord(SERVICE, path)}`))!.toString()).since);
const place = () => ({
  env: { [MANAGER_ENDPOINT_ENV]: manager.endpoint },
  secretsDir,
  log: (level: string, message: string, fields = {}) => void lines.push(JSON.stringify({ level, message, ...fields })),
});
const run = (path: string) => sweep(declaration(path), place());
const keys = () => manager.asked.map(({ key }) => key).sort();
const recorded = async () => (await store.list(RECORDS)).filter((key) => key.startsWith('done/'));

/** Names of the Jobs that the store's events make. */
const told = () =>
  store.events.flatMap((event) =>
    (JSON.parse(event).Records as S3EventRecord[])
      .filter(({ eventName }) => eventName.startsWith('s3:ObjectCreated:'))
      .map(({ s3: { bucket, object } }) => {
        const key = decodeURIComponent(object.key.replaceAll('+', ' '));
        return jobName(SERVICE, { bucket: bucket.name, key, modified: modifiedBy(object.sequencer!)! });
      }),
  );

const HOSTILE = [
  'a b',
  'a+b',
  'a%2Bb',
  'a&amp;b',
  '<Key>',
  '"\'',
  'ünï-日本-🦆',
  'line\nbreak',
  '?x=1#y',
  '{{x}}',
  'a=b,c',
];

test('the store tells of uploads, and its list shows them, by the same names of Jobs', async () => {
  await bind('input/', 0);
  for (const key of HOSTILE) await store.put(`input/${key}`, key);
  await upload(store, 'input', large('in parts'));
  const copy = (from: string) => ({ 'x-amz-copy-source': encoded(from), 'x-amz-metadata-directive': 'REPLACE' });
  await store.must('PUT', '/input/copied', undefined, copy('input/a b'));
  await store.must('PUT', '/input/copied', undefined, copy('input/copied'));
  await store.put('input/twice', 'first');
  await store.put('input/twice', 'second');
  const events = HOSTILE.length + 5;
  for (let i = 0; i < 200 && told().length < events; i++) await sleep(50);
  expect(await run('input/')).toBe(0);
  expect(keys()).toEqual([...HOSTILE, 'copied', 'in parts', 'twice'].sort());
  const names = new Set(told());
  expect(names.size).toBe(events);
  expect(manager.asked.map(nameOf).filter((name) => !names.has(name))).toEqual([]);
  for (const { size, etag, key } of manager.asked) {
    const head = await store.get(`input/${key}`);
    expect(size).toBe(head!.length);
    expect(etag).toMatch(/^[0-9a-f]{32}(-\d+)?$/);
  }
});

test('Jobs that ended are recorded, by how they ended, and not asked for again', async () => {
  expect(await run('input/')).toBe(0);
  const [first, second, ...others] = manager.asked.map(nameOf);
  manager.jobs.set(first, 'Succeeded').set(second, 'Failed');
  expect(await run('input/')).toBe(0);
  expect((await store.get(`${RECORDS}/done/${SERVICE}/${first}`))!.toString()).toBe('done');
  expect((await store.get(`${RECORDS}/done/${SERVICE}/${second}`))!.toString()).toBe('failed');
  manager.asked.length = 0;
  expect(await run('input/')).toBe(0);
  expect(manager.asked.map(nameOf).sort()).toEqual(others.sort());
});

test('the file that takes the place of one that is done with is asked for', async () => {
  await store.empty('input');
  await store.put('input/file', 'first');
  await run('input/');
  manager.jobs.set(nameOf(manager.asked[0]), 'Succeeded');
  await run('input/');
  manager.asked.length = 0;
  await run('input/');
  expect(keys()).toEqual([]);
  await store.put('input/file', 'second');
  await run('input/');
  expect(keys()).toEqual(['file']);
});

test('in a bucket with versions the latest one counts, and one that is deleted does not', async () => {
  const document = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await store.must('PUT', '/versioned?versioning=', Buffer.from(document));
  await bind('versioned/', 0);
  for (const key of ['a', 'a', 'b']) await store.put(`versioned/${key}`, 'content');
  await store.delete('versioned/b');
  expect(await run('versioned/')).toBe(0);
  expect(keys()).toEqual(['a']);
});

test('a binding record moves on by what is done with, and not if somebody made it anew', async () => {
  await store.empty('input');
  await bind('input/', Date.now() - 9 * HOUR);
  const before = Date.now();
  expect(await run('input/')).toBe(0);
  const moved = await since('input/');
  expect(moved).toBeGreaterThanOrEqual(before - HOUR);
  expect(moved).toBeLessThanOrEqual(Date.now() - HOUR);
  // The conditions are the store's: If-Match.
  await store.put('input/slow', '');
  await bind('input/', before - 9 * HOUR);
  manager.before = async () => void (await bind('input/', before - 5 * HOUR));
  expect(await run('input/')).toBe(0);
  expect(await since('input/')).toBe(before - 5 * HOUR);
  manager.before = async () => store.delete(`${RECORDS}/${bindingRecord(SERVICE, 'input/')}`);
  expect(await run('input/')).toBe(0);
  expect(await store.get(`${RECORDS}/${bindingRecord(SERVICE, 'input/')}`)).toBeUndefined();
});

test('records of services that are gone go when they are old; those from an hour ago stay', async () => {
  await bind('input/', Date.now());
  await store.put(`${RECORDS}/done/gone/gone-0`, 'done');
  expect(await run('input/')).toBe(0);
  expect(await recorded()).toContain('done/gone/gone-0');
});

test('no token of ours: refused once, said with the fix, exit code 1', async () => {
  await bind('input/', 0);
  await Promise.all(['x', 'y', 'z'].map((key) => store.put(`input/${key}`, '')));
  writeFileSync(join(secretsDir, 'webhook/token'), 'Another-Token-31c0');
  expect(await run('input/')).toBe(1);
  writeFileSync(join(secretsDir, 'webhook/token'), TOKEN);
  expect(lines[0]).toMatch(/the manager answers 401: .*Fix: the webhook's token/);
  expect(lines.join()).not.toMatch(/Another-Token|Secret-of-/);
});

describe('3,000 objects', () => {
  const COUNT = 3000;
  beforeAll(async () => {
    await bind('many/', 0);
    for (let i = 0; i < COUNT; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, j) => store.put(`many/${i + j}`, 'x')));
    }
  });

  test('are found by sweeps that are killed in the middle, and by one that is not, while the manager is busy at times', async () => {
    const program = join(folder, 'sweep.cjs');
    writeFileSync(program, bundled(join(__dirname, 'support/sweep-program.ts')));
    const argument = JSON.stringify({ declaration: declaration('many/'), secretsDir });
    const env = { PATH: process.env.PATH, [MANAGER_ENDPOINT_ENV]: manager.endpoint };
    for (let kill = 1; kill < 4; kill++) {
      const child = spawn(process.execPath, [program, argument], { env, stdio: 'ignore' });
      const ended = once(child, 'exit');
      for (const end = Date.now() + 30_000; manager.asked.length < kill * 500 && Date.now() < end;) await sleep(5);
      child.kill('SIGKILL');
      await ended;
    }
    expect(manager.jobs.size).toBeGreaterThan(500);
    expect(manager.jobs.size).toBeLessThan(COUNT);
    let count = 0;
    manager.before = () => (++count % 1000 === 0 ? 503 : undefined);
    expect(await run('many/')).toBe(0);
    expect(manager.jobs.size).toBe(COUNT);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1])).toMatchObject({ message: 'swept', uploads: COUNT, left: 0 });
  });

  test('are recorded, and cost no request of the manager then', async () => {
    manager.before = (object) => void manager.jobs.set(nameOf(object), 'Succeeded');
    expect(await run('many/')).toBe(0);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ message: 'swept', uploads: COUNT, done: COUNT });
    manager.asked.length = 0;
    expect(await run('many/')).toBe(0);
    expect(manager.asked).toEqual([]);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ message: 'swept', uploads: COUNT, done: 0 });
  });
});

test.each([
  ['no manager', { env: {} }, 'MANAGER_ENDPOINT is not set'],
  ['no address', { env: { [MANAGER_ENDPOINT_ENV]: 'manager' } }, 'MANAGER_ENDPOINT is "manager"'],
  ['no secrets', { secretsDir: join(folder, 'none') }, 'minio/accessKey is missing or empty'],
])('%s: nothing to begin with', async (_, lacking, message) => {
  await expect(sweep(declaration('input/'), { ...place(), ...lacking })).rejects.toThrow(message);
});
