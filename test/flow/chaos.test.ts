import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Chaos, Kills } from './support/chaos';
import { Flow, NAMESPACES } from './support/flow';
import { running } from './support/running';
import { SeenJobs } from './support/seen-jobs';
import type { Store } from './support/store';

/** `OSCAR_FLOW_UPLOADS=10000 npm run test:flow chaos` takes minutes. */
const UPLOADS = Number(process.env.OSCAR_FLOW_UPLOADS ?? 1000);
const CLIENTS = 8;
/** Uploads stop when so many files wait for their result, so that everything happens at the same time. */
const BACKLOG = 150;
const MS_PER_UPLOAD = 400;
/** Often, and Jobs are gone two seconds after their end: each sweep has only records to tell what is done. */
const SWEEP_EVERY_MS = 10_000;
const MOST_SWEEPS = 5;
const BUCKET = 'brief';
/** A kill each 11 s was seen of each kind; a busy machine is slower to start again what was killed. */
const SECONDS_PER_KILL = 40;
/** So long after it was told to end may the runner still have noted the end of a run. */
const KILL_MS = 2000;

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const content = (key: string) => createHash('sha512').update(`${seed} ${key}`).digest();
const expected = (key: string) => `${key} ${createHash('sha256').update(content(key)).digest('hex')}\n`;

let flow: Flow;
let store: Store;
let jobs: SeenJobs;

running((started) => ({ flow, store } = started));
beforeAll(() => {
  jobs = new SeenJobs(flow.double.objects, NAMESPACES.services);
});

test(
  `${UPLOADS} uploads, while everything is killed at random: each has its result`,
  async () => {
    const began = Date.now();
    const chaos = new Chaos(flow, seed);
    const killing = chaos.run();
    const sweeping = sweepNowAndThen();
    const tries = await uploadAll();
    // What waits for its result is in danger as well.
    await flow.until('most have their results', () => jobs.complete >= UPLOADS * 0.9, 600_000);
    const kills = await chaos.end().then(() => killing);
    const killed = Math.floor((Date.now() - began) / 1000 / SECONDS_PER_KILL);
    const during = await sweeping.end();
    await flow.until('all Jobs are done', () => allDone(), 600_000);
    await flow.until('and are cleaned up', () => flow.jobs.length === 0);
    const after = await sweepUntilQuiet();
    const results = await resultsOf([...tries.keys()]);
    const runs = executions(kills.at.runner);
    report({ seconds: (Date.now() - began) / 1000, tries, kills, during, after, results, runs });
    expect({ seed, missing: results.missing, wrong: results.wrong }).toEqual({ seed, missing: [], wrong: [] });
    expect({ seed, unexplained: runs.unexplained }).toEqual({ seed, unexplained: [] });
    expect({ seed, failed: jobs.failed }).toEqual({ seed, failed: [] });
    expect({ seed, doubled: doubled(tries) }).toEqual({ seed, doubled: [] });
    expect({ seed, open: after.open }).toEqual({ seed, open: 0 });
    for (const at of Object.values(kills.at)) expect(at.length).toBeGreaterThanOrEqual(killed);
  },
  UPLOADS * MS_PER_UPLOAD + 300_000,
);

/** @returns how often each was tried until it was answered */
async function uploadAll(): Promise<Map<string, number>> {
  const tries = new Map<string, number>();
  let next = 0;
  const client = async () => {
    while (next < UPLOADS) {
      const key = `file-${next++}.bin`;
      while (tries.size - jobs.complete > BACKLOG) await sleep(20);
      tries.set(key, await upload(key));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return tries;
}

/** As clients do it that don't give up. */
async function upload(key: string): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      await store.put(`${BUCKET}/in/${key}`, content(key));
      return tries;
    } catch (error) {
      if (/ 4\d\d /.test((error as Error).message)) throw error;
      await sleep(100);
    }
  }
}

interface Sweeps {
  runs: number;
  gaveUp: number;
  stored: number;
}

/** As the CronJob does it. One that meets what was just killed may give up: the next one comes. */
function sweepNowAndThen() {
  const told: Sweeps = { runs: 0, gaveUp: 0, stored: 0 };
  const ending = new AbortController();
  const loop = (async () => {
    while (!ending.signal.aborted) {
      await sleep(SWEEP_EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) return;
      told.runs++;
      await flow.sweep().then(
        ({ stored }) => (told.stored += stored),
        () => told.gaveUp++,
      );
    }
  })();
  return { end: () => (ending.abort(), loop.then(() => told)) };
}

