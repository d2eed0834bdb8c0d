import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { toYaml } from '../../../src/contract';
import { Pipe, Pipes } from '../../../src/programs/supervisor/script/pipe';
import { OWN_ENV, singleRun } from './single-run';
import { KEYS, S3Server } from './storage/support/s3-server';
import { unzip } from './unzip';

jest.setTimeout(60_000);

const container = singleRun();
const { folder } = container;
let store: S3Server;
beforeAll(async () => {
  store = await new S3Server().start();
});
afterAll(() => store.stop());
beforeEach(() => {
  store.objects.clear();
  chmodSync(folder.path, 0o755);
});

interface Setup {
  /** null: there is none. */
  readonly script?: string | null;
  readonly definition?: object;
  readonly env?: NodeJS.ProcessEnv;
  /** Of stdin. */
  readonly body?: string | Buffer;
  readonly uid?: number;
  /** A descriptor. */
  readonly stderr?: number;
}

function start({ script = '', definition = {}, env = {}, body, uid, stderr }: Setup): {
  child: ChildProcess;
  end: Promise<{ code: number | null; stdout: Buffer; stderr: string }>;
} {
  if (script !== null) folder.write('config/script.sh', script);
  const minio = { default: { endpoint: `http://127.0.0.1:${store.port}`, region: store.region } };
  folder.write('config/function_config.yaml', toYaml({ storage_providers: { minio }, ...definition }));
  folder.write('providers/minio.default/accessKey', KEYS.accessKey);
  folder.write('providers/minio.default/secretKey', KEYS.secretKey);
  const child = spawn(process.execPath, [container.program, folder.path], {
    env: { ...OWN_ENV, ...env },
    uid,
    stdio: ['pipe', 'pipe', stderr ?? 'pipe'],
  });
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout?.on('data', (chunk: Buffer) => parts.stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => parts.stderr.push(chunk));
  child.stdin?.on('error', () => undefined); // who doesn't read it closes it
  if (body !== undefined) child.stdin?.end(body);
  const end = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout: Buffer.concat(parts.stdout),
    stderr: Buffer.concat(parts.stderr).toString(),
  }));
  return { child, end };
}

const run = (setup: Setup) => start({ body: '', ...setup }).end;
const left = () => readdirSync(join(folder.path, 'work'));

const COPY = 'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/copy"';
const event = (...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventSource: 'minio:s3',
      eventTime: '2026-01-01T00:00:00Z',
      s3: { bucket: { name: 'bucket' }, object: { key } },
    })),
  });
const OUTPUT = { output: [{ storage_provider: 'minio.default', path: 'bucket/out' }] };

describe('the reply', () => {
  test('one file is base64 on stdout, and the log is on stderr', async () => {
    const { code, stdout, stderr } = await run({ script: `echo working; ${COPY}`, body: '{"a": 1}' });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'eyJhIjogMX0=\n' });
    expect(stderr).toMatch(/ - script - INFO - \[[0-9a-f]{8}\] working\n/);
    for (const line of stderr.trim().split('\n')) expect(line).toMatch(/^\d{4}-\d\d-\d\d .* - \[[0-9a-f]{8}\] /);
    expect(left()).toEqual([]);
  });

  test('several files are a zip in base64', async () => {
    const script = 'mkdir "$TMP_OUTPUT_DIR/a"; echo 1 >"$TMP_OUTPUT_DIR/a/b"; echo 2 >"$TMP_OUTPUT_DIR/c"';
    const { code, stdout } = await run({ script, body: '"x"' });
    expect(code).toBe(0);
    const entries = unzip(Buffer.from(stdout.toString(), 'base64'));
    expect([...entries].map(([name, { content }]) => [name, content.toString()])).toEqual([
      ['a/b', '1\n'],
      ['c', '2\n'],
    ]);
  });

  test('a file of some MiB is whole', async () => {
    const bytes = Buffer.alloc(5_000_001, 'abc');
    const { stdout } = await run({ script: COPY, body: bytes.toString('base64') });
    expect(Buffer.from(stdout.toString(), 'base64').equals(bytes)).toBe(true);
  });

  test('one that is read slowly is whole', async () => {
    const { child, end } = start({ script: 'head -c 3000000 /dev/zero >"$TMP_OUTPUT_DIR/a"', body: '"x"' });
    child.stdout?.pause();
    setTimeout(() => child.stdout?.resume(), 1500);
    const { code, stdout } = await end;
    expect(code).toBe(0);
    expect(stdout.toString()).toBe(`${'A'.repeat(4_000_000)}\n`);
  });

  test('without files nothing', async () => {
    const { code, stdout, stderr } = await run({ script: 'echo out', body: '"x"' });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain(' out\n');
  });

  test("at CRITICAL without files the script's own output, and nothing on stderr", async () => {
    const definition = { log_level: 'CRITICAL' };
    const { code, stdout, stderr } = await run({ script: "printf 'a\\377'; echo b >&2", body: '"x"', definition });
    expect({ code, stdout: stdout.toString('latin1'), stderr }).toEqual({ code: 0, stdout: 'a\xffb\n', stderr: '' });
  });

  test('at CRITICAL with files the files', async () => {
    const { stdout } = await run({ script: `echo out; ${COPY}`, body: '"x"', definition: { log_level: 'CRITICAL' } });
    expect(stdout.toString()).toBe('Ingi\n');
  });

  test('stdout that is closed early is told in a line', async () => {
    const setup = { script: 'head -c 3000000 /dev/zero >"$TMP_OUTPUT_DIR/a"; echo ready', body: '"x"' };
    const { child, end } = start(setup);
    child.stdout?.destroy();
    const { code, stderr } = await end;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^supervisor: the reply can't be written: .*EPIPE$/m);
    expect(stderr).not.toContain('    at ');
    expect(left()).toEqual([]);
  });
});

