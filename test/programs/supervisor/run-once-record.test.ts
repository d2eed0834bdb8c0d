import { readdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { COPY, eventOf, runWithStore } from './run-with-store';
import { singleRun } from './single-run';
import { KEYS, S3Server } from './storage/support/s3-server';

jest.setTimeout(60_000);

const container = singleRun();
const { folder } = container;
let store: S3Server;
beforeAll(async () => {
  store = await new S3Server().start();
  store.buckets.add('oscar-records');
});
afterAll(() => store.stop());
beforeEach(() => {
  store.objects.clear();
  store.objects.set('bucket/in/a', Buffer.from('hello'));
});

const RECORD = 'oscar-records/done/cowsay/cowsay-0123';
const run = (env: NodeJS.ProcessEnv, script?: string) =>
  runWithStore(container, store, { COMPLETION_RECORD: `minio.default/${RECORD}`, ...env }, script);

const record = () => store.objects.get(RECORD)?.toString();
const left = () => readdirSync(join(folder.path, 'work'));

test('the record is there once the results are', async () => {
  const { code, stderr } = await run({ EVENT: eventOf('in/a') });
  expect(code).toBe(0);
  expect(record()).toBe('done\n');
  expect(store.objects.get('bucket/out/copy')?.toString()).toBe('hello');
  expect(stderr.indexOf('left the record of its completion')).toBeGreaterThan(stderr.indexOf('stored "copy"'));
  expect(left()).toEqual([]);
});

test('the script knows nothing of it', async () => {
  await run({ EVENT: eventOf('in/a') }, 'echo "${COMPLETION_RECORD-none}" >"$TMP_OUTPUT_DIR/f"');
  expect(store.objects.get('bucket/out/f')?.toString()).toBe('none\n');
});

describe('there is none', () => {
  test.each([
    ['when the script fails', eventOf('in/a'), 'exit 3', 3],
    ['when the file is not there', eventOf('in/b'), COPY, 1],
    ['when one of several files is not there', eventOf('in/a', 'in/b'), COPY, 1],
  ])('%s', async (_, EVENT, script, expected) => {
    expect((await run({ EVENT }, script)).code).toBe(expected);
    expect(record()).toBeUndefined();
  });

  test('when a result is not stored', async () => {
    store.buckets.delete('bucket');
    expect((await run({ EVENT: eventOf('in/a') })).code).toBe(1);
    store.buckets.add('bucket');
    expect(record()).toBeUndefined();
  });

  test('of a body that is the data itself', async () => {
    expect((await run({ EVENT: '{"a": 1}' })).code).toBe(0);
    expect(record()).toBeUndefined();
  });

  test('when nobody asks for one', async () => {
    expect((await run({ EVENT: eventOf('in/a'), COMPLETION_RECORD: undefined })).code).toBe(0);
    expect(record()).toBeUndefined();
  });
});

describe('one that can not be left is a warning', () => {
  test.each([
    [
      'its bucket is missing',
      'minio.default/no-records/done/a/b',
      /record .* can't be left as "minio\.default\/no-rec/,
    ],
    ['its provider is missing', 'minio.other/oscar-records/done/a/b', /can't be left as "minio\.other/],
  ])('%s', async (_, place, message) => {
    const { code, stderr } = await run({ EVENT: eventOf('in/a'), COMPLETION_RECORD: place });
    expect(code).toBe(0);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(KEYS.secretKey);
    expect(store.objects.get('bucket/out/copy')?.toString()).toBe('hello');
    expect(left()).toEqual([]);
  });

  test('also when its place is none', async () => {
    const { code, stderr } = await run({ EVENT: eventOf('in/a'), COMPLETION_RECORD: 'somewhere' });
    expect(code).toBe(0);
    expect(stderr).toContain('WARNING');
    expect(stderr).toContain('COMPLETION_RECORD is "somewhere". Allowed: <provider>/<bucket>/<key>');
  });

  test('also when the store refuses it', async () => {
    store.readOnly.add(RECORD);
    const { code, stderr } = await run({ EVENT: eventOf('in/a') });
    store.readOnly.clear();
    expect(code).toBe(0);
    expect(stderr).toMatch(/record .* can't be left .*AccessDenied/);
  });
});

test('a pod that ends while it is left: the results are there, and so that is a warning', async () => {
  let end = () => {};
  const isRecord = ({ method, url = '' }: IncomingMessage) => method === 'PUT' && url.includes('/done/');
  // No answer: the supervisor waits for it.
  store.fault(() => end(), { matches: isRecord });
  const running = run({ EVENT: eventOf('in/a') });
  end = () => running.child.kill('SIGTERM');
  const { code, stderr } = await running;
  expect(code).toBe(0);
  expect(stderr).toMatch(/WARNING .*the record of its completion can't be left .*: the pod ends/);
  expect(stderr).toMatch(/done in [.\d]+ s/);
  expect(record()).toBeUndefined();
  expect(store.objects.get('bucket/out/copy')?.toString()).toBe('hello');
  expect(left()).toEqual([]);
});

test('a script that writes where the record is prepared does not keep it from being left', async () => {
  const script = `${COPY}; for name in record record-0; do echo no >"$TMP_INPUT_DIR/../$name"; done`;
  expect((await run({ EVENT: eventOf('in/a') }, script)).code).toBe(0);
  expect(record()).toBe('done\n');
});
