// npm run bench:manager [-- quick]: the manager, on one core, beside a double of Kubernetes, a warm pod and the load on the
// other. Prints tables in Markdown. It fails when the manager does something wrong, never for a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './measure.mjs';
import { checkCores } from './manager/program.mjs';
import { SERVICE, TOKENS, World } from './manager/world.mjs';
import { quantile } from './supervisor/run.mjs';

const FULL = { rounds: 3, seconds: 10, services: 1000, jobs: 50_000, burst: 5000, calls: 300, steadySeconds: 60 };
const QUICK = { rounds: 1, seconds: 2, services: 100, jobs: 2000, burst: 2000, calls: 30, steadySeconds: 5 };
const RATES = [1, 100, 1000];
const MIB = 2 ** 20;
/** About what a real API server takes to store a Job. */
const STORING_MS = 20;
/** The manager's own limit (`STORING` in manager.ts). */
const STORING = 48;

const size = process.argv[2] === 'quick' ? QUICK : FULL;
const problems = [];

checkCores();
await inWorld({ serviceCount: size.services }, async (world) => {
  await events(world);
  await calls(world);
  await burst(world);
});
await inWorld({ serviceCount: size.services, jobCount: size.jobs }, memory);
for (const problem of problems) console.error(`wrong: ${problem}`);
process.exitCode = problems.length ? 1 : 0;

async function inWorld(options, work) {
  const world = await World.start(options);
  try {
    await work(world);
  } finally {
    await world.stop();
  }
}

async function events(world) {
  const results = new Map(RATES.map((rate) => [rate, { manager: [], double: [] }]));
  const job = await world.kubernetes.ask('exampleJob');
  await sendEvents(world, 'warm', 100, 2);
  for (let round = 0; round < size.rounds; round++) {
    for (const rate of RATES) {
      results.get(rate).manager.push(await sendEvents(world, `at${rate}-${round}`, rate, size.seconds));
      const load = { port: world.kubernetesPort, token: world.kubernetesToken, rate, seconds: size.seconds, job };
      results.get(rate).double.push(await loaded(world, 'jobs', { ...load, run: `direct${rate}-${round}` }));
    }
  }
  const rows = RATES.flatMap((rate) => {
    const { manager, double } = results.get(rate);
    return [row(`${rate}/s, by the manager`, manager), row(`${rate}/s, by the double alone`, double)];
  });
  const head = ['', 'events/s', 'p50 ms', 'p99 ms', 'CPU: manager', 'it waits', 'double', 'load'];
  table('From an event to its Job', head, rows);
}

/** Medians of the runs. */
function row(name, runs) {
  const of = (value) => median(runs.map(value));
  const percent = (value) => `${(of(value) * 100).toFixed(0)}%`;
  return [
    name,
    of(({ perSecond }) => perSecond).toFixed(0),
    of(({ times }) => quantile(times, 0.5)).toFixed(1),
    of(({ times }) => quantile(times, 0.99)).toFixed(1),
    percent(({ cpu }) => cpu[0]),
    percent(({ waited }) => waited),
    percent(({ cpu }) => cpu[1]),
    percent(({ cpu }) => cpu[2]),
  ];
}

/** Each event's Job must be there, once. */
async function sendEvents(world, run, rate, seconds) {
  const { port, serviceCount } = world;
  const result = await loaded(world, 'events', { port, token: TOKENS.webhook, run, rate, seconds, serviceCount });
  await checkStored(world, run, result.count);
  return result;
}

async function checkStored({ kubernetes }, run, count) {
  const { jobs, files } = await kubernetes.ask('stored', run);
  if (jobs !== count || files !== count) problems.push(`${run}: ${count} files became ${jobs} Jobs of ${files} files`);
}

/** A load; the share of a core that each program used meanwhile, and for how much of the time the manager waited for one. */
async function loaded({ manager, kubernetes, load }, what, options) {
  const programs = [manager, kubernetes, load];
  const before = { cpu: programs.map((program) => program.cpuSeconds), waited: manager.waitedSeconds };
  const result = await load.ask(what, options);
  const { seconds, count } = result;
  const cpu = programs.map((program, i) => (program.cpuSeconds - before.cpu[i]) / seconds);
  note(options.run, result.problems);
  return { ...result, cpu, waited: (manager.waitedSeconds - before.waited) / seconds, perSecond: count / seconds };
}

