// npm run bench:flow [-- quick]: from an upload to its result, by the platform's real programs without a cluster, and where
// the time goes; beside the same work done by hand. Prints tables in Markdown. It fails when a file has no result, never
// for a time.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kit } from './kit.mjs';
import { load, logged, managersMean, managersPart, table } from './load.mjs';
import { quantile } from './supervisor/run.mjs';

const FULL = {
  runs: [
    [1, 60],
    [10, 200],
    [50, 500],
  ],
  byHand: 20,
};
const QUICK = {
  runs: [
    [1, 5],
    [50, 50],
  ],
  byHand: 3,
};
const SCRIPT = fileURLToPath(new URL('../test/flow/environments/scripts/digest.sh', import.meta.url));
const PATIENCE_MS = 300_000;

/** Where the time goes: each step is from the end of the one before it. */
const STEPS = [
  ['the store takes the file', 'sent', 'answered'],
  ["its event waits in MinIO's queue, and the manager stores the Job", 'answered', 'created'],
  ['the Job waits for one of four places', 'created', 'started'],
  ['mounts, and the supervisor starts', 'started', 'booted'],
  ['stage in', 'booted', 'fetched'],
  ['script', 'fetched', 'scripted'],
  ['stage out', 'scripted', 'stored'],
  ['record of completion', 'stored', 'done'],
  ['upload → Job stored', 'sent', 'created'],
  ['Job stored → result stored', 'created', 'stored'],
  ['upload → result stored', 'sent', 'stored'],
];

const size = process.argv[2] === 'quick' ? QUICK : FULL;
const problems = [];
const { Flow, Outside, NAMESPACES, OBJECT_ANNOTATION } = kit('flow/platform.mjs');

const outside = await Outside.start();
const flow = await Flow.start(outside.options);
try {
  const store = await flow.store();
  const world = worldOf(store, followJobs());
  await load(world, 'warm', 5, 5);
  for (const [rate, count] of size.runs) {
    const before = await ofManager();
    report(rate, await load(world, `at${rate}`, rate, count), before, await ofManager());
  }
  byHand(store);
} finally {
  await flow.stop();
  await outside.stop();
}
for (const problem of problems) console.error(`wrong: ${problem}`);
process.exitCode = problems.length ? 1 : 0;

/** `bucket/key` → its Job: when it was stored, and whether it is complete. */
function followJobs() {
  const jobs = new Map();
  flow.double.objects.onChange('Job', ({ type, object: { metadata, status } }) => {
    const about = metadata.annotations?.[OBJECT_ANNOTATION];
    if (metadata.namespace !== NAMESPACES.services || about === undefined) return;
    if (type === 'ADDED' && jobs.has(about)) problems.push(`${about} has two Jobs`);
    if (type === 'ADDED') jobs.set(about, { name: metadata.name, created: Date.now() });
    if (status?.conditions?.some((condition) => condition.type === 'Failed')) problems.push(`${about} failed`);
    if (status?.conditions?.some((condition) => condition.type === 'Complete')) jobs.get(about).complete = true;
  });
  return jobs;
}

/** What `load` asks. */
function worldOf(store, jobs) {
  return {
    put: (key, content) => store.put(`bulk/in/${key}`, content),
    jobOf(key) {
      const job = jobs.get(`bulk/in/${key}`);
      return job?.complete && job;
    },
    untilAll: (check) => flow.until('each file has its result', check, PATIENCE_MS),
    async resultsOf(run) {
      const listed = await store.list(`bulk/out/${run}-`);
      return new Map(listed.map(({ key, at }) => [`${run}-${key.replace(/\.digest$/, '')}`, at]));
    },
    momentsOf(name) {
      const runs = flow.executed.filter(({ job }) => job === name);
      const moments = Object.fromEntries(runs.map(({ event, at }) => [event, at]));
      return { ...moments, ...logged(readFileSync(flow.pods.logOf(name), 'utf8')) };
    },
  };
}

async function ofManager() {
  const value = (key) => flow.pods.secretValue(NAMESPACES.platform, 'oscar-admin', key);
  const login = Buffer.from(`${await value('username')}:${await value('password')}`).toString('base64');
  const answer = await flow.ask('GET', '/metrics', { authorization: `Basic ${login}` });
  return managersPart(answer.body.toString('utf8'));
}

function report(rate, files, before, after) {
  for (const { key, result, refused } of files) {
    if (result === undefined) problems.push(`${key} has no result${refused ? `: ${refused}` : ''}`);
  }
  const seconds = (Math.max(...files.map(({ done }) => done)) - files[0].sent) / 1000;
  const carried = (files.length / seconds).toFixed(1);
  const title = `${files.length} files of 1 KiB, ${rate} a second (${carried} a second have their result)`;
  table(title, files, STEPS, [managersMean(before, after)]);
}

/** The same work, one file after the other, by whoever sits before a terminal. */
function byHand({ keys }) {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-bench-'));
  const env = {
    PATH: `${process.env.OSCAR_TEST_PROGRAMS}:${process.env.PATH}`,
    HOME: folder,
    MC_CONFIG_DIR: join(folder, 'mc'),
    MC_HOST_oscar: `http://${keys.accessKey}:${keys.secretKey}@127.0.0.1:9000`,
    INPUT_FILE_PATH: join(folder, 'in'),
    TMP_OUTPUT_DIR: folder,
  };
  const command = (...words) => {
    const { status, stderr } = spawnSync(words[0], words.slice(1), { env, stdio: ['ignore', 'ignore', 'pipe'] });
    if (status !== 0) problems.push(`${words.join(' ')} ended with ${status}: ${stderr}`);
  };
  const times = { 'mc cp in': [], script: [], 'mc cp out': [], all: [] };
  const timed = (name, work) => {
    const began = performance.now();
    work();
    times[name].push(performance.now() - began);
  };
  writeFileSync(join(folder, 'upload'), 'x'.repeat(1024));
  command('mc', 'cp', '-q', join(folder, 'upload'), 'oscar/documents/by-hand');
  for (let i = 0; i < size.byHand; i++) {
    timed('all', () => {
      timed('mc cp in', () => command('mc', 'cp', '-q', 'oscar/documents/by-hand', join(folder, 'in')));
      timed('script', () => command('sh', SCRIPT));
      timed('mc cp out', () => command('mc', 'cp', '-q', join(folder, 'in.digest'), 'oscar/documents/by-hand-out'));
    });
  }
  rmSync(folder, { recursive: true });
  const rows = Object.entries(times).map(
    ([name, all]) => `| ${name} | ${quantile(all, 0.5).toFixed(0)} | ${quantile(all, 0.99).toFixed(0)} |`,
  );
  console.log(`\nBy hand, one at a time\n\n| step | p50 ms | p99 ms |\n| --- | --- | --- |\n${rows.join('\n')}`);
}
