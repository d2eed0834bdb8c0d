import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { toYaml } from '../../../src/contract';
import { readDefinition } from '../../../src/programs/supervisor/definition';
import { InvocationError } from '../../../src/programs/supervisor/failure';
import { invoke, InvokeOptions, Outcome, Step } from '../../../src/programs/supervisor/invocation';
import { stderr } from '../../../src/programs/supervisor/stderr';
import { KEYS, S3Server } from './storage/support/s3-server';
import { temporaryFolder } from './temporary';

jest.setTimeout(60_000);

const folder = temporaryFolder();
let store: S3Server;
beforeAll(async () => {
  store = await new S3Server().start();
});
afterAll(() => store.stop());
beforeEach(() => {
  store.objects.clear();
  store.asked.length = 0;
});

let log: string;
afterEach(() => jest.restoreAllMocks());
beforeEach(() => {
  log = '';
  jest.spyOn(stderr, 'write').mockImplementation((text) => void (log += text));
  mkdirSync(join(folder.path, 'work'));
});

interface Setup {
  readonly script?: string;
  readonly definition?: object;
  readonly options?: Partial<InvokeOptions>;
  readonly contentType?: string;
}

const BUCKET = { storage_provider: 'minio.default' };

/** Runs an invocation as a pod would: with folders of its own, and credentials that are mounted. */
async function run(body: string | Readable, setup: Setup = {}): Promise<Outcome> {
  const { script = 'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR"', definition = {}, options, contentType } = setup;
  folder.write('config/script.sh', script);
  const minio = { default: { endpoint: `http://127.0.0.1:${store.port}`, region: store.region } };
  folder.write('config/function_config.yaml', toYaml({ storage_providers: { minio }, ...definition }));
  folder.write('providers/minio.default/accessKey', KEYS.accessKey);
  folder.write('providers/minio.default/secretKey', KEYS.secretKey);
  const places = {
    config: join(folder.path, 'config'),
    providers: join(folder.path, 'providers'),
    work: join(folder.path, 'work'),
  };
  const content = typeof body === 'string' ? Readable.from([Buffer.from(body)]) : body;
  const all = { definition: readDefinition(places.config), places, signal: new AbortController().signal, ...options };
  return invoke({ content, ...(contentType && { contentType }) }, all);
}

async function failure(running: Promise<Outcome>): Promise<InvocationError> {
  const error: unknown = await running.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof InvocationError)) throw error;
  return error;
}

const record = (key: string, eventName = 's3:ObjectCreated:Put') => ({
  eventSource: 'minio:s3',
  eventTime: '2026-01-01T00:00:00Z',
  eventName,
  s3: { bucket: { name: 'bucket' }, object: { key } },
});
const event = (...keys: string[]) => JSON.stringify({ Records: keys.map((key) => record(key)) });

const left = () => readdirSync(join(folder.path, 'work'));
const stored = () =>
  Object.fromEntries([...store.objects].filter(([key]) => !key.startsWith('bucket/in/')).map(([k, v]) => [k, `${v}`]));
const IN_AND_OUT = { input: [{ ...BUCKET, path: 'bucket/in' }], output: [{ ...BUCKET, path: 'bucket/out' }] };

