import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from '../servers/support/bucket-store';
import { Flow, NAMESPACES, Swept } from './support/flow';
import type { Outside } from './support/outside';
import { running } from './support/running';
import { Sdk } from './support/sdk';
import { generatedSecrets, leaks, writings } from './support/secrets';
import { NO_NOTIFICATIONS, Store } from './support/store';

const PART_BYTES = 5 * 1024 * 1024;
/** Some of those that are generated, of each kind. */
const SECRETS = [
  ...['oscar/oscar-admin password', 'oscar/oscar-minio-root rootPassword', 'oscar/oscar-sweep secretKey'],
  ...['oscar/oscar-webhook token', 'oscar-svc/digest-minio secretKey', 'oscar-svc/digest-token token'],
];

let outside: Outside;
let flow: Flow;
let store: Store;
let said: string;

running((started) => ({ outside, flow, store } = started));
beforeAll(async () => {
  said = await flow.provisioned();
});

const digestOf = (name: string, content: Buffer | string) =>
  `${name} ${createHash('sha256').update(content).digest('hex')}\n`;

async function resultOf(path: string): Promise<string> {
  let found: string | undefined;
  await flow.until(`${path} is there`, async () => (found = await store.get(path)) !== undefined);
  return found!;
}

const servicesJobs = () => flow.double.objects.list('Job', NAMESPACES.services);
const jobsOf = (object: string) =>
  servicesJobs()
    .filter(({ metadata }) => metadata.annotations?.['oscar-cdk8s/object'] === object)
    .map(({ metadata }) => metadata.name);
/** All that was uploaded is done with, and the sweep is told so by records alone. */
const NOTHING_TO_DO: Partial<Swept> = { stored: 0, underWay: 0, done: 0, failed: 0, left: 0 };
const isOver = (job: string) => flow.fate(NAMESPACES.services, job) !== undefined;
const runsOf = (job: string) => flow.executed.filter((run) => run.job === job && run.event === 'started').length;

const allAreOver = () =>
  flow.until('all Jobs are over', () => servicesJobs().every(({ metadata }) => isOver(metadata.name)));

/** @returns the one Job of an upload, once it is over */
async function jobOf(object: string): Promise<string> {
  await flow.until(`the Job of ${object} is over`, () => jobsOf(object).some(isOver));
  expect(jobsOf(object)).toHaveLength(1);
  return jobsOf(object)[0];
}

describe('the provisioner', () => {
  test('makes everything from nothing', async () => {
    expect(JSON.parse(said.trim().split('\n').at(-1)!)).toMatchObject({ failed: 0, byHand: 0 });
    const buckets = JSON.parse(`[${(await store.mc('ls', 'oscar')).trim().split('\n').join(',')}]`) as {
      key: string;
    }[];
    expect(buckets.map(({ key }) => key).sort()).toEqual(
      [
        'brief/',
        'bulk/',
        'documents/',
        'films/',
        'oscar-bodies/',
        'oscar-records/',
        'picky/',
        'pictures/',
        'private-alice/',
      ].concat(['private-bob/', 'private/']),
    );
  });

  test('says no secret, and finds everything as declared when it runs again', async () => {
    const { accessKey, secretKey } = store.keys;
    const before = flow.double.objects.list('Secret').map(({ data }) => data);
    const again = await flow.provisionAgain();
    expect(JSON.parse(again.trim().split('\n').at(-1)!)).toMatchObject({ changed: 0, leftAlone: 0, failed: 0 });
    expect(flow.double.objects.list('Secret').map(({ data }) => data)).toEqual(before);
    for (const secret of [accessKey, secretKey]) expect(said + again).not.toContain(secret);
  });
});

describe('an upload', () => {
  test('by mc', async () => {
    const file = join(flow.folder, 'a file, ünd more.txt');
    writeFileSync(file, 'of mc\n');
    await store.mc('cp', file, 'oscar/bulk/in/a file, ünd more.txt');
    const name = 'a file, ünd more.txt';
    expect(await resultOf(`bulk/out/${name}.digest`)).toBe(digestOf(name, 'of mc\n'));
    await jobOf(`bulk/in/${name}`);
  });

  test("by Amazon's SDK, at once and in parts", async () => {
    const sdk = new Sdk(store.keys);
    const [small, parts] = [randomBytes(1000), [randomBytes(PART_BYTES), randomBytes(77)]];
    await sdk.put('bulk', 'in/deep/er/sdk.bin', small);
    await sdk.putInParts('bulk', 'in/parts.bin', parts);
    sdk.close();
    expect(await resultOf('bulk/out/sdk.bin.digest')).toBe(digestOf('sdk.bin', small));
    expect(await resultOf('bulk/out/parts.bin.digest')).toBe(digestOf('parts.bin', Buffer.concat(parts)));
    await jobOf('bulk/in/parts.bin');
  });

  test('by somebody who may upload there alone', async () => {
    const digest = await flow.storeOf('split');
    // It writes the results of the first step, and those are what the second takes.
    await digest.put('films/parts/by-hand.part', 'abc\n');
    expect(await resultOf('films/shouted/by-hand.part')).toBe('ABC\n');
  });

  test('of many that are overwritten: each is a Job of its own', async () => {
    for (const content of ['one', 'two', 'three']) {
      await store.put('bulk/in/again.txt', content);
      await flow.until('it is processed', async () => {
        return (await store.get('bulk/out/again.txt.digest')) === digestOf('again.txt', content);
      });
    }
    expect(jobsOf('bulk/in/again.txt')).toHaveLength(3);
  });
});

