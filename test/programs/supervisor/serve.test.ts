import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { until } from './serve/pod';

/** The real thing, but for the port: a process of its own, real scripts, signals. */
const PROGRAM = `
  import { readDefinition } from './definition';
  import { serveInvocations } from './serve';
  const [config, work] = process.argv.slice(2);
  serveInvocations({ definition: readDefinition(config), places: { config, providers: config, work }, port: 0 })
    .then(() => process.exit(0), (error) => { console.error(error.message); process.exit(9); });
`;

const home = mkdtempSync(join(tmpdir(), 'oscar-serve-'));
const program = join(home, 'serve.cjs');
beforeAll(() => {
  const resolveDir = join(__dirname, '../../../src/programs/supervisor');
  buildSync({
    stdin: { contents: PROGRAM, resolveDir, loader: 'ts' },
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', outfile: program },
  });
});
afterAll(() => rmSync(home, { recursive: true }));

class Served {
  readonly folder = mkdtempSync(join(home, 'pod-'));
  readonly work = join(this.folder, 'work');
  log = '';
  private process!: ChildProcess;
  private url = '';

  async start(script: string, invocation = '{}'): Promise<this> {
    mkdirSync(this.work, { recursive: true });
    writeFileSync(join(this.folder, 'script.sh'), script);
    writeFileSync(
      join(this.folder, 'function_config.yaml'),
      `{ name: cow, log_level: DEBUG, invocation: ${invocation} }`,
    );
    this.process = spawn(process.execPath, [program, this.folder, this.work], { cwd: this.folder });
    this.process.stderr?.on('data', (text) => (this.log += text));
    await until(() => /listening on port \d+/.test(this.log));
    this.url = `http://127.0.0.1:${/listening on port (\d+)/.exec(this.log)?.[1]}`;
    return this;
  }

  async post(body: string, signal?: AbortSignal) {
    const headers = { 'content-type': 'text/csv' };
    const response = await fetch(this.url, { method: 'POST', body, headers, signal });
    return { status: response.status, text: await response.text(), id: response.headers.get('x-invocation-id') };
  }

