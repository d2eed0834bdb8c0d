import { bindingRecord, completionRecord, jobName } from '../../../src/contract';
import { fakeStore, s3Error } from '../provisioner/store/fake-store';
import { RunningManager } from './running';
import { definition, eventOf, INPUT } from './services';

const TTL_SECONDS = 1800;
const NOW = Date.now();
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 3600 * SECOND;
const KEY = 'in/a b.txt';
const PATH = 'pictures/in/';

/** What the store holds: texts by `bucket/key`, and when its objects were modified. */
const objects = new Map<string, string>();
const modified = new Map<string, number>();
let refusal: ReturnType<typeof s3Error> | undefined;
let store: Awaited<ReturnType<typeof fakeStore>>;
let manager: RunningManager;

const job = { retries: 3, deadlineSeconds: 3600, ttlSeconds: TTL_SECONDS };
beforeEach(async () => {
  objects.clear();
  modified.clear();
  refusal = undefined;
  store = await fakeStore((call) => refusal ?? answer(call));
  const a = definition('a', { job, input: [INPUT, { ...INPUT, path: 'pictures/in/deep' }] });
  manager = await RunningManager.start([a], { minio: store.declared });
});
afterEach(async () => {
  await manager.stop();
  store.stop();
});

function answer(call: string) {
  const { pathname, searchParams } = new URL(call.slice(call.indexOf(' ') + 1), 'http://store');
  const path = decodeURIComponent(pathname.slice(1));
  if (!searchParams.has('list-type')) {
    const body = objects.get(path);
    return body === undefined ? s3Error(404, 'NoSuchKey') : { status: 200, body };
  }
  const [bucket] = path.split('/');
  const keys = [...modified.keys()].filter((at) => at.startsWith(`${bucket}/${searchParams.get('prefix')}`)).sort();
  const contents = keys.slice(0, Number(searchParams.get('max-keys'))).map((at) => {
    const key = encodeURIComponent(at.slice(bucket.length + 1));
    return `<Contents><Key>${key}</Key><LastModified>${timeOf(modified.get(at)!)}</LastModified></Contents>`;
  });
  const body = `<ListBucketResult><EncodingType>url</EncodingType>${contents.join('')}</ListBucketResult>`;
  return { status: 200, body };
}

const timeOf = (ms: number) => (Number.isNaN(ms) ? 'yesterday' : new Date(ms).toISOString());

/** Of an upload that was made `age` ago. */
interface More {
  readonly key?: string;
  /** Of the object's own time, where that is another one. */
  readonly objectAge?: number;
  readonly eventSource?: string;
  readonly sequencer?: string;
}

function event(age: number, { key = KEY, objectAge = age, ...more }: More = {}) {
  const sequencer = (BigInt(NOW - objectAge) * 1_000_000n).toString(16).toUpperCase().padStart(16, '0');
  return eventOf('pictures', key, { eventTime: new Date(NOW - age).toISOString(), sequencer, ...more });
}
const nameOf = (age: number, key = KEY) => jobName('a', { bucket: 'pictures', key, modified: NOW - age });
const isDone = (age: number) => objects.set(`oscar-records/${completionRecord('a', nameOf(age))}`, 'done');
const bound = (age: number, path = PATH) =>
  objects.set(
    `oscar-records/${bindingRecord('a', path)}`,
    JSON.stringify({ service: 'a', path, since: new Date(NOW - age).toISOString() }),
  );
const jobs = () => manager.kubernetes.objects.list('Job').map(({ metadata }) => metadata.name);
const outcome = (name: string) => manager.metric(`oscar_manager_events_total{outcome="${name}"}`);
const OK = { status: 200, text: 'Ok' };