describe('results', () => {
  test('of two steps: each line of a file has its own', async () => {
    await store.put('films/in/film', 'first\nsecond\nthird\n');
    const shouted = await Promise.all([1, 2, 3].map((line) => resultOf(`films/shouted/film-${line}.part`)));
    expect(shouted).toEqual(['FIRST\n', 'SECOND\n', 'THIRD\n']);
    expect((await store.keysIn('films/parts/film')).sort()).toEqual(['-1.part', '-2.part', '-3.part']);
  });

  test('go where the filters say, and what no filter takes goes nowhere', async () => {
    await store.put('pictures/in/a.txt', 'picture\n');
    expect(await resultOf('pictures/grey/grey-a.txt')).toBe('grey\npicture\n');
    expect(await resultOf('pictures/thumbnails/thumb-a.txt')).toBe('thumb\npicture\n');
    await jobOf('pictures/in/a.txt');
    expect(await store.keysIn('pictures/')).toEqual(['grey/grey-a.txt', 'in/a.txt', 'thumbnails/thumb-a.txt']);
  });

  test('there are none of a file that the input does not take, and none of one without any', async () => {
    await store.put('pictures/in/a.jpg', 'not wanted');
    await store.put('pictures/in/empty.md', '');
    expect(flow.fate(NAMESPACES.services, await jobOf('pictures/in/empty.md'))).toBe('Complete');
    expect(jobsOf('pictures/in/a.jpg')).toEqual([]);
    expect((await store.keysIn('pictures/')).filter((key) => key.includes('empty') && !key.startsWith('in/'))).toEqual(
      [],
    );
  });

  test('go to another S3 and to WebDAV', async () => {
    await store.put('documents/in/paper.pdf', 'of paper');
    expect(flow.fate(NAMESPACES.services, await jobOf('documents/in/paper.pdf'))).toBe('Complete');
    const expected = digestOf('paper.pdf', 'of paper');
    expect(readFileSync(await outside.second.content('bucket/archive/paper.pdf.digest'), 'utf8')).toBe(expected);
    expect(readFileSync(outside.apache.file('basic/documents/paper.pdf.digest'), 'utf8')).toBe(expected);
  });

  test("of a user's upload are in the user's bucket, and nowhere else", async () => {
    await store.put('private-alice/in/mine.txt', 'of Alice');
    expect(await resultOf('private-alice/out/mine.txt.digest')).toBe(digestOf('mine.txt', 'of Alice'));
    expect(await store.keysIn('private-bob/')).toEqual([]);
    expect(await store.keysIn('private/')).toEqual([]);
  });
});

describe('a request', () => {
  const ask = async (service: string, body: string, type?: string): Promise<Answer> => {
    const token = await flow.pods.secretValue(NAMESPACES.services, `${service}-token`, 'token');
    const headers = { authorization: `Bearer ${token}`, ...(type ? { 'content-type': type } : {}) };
    return flow.ask('POST', `/run/${service}`, headers, Buffer.from(body));
  };

  test('in JSON: the first pod is started for it', async () => {
    const { status, body } = await ask('hello', '{"name": "world"}', 'application/json');
    expect([status, body.toString('utf8')]).toEqual([200, 'Hello world\n']);
  });

  test('in base64, answered by a file in base64', async () => {
    const data = randomBytes(100);
    const { status, body } = await ask('reverse', data.toString('base64'));
    expect(status).toBe(200);
    expect(Buffer.from(body.toString('utf8'), 'base64')).toEqual(Buffer.from([...data].reverse()));
  });
});

