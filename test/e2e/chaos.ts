import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually } from './cluster';
import { tell } from './figures';
import { tellSkipped } from './in-order';
import { objectOf } from './jobs';
import { measured } from './manager';
import { jobEnd, Pod } from './objects';
import { cut, giveBack, isAsItWas } from './outage';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { Store } from './store';
import { sweep } from './sweeps';
import { CHECKSUM, SECONDS_PER_JOB, Uploads } from './uploads';

/** Three files in 900 ms. */
const PACE = { atOnce: 3, everyMs: 900 };
const KILL_EVERY_MS = 6_000;
const OUTAGE_MS = 15_000;

const JOBS = `oscar_service=${CHECKSUM.service}`;
/** Without an end that anybody is told: of the manager, of the store, of Jobs; in turn. */
const VICTIMS: readonly (readonly [namespace: string, selector: string])[] = [
  [PLATFORM, 'app.kubernetes.io/component=manager'],
  [PLATFORM, 'app.kubernetes.io/component=minio'],
  [SERVICES, JOBS],
  [SERVICES, JOBS],
];
const kindOf = (selector: string) => selector.split('=')[1];

/** What was killed: kind → how often. */
type Kills = Readonly<Record<string, number>>;

/** Whatever is killed meanwhile: each file has its result, and each result is right. */
export function everyUploadIsProcessed(scenario: Scenario, count: number): void {
  const outage = scenario.cluster.machines.areExpected ? ' and a node loses its power' : '';
  const title = `${count} uploads while pods are killed at random${outage}: none is missing`;
  scenario.step(title, () => everyUpload(scenario, count), 900 + count * SECONDS_PER_JOB);
}

async function everyUpload({ cluster }: Scenario, count: number): Promise<void> {
  const uploads = new Uploads(await Store.of(cluster), CHECKSUM, 'chaos', count);
  const began = performance.now();
  let isOver = false;
  const sent = uploads.send({ ...PACE, isOver: () => isOver });
  const kills = killUntil(cluster, () => isOver);
  try {
    await Promise.all([sent, cluster.machines.areExpected ? outage(cluster) : tellSkipped('a node loses its power')]);
    measured(`${count} uploads`, began);
  } finally {
    isOver = true;
    await kills;
  }
  const killed = await kills;
  const leastKilled = leastKills(performance.now() - began);
  await isAsItWas(cluster);
  await allStopsMoving(cluster, uploads);
  const missing = count - (await uploads.results()).length;
  measured(`until nothing was under way, ${missing} missing`, began);
  const found = await sweep(cluster);
  await eventually('no result is missing', 240, async () => {
    expect((await uploads.results()).length).toBe(count);
  });
  measured('until each file had its result', began);
  await uploads.resultsAreRight();
  await allStopsMoving(cluster, uploads);
  expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, left: 0 });
  const jobs = await uploads.jobs(cluster);
  const { refused } = uploads;
  const numbers = { uploads: count, refused, killed, missingBeforeTheSweep: missing, foundByTheSweep: found };
  tell({ ...numbers, jobs: jobs.length });
  uploads.haveTheirJobs(jobs);
  // With fewer kills the rest proves nothing.
  const spared = Object.entries(leastKilled).filter(([kind, least]) => (killed[kind] ?? 0) < least);
  expect(spared).toEqual([]);
}

/** Half of what the pace gives: each kill takes its time as well, and now and then there is no pod of a kind. */
function leastKills(ms: number): Kills {
  const ofEach = ms / KILL_EVERY_MS / VICTIMS.length / 2;
  const turns = (kind: string) => VICTIMS.filter(([, selector]) => kindOf(selector) === kind).length;
  const kinds = new Set(VICTIMS.map(([, selector]) => kindOf(selector)));
  return Object.fromEntries([...kinds].map((kind) => [kind, Math.floor(ofEach * turns(kind))]));
}

async function killUntil(cluster: Cluster, isOver: () => boolean): Promise<Kills> {
  const killed: Record<string, number> = {};
  for (let round = 0; !isOver(); round++) {
    await sleep(KILL_EVERY_MS);
    const [namespace, selector] = VICTIMS[round % VICTIMS.length];
    const pods = (await cluster.list<Pod>('pods', '-n', namespace, '-l', selector).catch(() => [])).filter(
      ({ status, metadata }) => ['Pending', 'Running'].includes(status.phase) && !metadata.deletionTimestamp,
    );
    if (pods.length === 0 || isOver()) continue;
    const { metadata } = pods[Math.floor(Math.random() * pods.length)];
    const end = ['--grace-period=0', '--force', '--wait=false', '--ignore-not-found'];
    const { code, output } = await cluster.tryKubectl('delete', 'pod', '-n', namespace, metadata.name, ...end);
    // One that went by itself meanwhile is no error, and nobody's kill.
    const kind = kindOf(selector);
    if (code === 0 && output.includes(`"${metadata.name}"`)) killed[kind] = (killed[kind] ?? 0) + 1;
  }
  return killed;
}

/** Of node 2, while files come, and some of them are at work there. */
async function outage(cluster: Cluster): Promise<void> {
  await sleep(15_000);
  const atWork = await eventually('there are Jobs on the node', 60, async () => {
    const pods = await cluster.list<Pod>('pods', '-n', SERVICES, '-l', JOBS, '--field-selector=spec.nodeName=node2');
    const running = pods.filter(({ status }) => status.phase === 'Running').length;
    expect(running).toBeGreaterThan(0);
    return running;
  });
  tell({ jobsOnTheNodeThatIsCut: atWork });
  const began = performance.now();
  await cut(cluster, 2);
  await sleep(OUTAGE_MS);
  measured('a node had no power for', began);
  // All is ready again when nobody kills any longer.
  await giveBack(cluster, 2);
  measured('and the node was ready again after', began);
}

/** Jobs are at their end, and no more come for a while. */
async function allStopsMoving(cluster: Cluster, uploads: Uploads): Promise<void> {
  let known = -1;
  let since = Date.now();
  await eventually('all Jobs are done', 480 + uploads.count * SECONDS_PER_JOB, async () => {
    const jobs = await uploads.jobs(cluster);
    const open = jobs.filter((job) => !jobEnd(job)).map(({ metadata }) => metadata.name);
    if (jobs.length !== known || open.length > 0) since = Date.now();
    known = jobs.length;
    await sleep(1_000);
    const quietSeconds = new Set(jobs.map(objectOf)).size === uploads.count ? 0 : 20;
    if (open.length > 0 || Date.now() - since < quietSeconds * 1000)
      throw new Error(`${open.length} of ${jobs.length} Jobs are under way: ${open.slice(0, 3).join(', ')}`);
  });
}