async function calls(world) {
  const rows = [];
  for (const [bytes, words] of [
    [1024, '1 KiB'],
    [MIB, '1 MiB'],
  ]) {
    for (const clients of [1, 8]) {
      const rounds = Math.ceil(size.calls / Math.sqrt(clients));
      const options = { port: world.port, token: TOKENS.service, service: SERVICE, podPort: world.podPort };
      const result = await world.load.ask('calls', { ...options, bytes, clients, rounds });
      note(`/run of ${words}`, result.problems);
      const at = (times, share) => quantile(times, share);
      const cells = [result.through, result.direct].flatMap((times) => [at(times, 0.5), at(times, 0.99)]);
      const added = at(result.through, 0.5) - at(result.direct, 0.5);
      rows.push([`${words}, ${clients} at a time`, ...[...cells, added].map((ms) => ms.toFixed(2))]);
    }
  }
  table(
    'A call by /run beside one of the pod',
    ['', 'p50 ms', 'p99 ms', 'pod: p50 ms', 'p99 ms', 'added at p50, ms'],
    rows,
  );
}

async function burst(world) {
  await world.kubernetes.ask('slowPosts', STORING_MS);
  const { port, serviceCount } = world;
  const options = { port, token: TOKENS.webhook, run: 'burst', count: size.burst, serviceCount };
  const result = await world.load.ask('burst', options);
  const most = await world.kubernetes.ask('mostPosts');
  await world.kubernetes.ask('slowPosts', 0);
  note('burst', result.problems);
  await checkStored(world, 'burst', size.burst);
  if (most > STORING) problems.push(`burst: ${most} Jobs were being stored at a time, not ${STORING} at most`);
  const head = ['events at once', 'all stored after s', 'being stored at a time, at most', 'answers 503'];
  table(`A burst; storing takes ${STORING_MS} ms`, head, [
    [size.burst, result.seconds.toFixed(1), most, result.postponed],
  ]);
}

async function memory(world) {
  const rows = [];
  const add = (name) => {
    const { now, most } = world.manager.memory;
    rows.push([name, now.toFixed(0), most.toFixed(0)]);
  };
  add(`listed ${size.services} services and ${size.jobs} Jobs of ${(world.bytesOfJob / 1024).toFixed(1)} KiB`);
  await world.kubernetes.ask('finishJobs');
  await sendEvents(world, 'steady', 100, size.steadySeconds);
  add(`${size.steadySeconds} s of 100 events/s, whose Jobs run and end`);
  const asking = { until: false };
  const asked = ask(world, asking);
  const result = await sendEvents(world, 'asked', 100, size.seconds);
  asking.until = true;
  const { logs, metrics } = await asked;
  add(`${size.seconds} s more, while the longest list and /metrics are asked for`);
  table('Memory of the manager', ['after', 'MiB', 'at most until then'], rows);
  const head = ['meanwhile', 'p50 ms', 'p99 ms'];
  table('Answers, with all these Jobs', head, [
    ['an event, at 100/s', ...quantiles(result.times)],
    ['GET /system/logs/SERVICE', ...quantiles(logs)],
    ['GET /metrics', ...quantiles(metrics)],
  ]);
  console.log(`\nReady after ${world.readySeconds.toFixed(1)} s, with all Jobs listed.`);
}

function quantiles(times) {
  return [quantile(times, 0.5).toFixed(1), quantile(times, 0.99).toFixed(1)];
}

/** Follows the pages of the longest list, and asks for the metrics, four times a second. */
async function ask({ load, port }, asking) {
  const times = { logs: [], metrics: [] };
  let page = '';
  while (!asking.until) {
    const path = `/system/logs/${SERVICE}?page=${page}`;
    const logs = await load.ask('get', { port, path, token: TOKENS.service });
    const metrics = await load.ask('get', { port, path: '/metrics', token: TOKENS.metrics });
    const failed = [logs, metrics].filter(({ status }) => status !== 200);
    note(
      'asked',
      failed.map(({ status, text }) => `${status} ${text}`),
    );
    if (failed.length) break;
    page = JSON.parse(logs.text).next_page;
    times.logs.push(logs.ms);
    times.metrics.push(metrics.ms);
    await sleep(250);
  }
  return times;
}

function note(where, found) {
  if (found.length) problems.push(`${where}: ${found.length} times, such as: ${found[0]}`);
}

function table(title, head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  console.log(`\n### ${title}\n\n${[head, rule, ...rows].map(line).join('\n')}`);
}
