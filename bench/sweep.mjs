// npm run bench:sweep [-- OBJECTS]: the sweep, as a process of its own, over a bucket of so many objects (2,000 unless told)
// in a MinIO on loopback, beside a bare `mc ls --recursive` of the same bucket in the same run. Prints a table in Markdown. It
// fails when the sweep misses an object or asks for one twice, never for a time.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { median } from './measure.mjs';
import { startStore } from './supervisor/store.mjs';
import { goProgram } from './supervisor/tools.mjs';

const ROUNDS = 3;
/** Of more objects, records are written as supervisors leave them: asking for each takes milliseconds. */
const ASKED_AT_MOST = 10_000;
/** Objects that are written at the same time. */
const AT_ONCE = 32;
const TOKEN = 'token-of-the-benchmark';
const PASSWORD = 'password-of-the-benchmark';
const SERVICE = 'cowsay';
const RECORDS = 'oscar-records';
const HOUR_MS = 3600_000;
/** Of times in /proc: the same on every Linux that we know. */
const TICKS_PER_SECOND = 100;

const count = Number(process.argv[2] ?? 2000);
if (!(Number.isInteger(count) && count > 0))
  throw new Error(`${process.argv[2]} is no number of objects. Allowed: 1, 2 …`);
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'oscar-bench-sweep-'));
const problems = [];
const store = await startStore(folder);
const manager = await startManager();
try {
  const tools = load();
  const path = `${store.bucket}/`;
  const s3 = new tools.Store(
    { endpoint: store.endpoint, region: 'us-east-1', verify: true },
    { accessKey: store.user, secretKey: store.password },
    () => {},
  );
  await s3.call({ what: 'bucket of records', method: 'PUT', bucket: RECORDS });
  const put = (bucket, key, text) => tools.putText(s3, bucket, key, text);
  await inParallel(count, (i) => put(store.bucket, `folder-${i % 100}/${digest(i)}.txt`, 'text'));
  const since = (ms) => {
    const record = { service: SERVICE, path, since: new Date(ms).toISOString() };
    return put(RECORDS, tools.bindingRecord(SERVICE, path), JSON.stringify(record));
  };
  writeFiles(tools, path);

  printHead();
  await since(Date.now() + HOUR_MS);
  printRow(await compared('none of them since the record: the list alone'));
  await since(0);
  if (count <= ASKED_AT_MOST) {
    manager.status = 'Stored';
    printRow(await compared('each is asked for: its Job is new or under way', { rounds: 1, asked: count }));
    manager.status = 'Succeeded';
    printRow(await compared('each is asked for, and its record written', { rounds: 1, asked: count }));
    await since(0);
  } else {
    await writeRecords(s3, tools);
  }
  printRow(await compared('each has its record'));
  s3.close();
} finally {
  manager.server.closeAllConnections();
  manager.server.close();
  store.stop();
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(`wrong: ${problem}`);
process.exitCode = problems.length ? 1 : 0;

/** The sweep and the list, in turns. */
async function compared(what, { rounds = ROUNDS, asked = 0 } = {}) {
  const [sweeps, lists] = [[], []];
  for (let round = 0; round < rounds; round++) {
    manager.asked.clear();
    manager.twice = 0;
    sweeps.push(await sweep());
    if (manager.asked.size !== asked || manager.twice > 0)
      problems.push(`${what}: ${manager.asked.size} objects asked for, ${manager.twice} of them twice, not ${asked}`);
    lists.push(await timed(goProgram('mc'), ['--json', 'ls', '--recursive', `store/${store.bucket}`], store.client));
  }
  return { what, sweep: middle(sweeps), list: middle(lists) };
}

function middle(runs) {
  return Object.fromEntries(
    ['seconds', 'cpu', 'mebibytes'].map((name) => [name, median(runs.map((run) => run[name]))]),
  );
}

function sweep() {
  return timed(process.execPath, [join(folder, 'sweep.cjs')], { MANAGER_ENDPOINT: manager.endpoint });
}

/** A process's wall time, its own CPU time and the peak of its memory: the last that was seen of it. */
async function timed(program, args, env) {
  const began = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  let said = '';
  child.stdout.on('data', (data) => (said = `${said}${data}`.slice(-2000)));
  const seen = { cpu: 0, mebibytes: 0 };
  const timer = globalThis.setInterval(() => look(child.pid, seen), 5);
  const [code] = await once(child, 'close');
  globalThis.clearInterval(timer);
  if (code !== 0) problems.push(`${program} ended with ${code}: ${said}`);
  return { seconds: (performance.now() - began) / 1000, ...seen };
}

function look(pid, seen) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    seen.cpu = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    seen.mebibytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    // It has ended.
  }
}