describe('data', () => {
  test('is the input file, and files come back', async () => {
    const script =
      'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/copy"; mkdir "$TMP_OUTPUT_DIR/a"; echo x >"$TMP_OUTPUT_DIR/a/b"';
    const outcome = await run('{"a": 1}', { script });
    expect(outcome.replyWithFiles).toBe(true);
    expect(outcome.files.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['a/b', 2],
      ['copy', 8],
    ]);
    expect(readFileSync(outcome.files[1].path, 'utf8')).toBe('{"a": 1}');
    expect(left()).toHaveLength(1);
    await outcome.dispose();
    expect(left()).toEqual([]);
    expect(log).toMatch(/\[[0-9a-f]{8}\] the input is the body itself: 8 bytes in \d\.\d{3} s\n/);
  });

  test('is stored as well, where the service has an output', async () => {
    const outcome = await run('"text"', { definition: IN_AND_OUT, script: 'echo done >"$TMP_OUTPUT_DIR/result"' });
    expect(outcome.files).toHaveLength(1);
    expect(stored()).toEqual({ 'bucket/out/result': 'done\n' });
    await outcome.dispose();
  });

  test('is kept although file_stage_in is true: nothing has to be downloaded', async () => {
    const script = 'cat "$INPUT_FILE_PATH"';
    const outcome = await run('"text"', { definition: { file_stage_in: true, log_level: 'CRITICAL' }, script });
    expect(readFileSync(outcome.transcript, 'utf8')).toBe('"text"');
    await outcome.dispose();
  });

  test('sees its own folders, which nobody else may look into', async () => {
    const script = 'ls -ld "$TMP_INPUT_DIR/../.."; ls "$TMP_OUTPUT_DIR"; ls "$TMP_INPUT_DIR" | wc -l';
    const outcome = await run('"text"', { definition: { log_level: 'CRITICAL' }, script });
    expect(readFileSync(outcome.transcript, 'utf8')).toMatch(/^drwx------.*oscar-invocation-.*\n\s*1\n$/);
    await outcome.dispose();
  });
});

describe('the transcript', () => {
  test('is the log with the output', async () => {
    const outcome = await run('"x"', { script: 'printf "a\\nb"; echo c >&2' });
    const text = readFileSync(outcome.transcript, 'utf8');
    await outcome.dispose();
    const [begin, ...rest] = text.split('\n');
    expect(begin).toMatch(/ - supervisor - INFO - \[[0-9a-f]{8}\] the input is the body itself/);
    expect(rest.slice(0, 2)).toEqual(['a', 'bc']);
    expect(rest[2]).toContain('the script ended well');
    expect(log).toContain(` - script - INFO - [${outcome.id}] bc\n`);
  });

  test('at CRITICAL is the output alone, and the log is silent', async () => {
    const outcome = await run('"x"', { definition: { log_level: 'CRITICAL' }, script: 'printf "a\\nb"; echo c >&2' });
    expect(readFileSync(outcome.transcript, 'utf8')).toBe('a\nbc\n');
    expect(log).toBe('');
    await outcome.dispose();
  });

  test('goes with the rest', async () => {
    const outcome = await run('"x"');
    await outcome.dispose();
    expect(() => readFileSync(outcome.transcript)).toThrow(/ENOENT/);
  });
});

