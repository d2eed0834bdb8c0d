import { ChildProcess, execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { toYaml } from '../../../src/contract';
import { OWN_ENV, singleRun } from './single-run';
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
const COPY = 'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/copy"';
const event = (...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventSource: 'minio:s3',
      eventTime: '2026-01-01T00:00:00Z',
      s3: { bucket: { name: 'bucket' }, object: { key } },
    })),
  });

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(env: NodeJS.ProcessEnv, script = COPY, level = 'INFO'): Promise<Ended> & { readonly child: ChildProcess } {
  folder.write('config/script.sh', script);
  const minio = { default: { endpoint: `http://127.0.0.1:${store.port}`, region: store.region } };
  const output = [{ storage_provider: 'minio.default', path: 'bucket/out' }];
  folder.write('config/function_config.yaml', toYaml({ storage_providers: { minio }, output, log_level: level }));
  folder.write('providers/minio.default/accessKey', KEYS.accessKey);
  folder.write('providers/minio.default/secretKey', KEYS.secretKey);
  const options = { env: { ...OWN_ENV, COMPLETION_RECORD: `minio.default/${RECORD}`, ...env } };
  let child!: ChildProcess;
  const ended = new Promise<Ended>((resolve) => {
    child = execFile(process.execPath, [container.program, folder.path], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
  return Object.assign(ended, { child });
}

const record = () => store.objects.get(RECORD)?.toString();
const left = () => readdirSync(join(folder.path, 'work'));

test('the record is there once the results are', async () => {
  const { code, stderr } = await run({ EVENT: event('in/a') });
  expect(code).toBe(0);
  expect(record()).toBe('done\n');
  expect(store.objects.get('bucket/out/copy')?.toString()).toBe('hello');
  expect(stderr.indexOf('left the record of its completion')).toBeGreaterThan(stderr.indexOf('stored "copy"'));
  expect(left()).toEqual([]);
});

test('the script knows nothing of it', async () => {
  await run({ EVENT: event('in/a') }, 'echo "${COMPLETION_RECORD-none}" >"$TMP_OUTPUT_DIR/f"');
  expect(store.objects.get('bucket/out/f')?.toString()).toBe('none\n');
});

describe('there is none', () => {
  test.each([
    ['when the script fails', event('in/a'), 'exit 3', 3],
    ['when the file is not there', event('in/b'), COPY, 1],
    ['when one of several files is not there', event('in/a', 'in/b'), COPY, 1],
  ])('%s', async (_, EVENT, script, expected) => {
    expect((await run({ EVENT }, script)).code).toBe(expected);
    expect(record()).toBeUndefined();
  });

  test('when a result is not stored', async () => {
    store.buckets.delete('bucket');
    expect((await run({ EVENT: event('in/a') })).code).toBe(1);
    store.buckets.add('bucket');
    expect(record()).toBeUndefined();
  });

  test('of a body that is the data itself', async () => {
    expect((await run({ EVENT: '{"a": 1}' })).code).toBe(0);
    expect(record()).toBeUndefined();
  });

  test('when nobody asks for one', async () => {
    expect((await run({ EVENT: event('in/a'), COMPLETION_RECORD: undefined })).code).toBe(0);
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
    const { code, stderr } = await run({ EVENT: event('in/a'), COMPLETION_RECORD: place });
    expect(code).toBe(0);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(KEYS.secretKey);
    expect(store.objects.get('bucket/out/copy')?.toString()).toBe('hello');
    expect(left()).toEqual([]);
  });

  test('also when its place is none', async () => {
    const { code, stderr } = await run({ EVENT: event('in/a'), COMPLETION_RECORD: 'somewhere' });
    expect(code).toBe(0);
    expect(stderr).toContain('WARNING');
    expect(stderr).toContain('COMPLETION_RECORD is "somewhere". Allowed: <provider>/<bucket>/<key>');
  });

  test('also when the store refuses it', async () => {
    store.readOnly.add(RECORD);
    const { code, stderr } = await run({ EVENT: event('in/a') });
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
  const running = run({ EVENT: event('in/a') });
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
  expect((await run({ EVENT: event('in/a') }, script)).code).toBe(0);
  expect(record()).toBe('done\n');
});