async function startManager() {
  const state = { asked: new Set(), twice: 0, status: 'Stored' };
  state.server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { service, bucket, key, lastModified } = JSON.parse(body);
    if (state.asked.has(key)) state.twice++;
    state.asked.add(key);
    response.end(JSON.stringify({ job: load().jobOf(service, bucket, key, lastModified), status: state.status }));
  }).listen(0, '127.0.0.1');
  await once(state.server, 'listening');
  state.endpoint = `http://127.0.0.1:${state.server.address().port}`;
  return state;
}

/** What the benchmark uses of the program's own code. */
function load() {
  if (load.loaded) return load.loaded;
  const code = `
    export { listPages, putText } from './src/programs/provisioner/store/objects';
    export { Store } from './src/programs/provisioner/store/store';
    export { policyDocuments } from './src/programs/provisioner/users/policy';
    export { usersOfPrograms } from './src/constructs/platform-users';
    import { bindingRecord, jobName } from './src/contract';
    export { bindingRecord };
    export const jobOf = (service, bucket, key, time) =>
      jobName(service, { bucket, key, modified: Date.parse(time) });`;
  const module = { exports: {} };
  new Function('module', 'exports', 'require', bundle(code))(
    module,
    module.exports,
    process.getBuiltinModule('module').createRequire(import.meta.url),
  );
  return (load.loaded = module.exports);
}

/** The program, with its settings and folders here. */
function writeFiles(tools, path) {
  const bindings = [{ service: SERVICE, path, prefix: [], suffix: [] }];
  const secrets = { minio: sweepUser(tools, bindings), webhook: { token: TOKEN } };
  for (const [name, files] of Object.entries(secrets)) {
    mkdirSync(join(folder, 'secrets', name), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, 'secrets', name, file), text);
  }
  const declared = { endpoint: store.endpoint, region: 'us-east-1', verify: true, external: false };
  const declaration = { platform: 'oscar', store: declared, secrets: [], buckets: [], users: [], bindings };
  const code = `
    import { run } from './src/programs/common/fail';
    import { sweep } from './src/programs/provisioner/sweep/sweep';
    void run(() => sweep(${JSON.stringify(declaration)}, { secretsDir: ${JSON.stringify(join(folder, 'secrets'))} }));`;
  writeFileSync(join(folder, 'sweep.cjs'), bundle(code));
}

/** Keys of the sweep's own user, whom the store asks for its rights at each call. */
function sweepUser({ policyDocuments, usersOfPrograms }, bindings) {
  const [user] = usersOfPrograms({ platform: 'oscar', namespace: 'oscar' }, bindings);
  const [policy] = policyDocuments(user);
  const file = join(folder, 'policy.json');
  writeFileSync(file, JSON.stringify(policy));
  const admin = (...args) =>
    execFileSync(goProgram('mc'), ['--quiet', 'admin', ...args], {
      env: { ...process.env, ...store.client },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  admin('user', 'add', 'store', user.name, PASSWORD);
  admin('policy', 'create', 'store', user.name, file);
  admin('policy', 'attach', 'store', user.name, '--user', user.name);
  return { accessKey: user.name, secretKey: PASSWORD };
}

function bundle(contents) {
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  const options = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', write: false };
  return buildSync({ stdin, ...options }).outputFiles[0].text;
}

async function inParallel(times, work) {
  let next = 0;
  const one = async () => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

function digest(i) {
  return createHash('sha256').update(String(i)).digest('hex').slice(0, 32);
}

/** Of all objects, as supervisors leave them. */
async function writeRecords(s3, { listPages, jobOf, putText }) {
  for await (const page of listPages(s3, store.bucket, '')) {
    const jobs = page.map(({ key, lastModified }) => jobOf(SERVICE, store.bucket, key, lastModified));
    await inParallel(jobs.length, (i) => putText(s3, RECORDS, `done/${SERVICE}/${jobs[i]}`, 'done'));
  }
}

function printHead() {
  console.log(`A sweep of ${count} objects, beside \`mc ls --recursive\` of them (medians of ${ROUNDS}, or one run)\n`);
  console.log('| what | sweep s | CPU s | peak MiB | mc ls s | CPU s | time, sweep : list |');
  console.log('| --- | --: | --: | --: | --: | --: | --: |');
}

function printRow({ what, sweep, list }) {
  const cells = [sweep.seconds, sweep.cpu, sweep.mebibytes, list.seconds, list.cpu, sweep.seconds / list.seconds];
  console.log(`| ${[what, ...cells.map((cell, i) => cell.toFixed(i === 2 ? 0 : 2))].join(' | ')} |`);
}