describe('an event', () => {
  test('its object is fetched, processed and stored', async () => {
    store.objects.set('bucket/in/a b.txt', Buffer.from('hello'));
    const steps: [Step, number][] = [];
    const script = [
      'echo "$STORAGE_OBJECT_KEY|$EVENT_TIME|${INPUT_FILE_PATH##*/}|$EVENT" >"$TMP_OUTPUT_DIR/facts"',
      'tr a-z A-Z <"$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/${INPUT_FILE_PATH##*/}"',
    ].join('\n');
    const onStep = (step: Step, seconds: number, bytes: number) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      steps.push([step, bytes]);
    };
    const outcome = await run(event('in/a+b.txt'), { script, definition: IN_AND_OUT, options: { onStep } });
    expect(outcome).toMatchObject({ replyWithFiles: false, files: [] });
    const facts = stored()['bucket/out/facts'];
    const [key, time, name, json] = facts.split('|');
    expect([key, time, name]).toEqual(['in/a b.txt', '2026-01-01T00:00:00Z', 'a b.txt']);
    expect(JSON.parse(json)).toEqual(JSON.parse(event('in/a+b.txt')));
    expect(stored()['bucket/out/a b.txt']).toBe('HELLO');
    expect(steps).toEqual([
      ['stage_in', 5],
      ['script', 0],
      ['stage_out', 5 + facts.length],
    ]);
    expect(log).toMatch(/fetched "bucket\/in\/a b\.txt" from minio\.default: 5 bytes in \d\.\d{3} s\n/);
    expect(log).toMatch(/stored "a b\.txt" in minio\.default as "bucket\/out\/a b\.txt": 5 bytes in/);
    await outcome.dispose();
    expect(left()).toEqual([]);
  });

  test('file_stage_in: true fetches nothing', async () => {
    const script =
      'echo "${INPUT_FILE_PATH-none} $STORAGE_OBJECT_KEY $(ls -A "$TMP_INPUT_DIR")" >"$TMP_OUTPUT_DIR/facts"';
    const definition = { ...IN_AND_OUT, file_stage_in: true };
    await (await run(event('in/x'), { script, definition })).dispose();
    expect(stored()).toEqual({ 'bucket/out/facts': 'none in/x \n' });
    expect(store.asked.filter((asked) => asked.startsWith('GET'))).toEqual([]);
  });

  test('of several objects each has a run of its own', async () => {
    for (const name of ['a', 'b', 'c']) store.objects.set(`bucket/in/${name}`, Buffer.from(name));
    const script = 'ls "$TMP_INPUT_DIR" "$TMP_OUTPUT_DIR" | grep -c "^[abc]$"; cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR"';
    const outcome = await run(event('in/a', 'in/b', 'in/c'), { script, definition: IN_AND_OUT });
    expect(stored()).toEqual({ 'bucket/out/a': 'a', 'bucket/out/b': 'b', 'bucket/out/c': 'c' });
    expect(log.match(/ - script - INFO - \S+ 1\n/g)).toHaveLength(3);
    expect(log).toContain('object 2 of 3, "bucket/in/b"');
    await outcome.dispose();
  });

  test('one that fails stops none of the others, and the invocation fails', async () => {
    for (const name of ['a', 'b', 'd']) store.objects.set(`bucket/in/${name}`, Buffer.from(name));
    const script =
      'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR"; grep -q b "$INPUT_FILE_PATH" && { echo bad b; exit 7; } || :';
    const running = run(event('in/a', 'in/b', 'in/missing', 'in/d'), { script, definition: IN_AND_OUT });
    expect(await failure(running)).toMatchObject({
      kind: 'script',
      exitCode: 7,
      lastLines: 'bad b',
      message: '2 of 4 objects failed, the first: the script failed: exit code 7',
    });
    expect(stored()).toEqual({ 'bucket/out/a': 'a', 'bucket/out/d': 'd' });
    expect(log).toMatch(/ERROR - \S+ object 2 of 4, "bucket\/in\/b": the script failed: exit code 7\n/);
    expect(log).toMatch(
      /ERROR - \S+ object 3 of 4, "bucket\/in\/missing": the input can't be fetched from minio\.default/,
    );
    expect(left()).toEqual([]);
  });

  test('with nothing to process succeeds, runs no script and says so', async () => {
    const body = JSON.stringify({ Records: [record('in/'), record('in/x', 's3:ObjectRemoved:Delete')] });
    const outcome = await run(body, { script: 'echo never', definition: IN_AND_OUT });
    expect(outcome).toMatchObject({ replyWithFiles: false, files: [] });
    expect(log).toMatch(/WARNING - \S+ the event has nothing to process/);
    expect(log.match(/skipped: /g)).toHaveLength(2);
    expect(log).not.toContain('never');
    await outcome.dispose();
  });

  test("isolation_level user: a user's results go to the user's bucket", async () => {
    store.buckets.add('bucket-alice');
    store.objects.set('bucket-alice/in/x', Buffer.from('x'));
    const body = event('in/x').replace('"bucket"}', '"bucket"}').replace('"name":"bucket"', '"name":"bucket-alice"');
    await (await run(body, { definition: { ...IN_AND_OUT, isolation_level: 'USER' } })).dispose();
    expect(stored()['bucket-alice/out/x']).toBe('x');
  });
});