describe('the event', () => {
  test('on stdin: the object is processed, and stdout stays empty', async () => {
    store.objects.set('bucket/in/a', Buffer.from('hello'));
    const script = 'tr a-z A-Z <"$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/a"';
    const { code, stdout } = await run({ script, body: event('in/a'), definition: OUTPUT });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
    expect(`${store.objects.get('bucket/out/a')}`).toBe('HELLO');
    expect(left()).toEqual([]);
  });

  test('in EVENT, and stdin is not even read', async () => {
    store.objects.set('bucket/in/a', Buffer.from('hello'));
    const env = { EVENT: event('in/a') };
    const { child, end } = start({ script: COPY, env, definition: OUTPUT }); // its stdin stays open
    expect((await end).code).toBe(0);
    expect(child.stdin?.writableEnded).toBe(false);
    expect(`${store.objects.get('bucket/out/copy')}`).toBe('hello');
  });

  test('an EVENT that is empty counts, and the script of data sees none', async () => {
    const script = 'echo "size $(wc -c <"$INPUT_FILE_PATH"), event ${EVENT-none}"';
    const { code, stderr } = await run({ script, env: { EVENT: '' }, body: '{"not": "read"}' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/size +0, event none\n/);
  });

  test('one over 128 KiB is processed, and left out of the environment', async () => {
    store.objects.set('bucket/in/a', Buffer.from('hello'));
    const large = JSON.parse(event('in/a'));
    large.Records[0].s3.object.userMetadata = { more: 'x'.repeat(128 * 1024) };
    const script = 'echo "${EVENT-none} $STORAGE_OBJECT_KEY" >"$TMP_OUTPUT_DIR/facts"';
    const { code, stderr } = await run({ script, body: JSON.stringify(large), definition: OUTPUT });
    expect(code).toBe(0);
    expect(`${store.objects.get('bucket/out/facts')}`).toBe('none in/a\n');
    expect(stderr).toContain('WARNING');
    expect(stderr).toContain('the variable EVENT is left out');
  });
});

describe('the exit code', () => {
  test.each([
    ["the script's own", 'exit 42', 42],
    ['of a signal', 'kill -ABRT $$', 134],
  ])('%s', async (_, script, expected) => {
    const { code, stdout, stderr } = await run({ script: `echo result >"$TMP_OUTPUT_DIR/a"; ${script}`, body: '"x"' });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain(' - ERROR - ');
    expect(left()).toEqual([]);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s ends script and run: %d', async (signal, expected) => {
    const { child, end } = start({ script: 'echo $$; sleep 600', body: '"x"', definition: OUTPUT });
    let log = '';
    child.stderr?.on('data', (chunk) => {
      log += chunk;
      if (log.includes(' - script - ')) child.kill(signal);
    });
    const { code, stderr } = await end;
    expect(code).toBe(expected);
    expect(stderr).toContain(`ERROR`);
    expect(stderr).toContain(`ended by ${signal}\n`);
    const [, pid] = / - script - INFO - \S+ (\d+)\n/.exec(stderr) ?? [];
    expect(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toThrow(/ENOENT|ESRCH/);
    expect(left()).toEqual([]);
  });

  test('SIGTERM while stdin is read', async () => {
    const { child, end } = start({ script: COPY });
    child.stdin?.write('"begun');
    const wait = setInterval(() => left().length > 0 && child.kill('SIGTERM'), 100);
    const { code } = await end;
    clearInterval(wait);
    expect(code).toBe(143);
    expect(left()).toEqual([]);
  });

  test.each([
    ['a body that fits no rule', { body: 'not?base64' }, /ERROR - \[[0-9a-f]{8}\] /],
    ['no such object', { body: event('in/none') }, /there is no such object/],
    ['no script', { script: null, body: '"x"' }, /script\.sh, the service's script, can't be read/],
    ['a broken definition', { definition: { log_level: 'LOUD' } }, /^supervisor: .*"log_level" is "LOUD"\. Allowed: /],
  ])('1: %s', async (_, setup, message) => {
    const { code, stdout, stderr } = await run({ script: COPY, ...setup });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(left()).toEqual([]);
  });

  test('at CRITICAL a failure is told nevertheless', async () => {
    const definition = { log_level: 'CRITICAL' };
    const { code, stdout, stderr } = await run({ script: 'echo one; echo two; exit 5', body: '"x"', definition });
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({
      code: 5,
      stdout: '',
      stderr: 'supervisor: the script failed: exit code 5\none\ntwo\n',
    });
  });
});

describe('its surroundings', () => {
  test('a log that nobody hurries to read, by a descriptor that never waits, is whole', async () => {
    const pipe = (await new Pipes().take()) as Pipe;
    const stderr = openSync(`/proc/self/fd/${pipe.kept}`, constants.O_WRONLY | constants.O_NONBLOCK);
    const lines = 30_000;
    const script = `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); done`;
    const { end } = start({ script, body: '"x"', stderr });
    closeSync(stderr);
    await new Promise((resolve) => setTimeout(resolve, 1000)); // it is full by now
    let log = '';
    const reading = new Socket({ fd: pipe.kept, readable: true, writable: false });
    for await (const chunk of reading) log += chunk;
    expect((await end).code).toBe(0);
    const told = [...log.matchAll(/ - script - INFO - \S+ (line \d+)\n/g)].map(([, line]) => line);
    expect(told).toEqual(Array.from({ length: lines }, (_, i) => `line ${i}`));
    expect(log).toMatch(/done in \S+ s\n$/);
  });

  test("the script sees the container's environment, and ours beside it", async () => {
    const env = { LD_LIBRARY_PATH: '/opt/none', TEXT: 'two\nlines', EMPTY: '', 'odd-name': '1' };
    const { stdout } = await run({
      script: 'tr "\\0" "\\1" </proc/$$/environ >"$TMP_OUTPUT_DIR/env"',
      env,
      body: '"x"',
    });
    const seen = Buffer.from(stdout.toString(), 'base64').toString().split('\x01').filter(Boolean);
    const expected = Object.entries({ ...OWN_ENV, ...env }).map(([name, value]) => `${name}=${value}`);
    const ours = /^(INPUT_FILE_PATH|TMP_INPUT_DIR|TMP_OUTPUT_DIR)=/;
    expect(seen.filter((variable) => !ours.test(variable)).sort()).toEqual(expected.sort());
    expect(seen.filter((variable) => ours.test(variable))).toHaveLength(3);
  });

  // Who is root may write everywhere.
  const uid = process.getuid?.() === 0 ? 65534 : undefined;
  test('folders that the script made read-only are removed by any user', async () => {
    chmodSync(join(folder.path, 'work'), 0o777);
    const script = 'cd "$TMP_OUTPUT_DIR" && mkdir -p a/b && : >a/b/c && chmod 500 a/b && chmod 500 a && chmod 500 .';
    const { code, stderr } = await run({ script, body: '"x"', uid });
    expect({ code, left: left() }).toEqual({ code: 0, left: [] });
    expect(stderr).not.toContain('left behind');
  });

  test('an output folder that nobody may read fails it', async () => {
    chmodSync(join(folder.path, 'work'), 0o777);
    const { code, stderr } = await run({ script: 'mkdir -m 0 "$TMP_OUTPUT_DIR/a"', body: '"x"', uid });
    expect(code).toBe(1);
    expect(stderr).toContain('"a/" in the output folder can\'t be read: EACCES');
    expect(left()).toEqual([]);
  });

  test('no secret is written anywhere', async () => {
    store.objects.set('bucket/in/a', Buffer.from('hello'));
    const definition = { ...OUTPUT, log_level: 'DEBUG' };
    const good = await run({ script: COPY, body: event('in/a'), definition });
    const bad = await run({ script: COPY, body: event('in/none', 'in/a'), definition });
    expect([good.code, bad.code]).toEqual([0, 1]);
    for (const secret of [KEYS.secretKey, KEYS.accessKey]) {
      expect(good.stderr + good.stdout + bad.stderr + bad.stdout).not.toContain(secret);
    }
  });
});