describe("a service's user of the store", () => {
  test('may do what its service needs', async () => {
    const digest = await flow.storeOf('digest');
    expect(await digest.get('bulk/in/again.txt')).toBe('three');
    await digest.put('bulk/out/of its own', '');
  });

  test.each([
    ['GET', '/films/in/film'],
    ['GET', '/bulk/out/again.txt.digest'],
    ['PUT', '/bulk/in/x'],
    ['DELETE', '/bulk/out/again.txt.digest'],
    ['GET', '/bulk?list-type=2'],
    ['PUT', '/pictures/grey/x'],
    ['GET', '/oscar-records?list-type=2'],
    ['PUT', '/oscar-records/done/sort/x'],
    ['GET', '/private-alice/in/mine.txt'],
    ['DELETE', '/bulk/in/again.txt'],
  ])('and not %s %s', async (method, path) => {
    const { status } = await (
      await flow.storeOf('digest')
    ).ask(method, path, method === 'PUT' ? Buffer.from('x') : undefined);
    expect(status).toBe(403);
  });
});

test('a file that no script can read is tried as often as is said, recorded, and not run again once its Job is gone', async () => {
  await store.put('picky/in/good.txt', 'good');
  await store.put('picky/in/bad.txt', 'bad');
  const job = await jobOf('picky/in/bad.txt');
  expect(flow.fate(NAMESPACES.services, job)).toBe('Failed');
  expect(runsOf(job)).toBe(2);
  expect(await resultOf('picky/out/good.txt')).toBe('good');
  await allAreOver();
  // Who succeeded has left its record itself.
  expect(await flow.sweep()).toMatchObject({ ...NOTHING_TO_DO, failed: 1 });
  expect(await store.get(`oscar-records/done/picky/${job}`)).toMatch(/failed/);
  // As its `ttl` does it, which no test can time: a sweep has to see it before.
  flow.double.objects.delete('Job', NAMESPACES.services, job);
  expect(await flow.sweep()).toMatchObject(NOTHING_TO_DO);
  expect([jobsOf('picky/in/bad.txt'), runsOf(job)]).toEqual([[], 2]);
});

describe('an upload whose event was lost', () => {
  /** Everything that was uploaded before is done with. */
  beforeAll(async () => {
    await allAreOver();
    expect(await flow.sweep()).toMatchObject(NOTHING_TO_DO);
  });

  const sweptOnce = async (object: string, result: string) => {
    expect(jobsOf(object)).toEqual([]);
    expect(await flow.sweep()).toMatchObject({ stored: 1 });
    await resultOf(result);
    const job = await jobOf(object);
    expect(await flow.sweep()).toMatchObject(NOTHING_TO_DO);
    expect(runsOf(job)).toBe(1);
  };

  test('as nobody was to be told of it', async () => {
    const rules = await store.notifications('bulk');
    await store.setNotifications('bulk', NO_NOTIFICATIONS);
    await store.put('bulk/in/untold.txt', 'untold');
    await store.setNotifications('bulk', rules);
    await sweptOnce('bulk/in/untold.txt', 'bulk/out/untold.txt.digest');
  });

  test('with the disk of the queue that it waited in', async () => {
    await flow.kill('manager');
    await store.put('bulk/in/queued.txt', 'queued');
    expect(flow.queued).toBe(1);
    await flow.kill('minio');
    rmSync(flow.queue, { recursive: true });
    await Promise.all([flow.startMinio(), flow.startManager()]);
    await sweptOnce('bulk/in/queued.txt', 'bulk/out/queued.txt.digest');
  });
});

test('files whose Jobs are gone run no second time, however many sweeps come: their records are there', async () => {
  const names = Array.from({ length: 6 }, (_, number) => `brief-${number}.txt`);
  for (const name of names) await store.put(`brief/in/${name}`, name);
  for (const name of names) expect(await resultOf(`brief/out/${name}.digest`)).toBe(digestOf(name, name));
  await flow.until('their Jobs are cleaned up', () => !flow.jobs.some((job) => job.startsWith('brief-')));
  for (let sweeps = 0; sweeps < 3; sweeps++) expect(await flow.sweep()).toMatchObject(NOTHING_TO_DO);
  const runs = flow.executed.filter(({ job, event }) => job.startsWith('brief-') && event === 'started');
  expect(runs).toHaveLength(names.length);
  expect(new Set(runs.map(({ job }) => job)).size).toBe(names.length);
});

test('no secret that was generated is in any log, nor in the manifests', async () => {
  const secrets = await generatedSecrets(flow);
  expect(secrets.map(({ at }) => at)).toEqual(expect.arrayContaining(SECRETS));
  const written = writings(flow);
  // Its log went when it ran again.
  written.set('the first run of the provisioner', said);
  expect(leaks(written, secrets)).toEqual([]);
});
