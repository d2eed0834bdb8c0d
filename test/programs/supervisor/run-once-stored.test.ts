import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { COPY, Ended, eventOf, runWithStore } from './run-with-store';
import { singleRun } from './single-run';
import { S3Server } from './storage/support/s3-server';

jest.setTimeout(60_000);

const container = singleRun();
const { folder } = container;
let store: S3Server;
beforeAll(async () => {
  store = await new S3Server().start();
  store.buckets.add('oscar-bodies');
});
afterAll(() => store.stop());
beforeEach(() => store.objects.clear());

const KEY = 'oscar-bodies/cowsay/cowsay-0123';
const EVENT = eventOf('in/a');

const run = (env: NodeJS.ProcessEnv, script?: string) => runWithStore(container, store, env, script);

/** A run of a body that is in the store. */
function runStored(body: string | Buffer, contentType?: string, script?: string): Promise<Ended> {
  store.objects.set(KEY, Buffer.from(body));
  return run({ EVENT_OBJECT: `minio.default/${KEY}`, ...typed(contentType) }, script);
}

const typed = (contentType?: string) => (contentType === undefined ? {} : { EVENT_CONTENT_TYPE: contentType });
const copied = ({ stdout }: Ended) => Buffer.from(stdout, 'base64').toString('latin1');
const left = () => readdirSync(join(folder.path, 'work'));

describe('a body is the same, in a variable as in the store', () => {
  test.each([
    ['JSON', '{"a": 1}', undefined, '{"a": 1}'],
    ['JSON of its own type', '{"a": 1}', 'application/json', '{"a": 1}'],
    ['base64', 'aGVsbG8=', 'text/plain', 'hello'],
    ['bytes that look like base64', 'aGVsbG8=', 'application/octet-stream', 'aGVsbG8='],
    ['nothing', '', undefined, ''],
  ])('%s', async (_, body, contentType, expected) => {
    const [variable, stored] = [await run({ EVENT: body, ...typed(contentType) }), await runStored(body, contentType)];
    expect([variable.code, stored.code]).toEqual([0, 0]);
    expect([copied(variable), copied(stored)]).toEqual([expected, expected]);
    expect(left()).toEqual([]);
  });

  test('an event, which its script sees, but not where it came from', async () => {
    const script =
      'echo "$EVENT|$STORAGE_OBJECT_KEY|${EVENT_OBJECT-none}|${EVENT_CONTENT_TYPE-none}" >"$TMP_OUTPUT_DIR/f"';
    const type = 'application/json';
    const facts: string[] = [];
    for (const one of [() => run({ EVENT, ...typed(type) }, script), () => runStored(EVENT, type, script)]) {
      store.objects.set('bucket/in/a', Buffer.from('hello'));
      expect(await one()).toMatchObject({ code: 0, stdout: '' });
      facts.push(`${store.objects.get('bucket/out/f')}`);
    }
    expect(facts[0]).toMatch(/"key":"in\/a".*\|in\/a\|none\|none\n$/);
    expect(facts[1]).toBe(facts[0]);
  });

  test.each([
    ['that is not what its type says', 'no JSON', 'application/json', /body: not JSON, as its Content-Type says/],
    ['of a type that is not read', 'x', 'multipart/form-data', /a form of several parts is not read/],
  ])('and so is one %s', async (_, body, contentType, message) => {
    for (const { code, stderr } of [
      await run({ EVENT: body, ...typed(contentType) }),
      await runStored(body, contentType),
    ]) {
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
    }
    expect(left()).toEqual([]);
  });
});

test('bytes of any length and kind are whole, and the copy of them is gone when the script runs', async () => {
  const bytes = Buffer.alloc(9 * 1024 ** 2 + 1, 'a\0\xff', 'latin1');
  const ended = await runStored(bytes, 'image/x-raw', `${COPY}; ls "$TMP_INPUT_DIR/.."`);
  expect(ended.code).toBe(0);
  expect(Buffer.from(ended.stdout, 'base64').equals(bytes)).toBe(true);
  expect(ended.stderr).toContain(`fetched "${KEY}" from minio.default: ${bytes.length} bytes`);
  expect(ended.stderr).toContain('1-input');
  expect(ended.stderr).not.toMatch(/ body$/m);
  expect(left()).toEqual([]);
});

test('the object comes before what else there is', async () => {
  store.objects.set(KEY, Buffer.from('"stored"'));
  expect(copied(await run({ EVENT: '"variable"', EVENT_OBJECT: `minio.default/${KEY}` }))).toBe('"stored"');
});

describe('what fails', () => {
  test.each([
    [
      'no object there',
      `minio.default/${KEY}`,
      /the body can't be fetched from minio\.default: .*there is no such object/,
    ],
    ['no such provider', `minio.other/${KEY}`, /the body can't be fetched from minio\.other: .*no `accessKey`/],
    ['no type of provider', `ftp.default/${KEY}`, /no storage provider of the type "ftp"/],
    ['nothing', '', /EVENT_OBJECT is ""\. Allowed: <provider>\/<bucket>\/<key>, such as "minio\.default\//],
    ['no key', 'minio.default/oscar-bodies', /EVENT_OBJECT is "minio\.default\/oscar-bodies"\. Allowed: /],
  ])('%s', async (_, object, message) => {
    const { code, stdout, stderr } = await run({ EVENT_OBJECT: object });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(left()).toEqual([]);
  });
});
