// A service is added while others work: is an upload or a call refused, and when is its first file processed?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { load } from '../load.mjs';

const SERVICE = 'added';
const BEFORE_MS = 5_000;
const AFTER_MS = 5_000;
const CALL_EVERY_MS = 200;
const READY_SECONDS = 240;
const OURS = fileURLToPath(new URL('environments', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../test/e2e/environments', import.meta.url));

/** @returns the others' files, the added service's one, seconds since the apply began, and how many requests to the manager there were and failed */
export async function addService(world, manager, run) {
  const { kit, cluster } = world;
  const outdir = mkdtempSync(join(tmpdir(), 'oscar-bench-'));
  const added = world.at({ bucket: 'datasets', folder: 'added', results: 'checksums' });
  try {
    for (const [name, environments] of Object.entries({ without: INSTALLED, with: OURS })) {
      await kit.synthesize(cluster, environments, 'e2e', join(outdir, name));
    }
    // What else differs from what is installed isn't this one's to count.
    const without = join(outdir, 'without/e2e');
    await cluster.kubectl('apply', '--server-side', '-f', without);
    await kit.waitUntilReady(cluster, READY_SECONDS);
    await sleep(BEFORE_MS);
    const state = { over: false };
    const others = load(world, `${run}-others`, 1, (BEFORE_MS + 2 * AFTER_MS + 15_000) / 1000);
    const calls = askMeanwhile(manager, state);
    await sleep(BEFORE_MS);
    const times = await add(world, added, join(outdir, 'with/e2e'), run);
    await sleep(AFTER_MS);
    state.over = true;
    const files = await others;
    await cluster.kubectl('apply', '--server-side', '-f', without);
    return { files, ...times, ...(await calls) };
  } finally {
    await cluster.kubectl('delete', '-f', join(outdir, `with/e2e/service-${SERVICE}.yaml`), '--ignore-not-found');
    rmSync(outdir, { recursive: true });
  }
}

/** A file after the other, until one of them has a Job: the first is processed, when it is the service's. */
async function add({ jobs, cluster, kit }, added, folder, run) {
  const began = Date.now();
  const since = (moment) => (moment - began) / 1000;
  const applied = cluster.kubectl('apply', '--server-side', '-f', folder).then(() => Date.now());
  const sent = new Map();
  const firstOf = () => [...sent.keys()].find((key) => jobs.byObject.has(`${added.bucket}/${added.folder}/${key}`));
  while (firstOf() === undefined) {
    const key = `${run}-${sent.size}`;
    sent.set(key, Date.now());
    await added.put(key, 'a file');
    await sleep(CALL_EVERY_MS);
  }
  await kit.eventually('the added service has a result', 60, async () => added.jobOf(firstOf()) !== undefined);
  const key = firstOf();
  const results = await added.resultsOf(run);
  return {
    applied: since(await applied),
    taken: since(sent.get(key)),
    processed: since(results.get(key)),
    addedFiles: [...sent.keys()].map((key) => ({ key })),
    added,
  };
}

async function askMeanwhile(manager, state) {
  let calls = 0;
  const failed = [];
  while (!state.over) {
    calls++;
    await manager.read('/system/services/checksum').catch((error) => failed.push(error.message));
    await sleep(CALL_EVERY_MS);
  }
  return { calls, failed };
}