  async get(path: string) {
    const response = await fetch(`${this.url}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Waits until a metric has this value. */
  async metric(name: string, value: string): Promise<void> {
    const shown = (line: string) => line.startsWith(`oscar_supervisor_${name}`) && line.endsWith(`} ${value}`);
    while (!(await this.get('/metrics')).text.split('\n').some(shown)) await sleep(10);
  }

  /** How often a script has shown that it runs. */
  beats(): number {
    const file = join(this.folder, 'beats');
    return existsSync(file) ? statSync(file).size : 0;
  }

  async beating(): Promise<void> {
    const before = this.beats();
    await until(() => this.beats() > before);
  }

  async still(): Promise<void> {
    for (let before = -1; before !== this.beats(); await sleep(200)) before = this.beats();
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  async exitCode(): Promise<number | NodeJS.Signals | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode ?? this.process.signalCode;
  }

  async end(): Promise<void> {
    // A script of a test that failed ends, too.
    writeFileSync(join(this.folder, 'go'), '');
    this.process.kill('SIGKILL');
    await this.exitCode();
  }
}

let served: Served;
afterEach(() => served.end());

/** Runs until the test lets it end, and shows that it runs. */
const WAITING = `
  while [ ! -e go ]; do echo >> beats; sleep 0.02; done
  cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/copy"
`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('bodies in, results out, each with its id in the log', async () => {
  served = await new Served().start(`
    read -r word < "$INPUT_FILE_PATH"
    echo "the word is $word"
    [ "$word" = fail ] && { echo "it can't be done" >&2; exit 7; }
    [ "$word" = nothing ] || tr a-z A-Z < "$INPUT_FILE_PATH" > "$TMP_OUTPUT_DIR/upper.csv"
    exit 0
  `);
  const good = await served.post('cow\n');
  expect(good).toMatchObject({ status: 200, text: base64('COW\n'), id: expect.stringMatching(/^[0-9a-f]{8}$/) });
  expect(served.log).toContain(`script - INFO - [${good.id}] the word is cow`);

  const bad = await served.post('fail\n');
  expect(bad.status).toBe(500);
  expect(JSON.parse(bad.text)).toEqual({
    code: 7,
    reason: expect.any(String),
    output: expect.stringMatching(/the word is fail\n.*it can't be done/s),
    invocation: bad.id,
  });

  const nothing = await served.post('nothing\n');
  expect(nothing).toMatchObject({ status: 200, text: expect.stringContaining(`[${nothing.id}]`) });
  expect(nothing.text).toContain('the word is nothing');

  expect(await served.get('/healthz')).toEqual({ status: 200, text: 'Ok\n' });
  await served.metric('running_invocations', '0');
  await served.metric('invocations_total{outcome="succeeded",kind="",', '2');
  await served.metric('invocations_total{outcome="failed",kind="script",', '1');
  await served.metric('input_bytes_total', '17');
  await served.metric('reply_bytes_total', '4');
  expect(readdirSync(served.work)).toEqual([]);
});

test('at most max_inflight scripts at once', async () => {
  const script = 'mkdir run-$$; sleep 0.1; ls -d run-* | wc -l > "$TMP_OUTPUT_DIR/n"; rmdir run-$$';
  served = await new Served().start(script, '{ maxInflight: 3 }');
  const answers = await Promise.all(Array.from({ length: 12 }, () => served.post('x')));
  const together = answers.map(({ text }) => Number(Buffer.from(text, 'base64')));
  expect(Math.max(...together)).toBeLessThanOrEqual(3);
  expect(Math.max(...together)).toBeGreaterThan(1);
});

test('a client that goes away ends its script, with all that it started', async () => {
  served = await new Served().start('while [ ! -e go ]; do echo >> beats; sleep 0.02; done & wait');
  const abort = new AbortController();
  const gone = expect(served.post('x', abort.signal)).rejects.toThrow();
  await served.beating();
  abort.abort();
  await gone;
  await served.still();
  await until(() => readdirSync(served.work).length === 0);
});

test('what an earlier container left is gone; what is not ours stays', async () => {
  served = new Served();
  mkdirSync(join(served.work, 'oscar-invocation-AbCdEf', '1', 'output'), { recursive: true });
  writeFileSync(join(served.work, 'oscar-invocation-AbCdEf', '1', 'output', 'half'), 'half');
  writeFileSync(join(served.work, 'mine'), '');
  await served.start('true');
  expect(readdirSync(served.work)).toEqual(['mine']);
});

describe('the end', () => {
  test('SIGTERM: not ready, requests are taken for a while, all of them end well', async () => {
    served = await new Served().start(WAITING);
    const first = served.post('first');
    await served.beating();
    served.signal('SIGTERM');
    await until(() => served.log.includes('SIGTERM'));
    expect((await served.get('/healthz')).status).toBe(503);
    const late = served.post('late');
    const closed = () =>
      served.get('/healthz').then(
        () => false,
        () => true,
      );
    while (!(await closed())) await sleep(100);
    writeFileSync(join(served.folder, 'go'), '');
    expect(await first).toMatchObject({ status: 200, text: base64('first') });
    expect(await late).toMatchObject({ status: 200, text: base64('late') });
    expect(await served.exitCode()).toBe(0);
  }, 20_000);

  test('SIGINT takes nothing more; a second signal ends what runs and waits', async () => {
    served = await new Served().start(WAITING);
    const runs = served.post('runs');
    await served.beating();
    const waits = served.post('waits');
    await served.metric('waiting_invocations', '1');
    served.signal('SIGINT');
    await until(() => served.log.includes('SIGINT'));
    await served.beating();
    served.signal('SIGTERM');
    for (const answer of [await runs, await waits]) {
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 143, reason: expect.stringContaining('the pod ends') });
    }
    expect(await served.exitCode()).toBe(0);
    await served.still();
    expect(readdirSync(served.work)).toEqual([]);
  });

  test("what isn't done within the time limit is ended", async () => {
    served = await new Served().start(WAITING, '{ timeoutSeconds: 1 }');
    const answers = [served.post('1'), served.post('2'), served.post('3')];
    await served.metric('waiting_invocations', '2');
    served.signal('SIGINT');
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(1);
    expect(statuses).not.toContain(200);
    expect(await served.exitCode()).toBe(0);
    expect(readdirSync(served.work)).toEqual([]);
  });

  test('with nothing to do, at once', async () => {
    served = await new Served().start('true');
    served.signal('SIGINT');
    expect(await served.exitCode()).toBe(0);
  });
});
