import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, eventually } from './cluster';
import { jobsOf, objectOf } from './jobs';
import { measured } from './manager';
import { Job, jobEnd, Pod } from './objects';
import { cut, giveBack, isAsItWas } from './outage';
import type { Scenario } from './scenario';
import { PLATFORM, SERVICES } from './steps';
import { PATIENT_ATTEMPTS, Store } from './store';
import { sweep } from './sweeps';

const SERVICE = 'checksum';
const BUCKET = 'uploads';
const AT_ONCE = 3;
/** From the beginning of an upload to that of the next, of each that uploads. */
const PACE_MS = 900;
const KILL_EVERY_MS = 6_000;
const OUTAGE_MS = 15_000;

const content = (index: number) => `file ${index}: ${'x'.repeat(index % 50)}\n`;
const nameOf = (index: number) => `file-${String(index).padStart(4, '0')}.txt`;

/** Without an end that anybody is told: of the manager, of the store, of Jobs; in turn. */
const VICTIMS: readonly (readonly [namespace: string, selector: string])[] = [
  [PLATFORM, 'app.kubernetes.io/component=manager'],
  [PLATFORM, 'app.kubernetes.io/component=minio'],
  [SERVICES, `oscar_service=${SERVICE}`],
  [SERVICES, `oscar_service=${SERVICE}`],
];
const kindOf = (selector: string) => selector.split('=')[1];

/** What was killed: kind → how often. */
type Kills = Readonly<Record<string, number>>;
/** `bucket/key` → how often it was uploaded until the store said that it has it. */
type Tries = Map<string, number>;

/** Whatever is killed meanwhile: each file has its result, and each result is right. */
export function everyUploadIsProcessed(scenario: Scenario, count: number): void {
  const title = `${count} uploads while pods are killed at random and a node loses its power: none is missing`;
  scenario.step(title, () => everyUpload(scenario, count), 900);
}

async function everyUpload({ cluster }: Scenario, count: number): Promise<void> {
  const store = await Store.of(cluster);
  const client = store.client();
  const reader = store.client(undefined, PATIENT_ATTEMPTS);
  const tries: Tries = new Map();
  const began = performance.now();
  let isOver = false;
  const uploads = uploadAll(client, count, tries, () => isOver);
  const kills = killUntil(cluster, () => isOver);
  try {
    await Promise.all([uploads, outage(cluster)]);
    measured(`${count} uploads`, began);
  } finally {
    isOver = true;
    await kills;
  }
  const killed = await kills;
  const leastKilled = leastKills(performance.now() - began);
  await isAsItWas(cluster);
  await allStopsMoving(cluster, count);
  const missing = count - (await results(reader)).length;
  measured(`until nothing was under way, ${missing} missing`, began);
  const found = await sweep(cluster);
  await eventually('no result is missing', 240, async () => {
    expect((await results(reader)).length).toBe(count);
  });
  measured('until each file had its result', began);
  await resultsAreRight(reader, count);
  await allStopsMoving(cluster, count);
  expect(await sweep(cluster)).toMatchObject({ stored: 0, underWay: 0, left: 0 });
  const jobs = await jobsOf(cluster, SERVICE);
  const refused = [...tries.values()].reduce((sum, one) => sum + one - 1, 0);
  const numbers = { uploads: count, refused, killed, missingBeforeTheSweep: missing, foundByTheSweep: found };
  tell({ ...numbers, jobs: jobs.length });
  expect(new Set(jobs.map(objectOf)).size).toBe(count);
  expect(doubled(jobs, tries)).toEqual([]);
  // With fewer kills the rest proves nothing.
  const spared = Object.entries(leastKilled).filter(([kind, least]) => (killed[kind] ?? 0) < least);
  expect(spared).toEqual([]);
}

/** Files with more Jobs than they were sent: a try that wasn't answered may have been stored, and is an upload of its own. */
function doubled(jobs: readonly Job[], tries: Tries): string[] {
  const made = new Map<string, number>();
  for (const object of jobs.map((job) => objectOf(job)!)) made.set(object, (made.get(object) ?? 0) + 1);
  return [...made].filter(([object, count]) => count > (tries.get(object) ?? 0)).map(([object]) => object);
}

/** Half of what the pace gives: each kill takes its time as well, and now and then there is no pod of a kind. */
function leastKills(ms: number): Kills {
  const ofEach = ms / KILL_EVERY_MS / VICTIMS.length / 2;
  const turns = (kind: string) => VICTIMS.filter(([, selector]) => kindOf(selector) === kind).length;
  const kinds = new Set(VICTIMS.map(([, selector]) => kindOf(selector)));
  return Object.fromEntries([...kinds].map((kind) => [kind, Math.floor(ofEach * turns(kind))]));
}

/** Each at its pace, and each until the store says that it has it. */
async function uploadAll(client: S3Client, count: number, tries: Tries, isOver: () => boolean): Promise<void> {
  let next = 0;
  const upload = async () => {
    while (next < count && !isOver()) {
      const index = next++;
      const pause = sleep(PACE_MS);
      const key = `in/${nameOf(index)}`;
      const put = new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: content(index) });
      for (let sent = 1; !isOver(); sent++) {
        tries.set(`${BUCKET}/${key}`, sent);
        if (await isTaken(client.send(put))) break;
        await sleep(1_000);
      }
      await pause;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, upload));
}

const isTaken = (answer: Promise<unknown>) =>
  answer.then(
    () => true,
    () => false,
  );

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

/** Of node 2, while files come. */
async function outage(cluster: Cluster): Promise<void> {
  await sleep(15_000);
  const began = performance.now();
  await cut(cluster, 2);
  await sleep(OUTAGE_MS);
  measured('a node had no power for', began);
  // All is ready again when nobody kills any longer.
  await giveBack(cluster, 2);
  measured('and the node was ready again after', began);
}

/** Jobs are at their end, and no more come for a while. */
async function allStopsMoving(cluster: Cluster, count: number): Promise<void> {
  let known = -1;
  let since = Date.now();
  await eventually('all Jobs are done', 480, async () => {
    const jobs = await jobsOf(cluster, SERVICE);
    const open = jobs.filter((job) => !jobEnd(job)).map(({ metadata }) => metadata.name);
    if (jobs.length !== known || open.length > 0) since = Date.now();
    known = jobs.length;
    await sleep(1_000);
    const quietSeconds = new Set(jobs.map(objectOf)).size === count ? 0 : 20;
    if (open.length > 0 || Date.now() - since < quietSeconds * 1000)
      throw new Error(`${open.length} of ${jobs.length} Jobs are under way: ${open.slice(0, 3).join(', ')}`);
  });
}

async function results(client: S3Client): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'out/' }));
  return Contents.map(({ Key }) => Key!).filter((key) => key.endsWith('.md5'));
}

async function resultsAreRight(client: S3Client, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const key = `out/${nameOf(index)}.md5`;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    const expected = createHash('md5').update(content(index)).digest('hex');
    expect([key, await Body!.transformToString()]).toEqual([key, `${expected}\n`]);
  }
}

const tell = (numbers: object) => process.stderr.write(`      ${JSON.stringify(numbers)}\n`);