describe('a failure', () => {
  const failing = (script: string, options?: Partial<InvokeOptions>) =>
    failure(run('"x"', { script, definition: IN_AND_OUT, options }));

  test('of the script: nothing is stored, nothing is left', async () => {
    const error = await failing('echo result >"$TMP_OUTPUT_DIR/result"; echo sorry; exit 3');
    expect(error).toMatchObject({ kind: 'script', exitCode: 3, lastLines: 'sorry' });
    expect(error.invocation).toMatch(/^[0-9a-f]{8}$/);
    expect(store.asked).toEqual([]);
    expect(left()).toEqual([]);
    expect(log).toContain(`ERROR - [${error.invocation}] the script failed: exit code 3\n`);
  });

  test('by the time limit', async () => {
    const error = await failing('echo result >"$TMP_OUTPUT_DIR/result"; sleep 600', { timeoutMs: 200 });
    expect(error).toMatchObject({ kind: 'script', exitCode: 124 });
    expect(store.asked).toEqual([]);
  });

  test('of the body', async () => {
    const error = await failure(run('not?base64', { script: 'echo never' }));
    expect(error).toMatchObject({ kind: 'input', exitCode: 1, invocation: expect.any(String) });
    expect(left()).toEqual([]);
    expect(log).not.toContain('never');
  });

  test('a body that breaks off', async () => {
    const content = new Readable({ read: () => undefined });
    content.push('"begun');
    setTimeout(() => content.destroy(new Error('the client went away')), 50);
    expect(await failure(run(content))).toMatchObject({ kind: 'cancelled' });
    expect(left()).toEqual([]);
  });

  test('an abort while the body comes', async () => {
    const content = new Readable({ read: () => undefined });
    content.push('"begun');
    const abort = new AbortController();
    setTimeout(() => abort.abort(new InvocationError('cancelled', 'ended by SIGTERM', 143)), 50);
    const error = await failure(run(content, { options: { signal: abort.signal } }));
    expect(error).toMatchObject({ kind: 'cancelled', exitCode: 143, message: 'ended by SIGTERM' });
    expect(left()).toEqual([]);
  });

  test('an abort while a script runs: its last lines are kept, later objects are not begun', async () => {
    for (const name of ['a', 'b']) store.objects.set(`bucket/in/${name}`, Buffer.from(name));
    const abort = new AbortController();
    const script = 'echo working; : >"$TMP_OUTPUT_DIR/x"; sleep 600';
    const definition = IN_AND_OUT;
    const running = run(event('in/a', 'in/b'), { script, definition, options: { signal: abort.signal } });
    setTimeout(function look() {
      if (log.includes('working')) abort.abort();
      else setTimeout(look, 20);
    }, 20);
    expect(await failure(running)).toMatchObject({ kind: 'cancelled', exitCode: 143, lastLines: 'working' });
    expect(stored()).toEqual({});
    expect(log).not.toContain('object 2 of 2');
    expect(left()).toEqual([]);
  });

  test('no such object', async () => {
    const error = await failure(run(event('in/none'), { script: 'echo never', definition: IN_AND_OUT }));
    expect(error).toMatchObject({ kind: 'storage', exitCode: 1 });
    expect(error.message).toMatch(/^the input can't be fetched from minio\.default: .*bucket\/in\/none/);
    expect(log).not.toContain('never');
  });

  test('no such bucket for the output', async () => {
    const definition = { output: [{ ...BUCKET, path: 'nowhere/out' }] };
    const error = await failure(run('"x"', { definition }));
    expect(error).toMatchObject({ kind: 'storage', exitCode: 1 });
    expect(error.message).toMatch(/^"event-file-.*" can't be stored in minio\.default: .*nowhere/);
    expect(left()).toEqual([]);
  });

  test('a name that is no UTF-8: nothing is stored', async () => {
    const error = await failing('cd "$TMP_OUTPUT_DIR"; : >good; : >"$(printf "a\\377")"');
    expect(error).toMatchObject({ kind: 'script', exitCode: 1 });
    expect(error.message).toContain('no UTF-8');
    expect(store.asked).toEqual([]);
    expect(left()).toEqual([]);
  });

  test('a work folder that is not there', async () => {
    const error = await failing('echo never', {
      places: { config: folder.path, providers: folder.path, work: join(folder.path, 'none') },
    });
    expect(error).toMatchObject({ kind: 'internal', message: expect.stringContaining('none') });
  });
});

describe('before the script', () => {
  const untouched = () => new Readable({ read: () => expect(false).toBe(true) });

  test.each([
    [
      'no credentials for an output',
      { output: [{ storage_provider: 's3.other', path: 'b/out' }] },
      /s3\.other.*accessKey/,
    ],
    ['an output on an unknown provider', { output: [{ storage_provider: 'ftp.x', path: 'b/out' }] }, /ftp/],
  ])('%s', async (_, definition, message) => {
    const error = await failure(run(untouched(), { definition, script: 'echo never' }));
    expect(error).toMatchObject({ kind: 'configuration', exitCode: 1, message: expect.stringMatching(message) });
    expect(log).not.toContain('never');
    expect(left()).toEqual([]);
  });

  test("no credentials for one of several objects' provider: none is begun", async () => {
    store.objects.set('bucket/in/a', Buffer.from('a'));
    const records = [record('in/a'), { ...record('in/b'), eventSource: 'aws:s3' }];
    const body = JSON.stringify({ Records: records });
    const error = await failure(run(body, { script: 'echo never', definition: IN_AND_OUT }));
    expect(error).toMatchObject({ kind: 'configuration', message: expect.stringMatching(/s3\.default/) });
    expect(store.asked).toEqual([]);
    expect(log).not.toContain('never');
  });

  test('credentials of an input that is not fetched are not needed', async () => {
    const definition = { file_stage_in: true };
    const body = event('in/a').replace('minio:s3', 'aws:s3');
    const outcome = await run(body, { script: 'echo "$STORAGE_OBJECT_KEY"', definition });
    expect(log).toContain(' in/a\n');
    await outcome.dispose();
  });

  test('no script', async () => {
    const places = { config: join(folder.path, 'none'), providers: folder.path, work: join(folder.path, 'work') };
    const error = await failure(run(untouched(), { options: { places } }));
    expect(error).toMatchObject({ kind: 'configuration', message: expect.stringMatching(/script\.sh.*is not there/) });
  });
});

test('what is left out is told, up to a number', async () => {
  const script =
    'cd "$TMP_OUTPUT_DIR"; i=0; while [ $i -lt 30 ]; do ln -s /etc/passwd link$i; i=$((i+1)); done; : >file';
  const outcome = await run('"x"', { script });
  expect(outcome.files.map(({ name }) => name)).toEqual(['file']);
  expect(log.match(/WARNING - \S+ left out: "link\d+": a link that leads out/g)).toHaveLength(20);
  expect(log).toContain('left out: 10 more');
  await outcome.dispose();
});

test('no secret is in the log, the errors or the transcript', async () => {
  store.objects.set('bucket/in/a', Buffer.from('a'));
  const definition = { ...IN_AND_OUT, log_level: 'DEBUG' };
  const outcome = await run(event('in/a'), { definition });
  let told = log + readFileSync(outcome.transcript, 'utf8');
  await outcome.dispose();
  told += (await failure(run(event('in/none'), { definition }))).message + log;
  expect(told).toContain('fetched "bucket/in/a"');
  expect(told).not.toContain(KEYS.secretKey);
  expect(told).not.toContain(KEYS.accessKey);
  expect(told).not.toMatch(/signature|authorization/i);
});
