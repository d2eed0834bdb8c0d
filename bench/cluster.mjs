// npm run bench:cluster [-- PART …]: from an upload to its result on the cluster that the kubeconfig names, where the
// environment `e2e` is installed and ready; where the time goes; and the same for Jobs that are made by hand. Parts: alone,
// steady, capacity, adding. Prints tables in Markdown. It fails when a file has no result, never for a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { addService } from './cluster/adding.mjs';
import { BareJobs } from './cluster/bare.mjs';
import { Jobs } from './cluster/jobs.mjs';
import { Proxy } from './cluster/proxy.mjs';
import { World } from './cluster/world.mjs';
import { kit as bundledKit } from './kit.mjs';
import { send } from './manager/requests.mjs';
import { load, managersMean, managersPart, table } from './load.mjs';
import { quantile } from './supervisor/run.mjs';

const ALONE = 10;
const STEADY_SECONDS = 60;
const RATES = [2, 3, 4, 6];
const RATE_SECONDS = 20;
const AT_ONCE = 100;
/** MinIO looks into its queue so often: files that come alone come at any moment of it. */
const QUEUE_MS = 3_000;

/** Where the time goes: each step is from the end of the one before it. */
const STEPS = [
  ['the store takes the file', 'sent', 'answered'],
  ["its event waits in MinIO's queue, and the manager stores the Job", 'answered', 'created'],
  ['the pod is made, and a node found for it', 'created', 'scheduled'],
  ['the node starts the container, and the supervisor in it reads its event', 'scheduled', 'booted'],
  ['stage in', 'booted', 'fetched'],
  ['script', 'fetched', 'scripted'],
  ['stage out', 'scripted', 'stored'],
  ['record of completion', 'stored', 'done'],
  ['the node and Kubernetes notice, and the Job is complete', 'done', 'complete'],
  ['**upload → Job created**', 'sent', 'created'],
  ['**Job created → container runs**', 'created', 'booted'],
  ['**upload → result stored**', 'sent', 'result'],
];
const BARE_STEPS = [
  ['the Job is stored', 'sent', 'created'],
  ['the pod is made, and a node found for it', 'created', 'scheduled'],
  ['the node starts the container', 'scheduled', 'started'],
  ['the node and Kubernetes notice, and the Job is complete', 'started', 'complete'],
  ['**creation → container runs**', 'sent', 'started'],
  ['**creation → complete**', 'sent', 'complete'],
];
const PARTS = { alone, steady, capacity, adding };

const kit = bundledKit('cluster/platform.mjs', '../test/e2e');
const run = `bench-${Date.now().toString(36)}`;
const cluster = new kit.Cluster();
// Where the time goes stands in the Jobs' logs.
if (cluster.machines.areAtHand) await cluster.machines.haveLogsOfTheirOwn();
const proxy = await Proxy.start();
const jobs = await Jobs.follow(proxy, kit.SERVICES, kit.OBJECT_ANNOTATION);
const world = new World({ kit, cluster, jobs, store: await kit.Store.of(cluster) });
const manager = await kit.Manager.of(cluster);
const bare = new BareJobs({ kit, proxy, jobs });
const problems = jobs.problems;

const parts = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PARTS);
try {
  for (const part of parts) await PARTS[part]();
} finally {
  const made = jobs.namesOf(run);
  if (made.length) {
    await cluster.kubectl('delete', 'jobs', '-n', kit.SERVICES, '--wait=false', '--ignore-not-found', ...made);
  }
  await cluster.leave();
  proxy.stop();
}
for (const problem of problems) console.error(`wrong: ${problem}`);
process.exitCode = problems.length ? 1 : 0;