/** @returns also what the last one still had to do */
async function sweepUntilQuiet(): Promise<Sweeps & { open: number }> {
  const told = { runs: 0, gaveUp: 0, stored: 0, open: 0 };
  for (;;) {
    const { stored, underWay, left } = await flow.sweep();
    told.runs++;
    told.stored += stored;
    told.open = stored + underWay + left;
    // Files that run again and again are told of as doubled.
    if (told.open === 0 || told.runs === MOST_SWEEPS) return told;
    await flow.until('all Jobs are done', () => allDone(), 600_000);
    await flow.until('and are cleaned up', () => flow.jobs.length === 0);
  }
}

const allDone = () => flow.queued === 0 && flow.jobs.every((name) => flow.fate(NAMESPACES.services, name));

async function resultsOf(keys: readonly string[]) {
  const there = new Set(await store.keysIn(`${BUCKET}/out/`));
  const missing = keys.filter((key) => !there.has(`${key}.digest`));
  const wrong: string[] = [];
  for (const key of keys.filter((key) => there.has(`${key}.digest`)))
    if ((await store.get(`${BUCKET}/out/${key}.digest`)) !== expected(key)) wrong.push(key);
  return { right: keys.length - missing.length - wrong.length, missing, wrong };
}

/** More Jobs of a file than it was sent: a try that wasn't answered may have been stored, and is an upload of its own. */
function doubled(tries: ReadonlyMap<string, number>): string[] {
  const key = (object: string) => object.slice(`${BUCKET}/in/`.length);
  return [...jobs.made].filter(([object, count]) => count > (tries.get(key(object)) ?? 0)).map(([object]) => object);
}

/** A Job runs again only when its run failed, or ended with the runner, or the runner ended before it told of the end. */
function executions(runnerKills: readonly number[]) {
  const runs = new Map<string, { started: number; ended?: number; code?: number }[]>();
  for (const { job, event, at, code } of flow.executed) {
    const ofJob = runs.get(job) ?? runs.set(job, []).get(job)!;
    if (event === 'started') ofJob.push({ started: at });
    if (event === 'ended') Object.assign(ofJob.at(-1)!, { ended: at, code });
  }
  const services = [...runs].filter(([job]) => !job.startsWith('oscar-'));
  const isExplained = ({ ended, code }: { ended?: number; code?: number }, next: number) =>
    ended === undefined || code !== 0 || runnerKills.some((at) => at >= ended - KILL_MS && at <= next);
  const unexplained = services
    .filter(([, list]) => list.some((run, i) => list[i + 1] && !isExplained(run, list[i + 1].started)))
    .map(([job]) => job);
  const all = services.flatMap(([, list]) => list);
  return {
    all: all.length,
    killed: all.filter(({ ended }) => ended === undefined).length,
    failed: all.filter(({ code }) => code !== undefined && code !== 0).length,
    unexplained,
  };
}

interface Told {
  readonly seconds: number;
  readonly tries: ReadonlyMap<string, number>;
  readonly kills: Kills;
  readonly during: Sweeps;
  readonly after: Sweeps;
  readonly results: Awaited<ReturnType<typeof resultsOf>>;
  readonly runs: ReturnType<typeof executions>;
}

function report({ seconds, tries, kills, during, after, results, runs }: Told): void {
  const rows = {
    seed,
    'uploads answered': tries.size,
    'uploads sent again by their clients': [...tries.values()].filter((count) => count > 1).length,
    'killed: manager, MinIO, runner': [kills.at.manager, kills.at.minio, kills.at.runner]
      .map((at) => at.length)
      .join(', '),
    'Jobs (a file that was sent again may have two)': jobs.count,
    'more Jobs of a file than it was sent': doubled(tries).length,
    'runs of Jobs': runs.all,
    'ended with the runner': runs.killed,
    'that failed and were tried again': runs.failed,
    'that nothing explains': runs.unexplained.length,
    'Jobs that failed for good': jobs.failed.length,
    'sweeps meanwhile (that gave up)': `${during.runs} (${during.gaveUp})`,
    'uploads that they found': during.stored,
    'sweeps afterwards, until one found nothing': after.runs,
    'uploads that these found': after.stored,
    'results right': results.right,
    'results missing': results.missing.length,
    'results wrong': results.wrong.length,
    seconds: seconds.toFixed(0),
  };
  const lines = Object.entries(rows).map(([what, count]) => `${what.padEnd(50)} ${String(count).padStart(10)}\n`);
  process.stdout.write(lines.join(''));
}