describe('an event that is older than its Job would be', () => {
  test('makes no second Job of an upload that has a completion record', async () => {
    isDone(HOUR);
    expect(await manager.sendEvent(event(HOUR))).toMatchObject(OK);
    expect(jobs()).toEqual([]);
    expect(await outcome('repeated')).toBe(1);
  });

  test('or nearly so, as clocks differ: makes no second one either', async () => {
    isDone(TTL_SECONDS * SECOND - 14 * MINUTE);
    expect(await manager.sendEvent(event(TTL_SECONDS * SECOND - 14 * MINUTE))).toMatchObject(OK);
    expect(jobs()).toEqual([]);
  });

  test('makes the Job of one that has none', async () => {
    bound(2 * HOUR);
    expect(await manager.sendEvent(event(HOUR))).toMatchObject(OK);
    expect(jobs()).toEqual([nameOf(HOUR)]);
  });

  test('makes none where all from so long ago is done with, and its record is removed', async () => {
    bound(2 * HOUR);
    expect(await manager.sendEvent(event(5 * HOUR))).toMatchObject(OK);
    expect(jobs()).toEqual([]);
    expect(await outcome('repeated')).toBe(1);
  });

  test.each([
    [5 * SECOND, 1],
    [14 * MINUTE, 1],
    [16 * MINUTE, 0],
  ])('is judged with patience for clocks that differ: all from %d ms later is done with: %d Jobs', async (ms, made) => {
    bound(3 * HOUR - ms);
    expect(await manager.sendEvent(event(3 * HOUR))).toMatchObject(OK);
    expect(jobs()).toHaveLength(made);
  });

  test('makes it where another folder of the service, around it, is not so far', async () => {
    const key = 'in/deep/a';
    bound(2 * HOUR);
    bound(9 * HOUR, 'pictures/in/deep/');
    expect(await manager.sendEvent(event(5 * HOUR, { key }))).toMatchObject(OK);
    expect(jobs()).toEqual([nameOf(5 * HOUR, key)]);
  });

  test('makes it of a copy that keeps its source’s time: no sweep goes back so far', async () => {
    bound(2 * HOUR);
    expect(await manager.sendEvent(event(3 * HOUR, { objectAge: 100 * HOUR }))).toMatchObject(OK);
    expect(jobs()).toEqual([nameOf(100 * HOUR)]);
  });

  test.each([
    ['the store refuses to say', () => void (refusal = s3Error(403, 'AccessDenied'))],
    ['the service has no binding record', () => undefined],
    ['its binding record is garbage', () => void objects.set(`oscar-records/${bindingRecord('a', PATH)}`, '{')],
  ])('makes it where %s: rather twice than never', async (_, begin) => {
    begin();
    expect(await manager.sendEvent(event(5 * HOUR))).toMatchObject(OK);
    expect(jobs()).toEqual([nameOf(5 * HOUR)]);
  });

  test('comes again where the store does not answer', async () => {
    refusal = { status: 503 };
    expect(await manager.sendEvent(event(HOUR))).toMatchObject({ status: 503 });
    expect(jobs()).toEqual([]);
    expect(await outcome('postponed')).toBe(1);
  });
});

test('while its Job may be there, Kubernetes says so, and the store is not asked', async () => {
  expect(await manager.sendEvent(event(TTL_SECONDS * SECOND - 16 * MINUTE))).toMatchObject(OK);
  expect(jobs()).toHaveLength(1);
  expect(store.calls).toEqual([]);
});

test('an event whose Job is refused with 403, of a quota or a policy, holds nobody back after an hour', async () => {
  bound(9 * HOUR);
  manager.kubernetes.faults.answer({ method: 'POST', path: /\/jobs$/, times: 100 }, 403);
  expect(await manager.sendEvent(event(58 * MINUTE))).toMatchObject({ status: 503 });
  expect(await manager.sendEvent(event(61 * MINUTE))).toMatchObject(OK);
  expect([await outcome('postponed'), await outcome('dead')]).toEqual([1, 1]);
  expect(jobs()).toEqual([]);
});

test('one that tells no time is a dead letter as well where its Job is refused', async () => {
  manager.kubernetes.faults.answer({ method: 'POST', path: /\/jobs$/, times: 100 }, 403);
  const timeless = eventOf('pictures', KEY, { eventTime: 'yesterday', sequencer: '17D1A2B3C4D5E6F7' });
  expect(await manager.sendEvent(timeless)).toMatchObject(OK);
  expect(await outcome('dead')).toBe(1);
});

describe('an event of another store than MinIO', () => {
  const AMAZON = { eventSource: 'aws:s3', sequencer: '0055AED6DCD90281E5' };

  test('makes the Job that the sweep would make: it is named by what a list of the bucket says', async () => {
    modified.set(`pictures/${KEY}`, NOW - SECOND);
    modified.set(`pictures/${KEY}.more`, NOW);
    expect(await manager.sendEvent(event(0, AMAZON))).toMatchObject(OK);
    expect(jobs()).toEqual([nameOf(SECOND)]);
    expect(await manager.sendEvent(event(0, AMAZON))).toMatchObject(OK);
    expect(jobs()).toHaveLength(1);
  });

  test('of an object that is gone makes none', async () => {
    modified.set(`pictures/${KEY}.more`, NOW);
    expect(await manager.sendEvent(event(0, AMAZON))).toMatchObject(OK);
    expect(jobs()).toEqual([]);
    expect(await outcome('ignored')).toBe(1);
  });

  test('of a bucket that is gone makes none', async () => {
    refusal = s3Error(404, 'NoSuchBucket');
    expect(await manager.sendEvent(event(0, AMAZON))).toMatchObject(OK);
    expect(await outcome('ignored')).toBe(1);
  });

  test.each([
    ['refuses to say', () => void (refusal = s3Error(403, 'AccessDenied'))],
    ['says no time', () => void modified.set(`pictures/${KEY}`, NaN)],
  ])('is a dead letter where the store %s, and holds nobody back: the sweep finds it', async (_, begin) => {
    begin();
    expect(await manager.sendEvent(event(0, AMAZON))).toMatchObject(OK);
    expect(jobs()).toEqual([]);
    const letter = { message: 'dead letter', problem: expect.stringContaining('nobody knows when it was uploaded') };
    expect(manager.logged).toContainEqual(expect.objectContaining(letter));
    expect(await outcome('dead')).toBe(1);
  });

  test('comes again where the store does not answer', async () => {
    refusal = { status: 503 };
    expect(await manager.sendEvent(event(0, AMAZON))).toMatchObject({ status: 503 });
    expect(jobs()).toEqual([]);
  });
});