/** One after the other, each with nothing beside it. */
async function alone() {
  const [byHand, files] = [[], []];
  for (let i = 0; i < ALONE; i++) {
    byHand.push(await bare.run(`${run}-bare${i}`));
    await sleep(Math.random() * QUEUE_MS);
    files.push(...(await processed(`alone${i}`, 1, 1)));
  }
  table(`${ALONE} bare Jobs, one at a time`, byHand, BARE_STEPS);
  table(`${ALONE} files of 1 KiB, one at a time`, files, STEPS);
  const [job, file] = [p50(byHand, 'sent', 'complete'), p50(files, 'sent', 'result')];
  console.log(`\nUpload → result stored : bare Job complete = ${(file / job).toFixed(2)} (medians)`);
}

async function steady() {
  const before = await ofManagers();
  const files = await processed('steady', 1, STEADY_SECONDS);
  table(`${files.length} files of 1 KiB, one a second`, files, STEPS, [managersMean(before, await ofManagers())]);
}

/** Faster and faster until it can't follow, and then as many as can be at once. */
async function capacity() {
  console.log('\n| files a second | carried | upload → result: p50 ms | p99 ms | of the first third | of the last |');
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const rate of RATES) {
    const files = await processed(`at${rate}`, rate, rate * RATE_SECONDS);
    const third = Math.floor(files.length / 3);
    const parts = [files.slice(0, third), files.slice(-third)].map((some) => p50(some, 'sent', 'result'));
    const times = files.map(({ sent, result }) => result - sent);
    const figures = [perSecond(files).toFixed(1), quantile(times, 0.5), quantile(times, 0.99), ...parts];
    console.log(`| ${[rate, ...figures].join(' | ')} |`);
    if (parts[1] > 1.5 * parts[0]) break;
  }
  const files = await processed('atonce', Infinity, AT_ONCE);
  table(`${AT_ONCE} files at once: ${(perSecond(files) * 60).toFixed(0)} Jobs a minute`, files, STEPS);
  const byHand = await bare.runAtOnce(`${run}-atonce`, AT_ONCE);
  table(`${AT_ONCE} bare Jobs at once: ${(perSecond(byHand) * 60).toFixed(0)} a minute`, byHand, BARE_STEPS);
}

async function adding() {
  const { files, applied, taken, processed, calls, failed, added, addedFiles } = await addService(world, manager, run);
  const refused = files.filter((file) => file.refused !== undefined);
  check(files);
  problems.push(...failed);
  console.log(`
A service is added beside ${files.length} uploads, one a second, and ${calls} requests to the manager

| | |
| --- | ---: |
| uploads refused | ${refused.length} |
| requests to the manager refused | ${failed.length} |
| s until \`kubectl apply\` has ended | ${applied.toFixed(1)} |
| s until the first upload that is the new service's | ${taken.toFixed(1)} |
| s until its result | ${processed.toFixed(1)} |`);
  await world.remove(files);
  await added.remove(addedFiles);
}

/** @returns files that have their results */
async function processed(name, rate, count) {
  const files = await load(world, `${run}-${name}`, rate, count);
  check(files);
  await world.remove(files);
  return files.filter(({ result }) => result !== undefined);
}

function check(files) {
  for (const { key, result, refused } of files) {
    if (result === undefined) problems.push(`${key} has no result${refused ? `: ${refused}` : ''}`);
  }
}

async function ofManagers() {
  const sum = { seconds: 0, events: 0 };
  for (const { metadata } of await kit.managerPods(cluster)) {
    const host = await cluster.reachPod(kit.PLATFORM, metadata.name, 8080);
    const [address, port] = host.split(':');
    const headers = { authorization: manager.admin };
    const { text } = await send({ method: 'GET', host: address, port, path: '/metrics', headers });
    const { seconds, events } = managersPart(text);
    sum.seconds += seconds;
    sum.events += events;
  }
  return sum;
}

function p50(files, from, to) {
  return quantile(
    files.map((file) => file[to] - file[from]),
    0.5,
  );
}

/** From the first that was sent until the last was complete. */
function perSecond(files) {
  const began = Math.min(...files.map(({ sent }) => sent));
  return (files.length * 1000) / (Math.max(...files.map(({ complete }) => complete)) - began);
}
