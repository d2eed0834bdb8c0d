// npm run bench:supervisor [-- MEBIBYTES [RUNS]]: our supervisor beside upstream's, with the same script and store, on this machine, one
// after the other. Prints tables in Markdown. MEBIBYTES is the size of the large file (by default 1024), RUNS
// how often the small one is processed (15); the large one is a third as often.
import { randomBytes } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { median } from './measure.mjs';
import { CONTAINER_ENV, runOnce } from './supervisor/run.mjs';
import { bareScript, load, startServing } from './supervisor/serving.mjs';
import { startStore } from './supervisor/store.mjs';
import { configure, eventOf, installVolume, OURS, upstreams, workFolder } from './supervisor/subjects.mjs';
import { goProgram } from './supervisor/tools.mjs';

const SELF = new URL(import.meta.url).pathname;
const ENTER = new URL('./supervisor/enter.sh', import.meta.url).pathname;
const MIB = 2 ** 20;
const COPY = '#!/bin/sh\ncp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/"\n';
const MOVE = '#!/bin/sh\nmv "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/"\n';

const [mebibytes = '1024', runs = '15', inside] = process.argv.slice(2);
const RUNS = Number(runs);
if (inside === undefined) begin();
else await measureAll(inside);

/** Starts this program once more, where /oscar is a folder of its own. */
function begin() {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-bench-'));
  try {
    mkdirSync(join(folder, 'oscar'));
    installVolume(folder);
    const command = [join(folder, 'oscar'), process.execPath, SELF, mebibytes, runs, folder];
    process.exitCode = spawnSync(ENTER, command, { stdio: 'inherit' }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureAll(folder) {
  const store = await startStore(folder);
  try {
    await smallFile(folder, store);
    await serving(folder, store);
    await largeFile(folder, store, Number(mebibytes));
  } finally {
    store.stop();
  }
}

async function smallFile(folder, store) {
  const content = randomBytes(1024);
  const file = join(folder, 'small.bin');
  writeFileSync(file, content);
  store.put(file, 'in/small.bin');
  const input = eventOf(store, 'in/small.bin', content.length);
  const supervisors = [OURS, ...upstreams()];
  const results = new Map(supervisors.map(({ name }) => [name, { seconds: [], mebibytes: [] }]));
  for (let run = 0; run < RUNS; run++) {
    for (const [i, { name, command }] of supervisors.entries()) {
      configure(folder, store, { script: COPY, output: `out${i}` });
      results.get(name).seconds.push((await runOnce(command, { input, memory: false })).seconds);
      results.get(name).mebibytes.push((await runOnce(command, { input })).mebibytes);
      if (!store.get(`out${i}/small.bin`).equals(content)) throw new Error(`${name}: another result`);
      store.remove(`out${i}/small.bin`);
    }
  }
  const node = await times(RUNS, [...OURS.command.slice(0, 4), '-e', '0']);
  const script = bareScript(folder, '/oscar/config/script.sh', content, 50).p50 / 1000;
  const ours = median(results.get(OURS.name).seconds);
  table(
    'One file of 1 KiB, from the store and back',
    ['', 's', 'MiB', 'of ours'],
    [
      ...supervisors.map(({ name }) => {
        const { seconds, mebibytes } = results.get(name);
        return [
          name,
          median(seconds).toFixed(3),
          median(mebibytes).toFixed(0),
          `${(median(seconds) / ours).toFixed(1)}×`,
        ];
      }),
      ['Node alone', node.toFixed(3), '', `${(node / ours).toFixed(1)}×`],
      ['the bare script', script.toFixed(3), '', `${(script / ours).toFixed(2)}×`],
    ],
  );
}

async function times(runs, command) {
  const seconds = [];
  for (let i = 0; i < runs; i++) seconds.push((await runOnce(command, { memory: false })).seconds);
  return median(seconds);
}

async function serving(folder, store) {
  const COUNT = 500;
  const body = randomBytes(1024);
  const expected = body.toString('base64');
  const rows = [];
  for (const clients of [1, 4]) {
    configure(folder, store, { script: COPY, maxInflight: clients });
    const bare = bareScript(folder, '/oscar/config/script.sh', body, COUNT);
    const server = await startServing();
    await load(body, expected, 50, clients);
    const served = await load(body, expected, COUNT, clients);
    await server.stop();
    rows.push(row(`bare script, one after the other`, bare), row(`serving, ${clients} at a time`, served));
    if (clients === 1)
      rows.push(['overhead', '', (served.p50 - bare.p50).toFixed(1), (served.p99 - bare.p99).toFixed(1)]);
  }
  table('Serving: 1 KiB in and out, by a script that copies', ['', 'requests/s', 'p50 ms', 'p99 ms'], rows);
}

function row(name, { perSecond, p50, p99 }) {
  return [name, perSecond.toFixed(0), p50.toFixed(1), p99.toFixed(1)];
}

async function largeFile(folder, store, mebibytes) {
  const file = join(folder, 'large.bin');
  await writeRandom(file, mebibytes);
  store.put(file, 'in/large.bin');
  const { size } = statSync(file);
  rmSync(file);
  const input = eventOf(store, 'in/large.bin', size);
  const supervisors = [OURS, upstreams()[0]];
  const names = [...supervisors.map(({ name }) => name), 'mc cp'];
  const results = new Map(names.map((name) => [name, { seconds: [], mebibytes: [] }]));
  for (let run = 0; run < RUNS / 3; run++) {
    for (const [i, { name, command }] of supervisors.entries()) {
      configure(folder, store, { script: MOVE, output: `out${i}` });
      await note(results.get(name), store, `out${i}/large.bin`, size, () =>
        runOnce(command, { input, env: workIn(folder) }),
      );
    }
    await note(results.get('mc cp'), store, 'mc/large.bin', size, () => copyByClient(folder, store));
  }
  const reference = median(results.get('mc cp').seconds);
  table(
    `${mebibytes} MiB, from the store and back`,
    ['', 's', 'MiB', "mc cp's speed"],
    names.map((name) => {
      const { seconds, mebibytes: memory } = results.get(name);
      const share = `${((reference / median(seconds)) * 100).toFixed(0)}%`;
      return [name, median(seconds).toFixed(2), median(memory).toFixed(0), share];
    }),
  );
}

/** All on one disk: upstream takes what Python takes for temporary files. */
function workIn(folder) {
  return { ...CONTAINER_ENV, TMPDIR: workFolder(folder) };
}

async function note(result, store, key, size, work) {
  const { seconds, mebibytes } = await work();
  if (store.size(key) !== size) throw new Error(`${key} has ${store.size(key)} bytes, not ${size}`);
  store.remove(key);
  execFileSync('sync');
  result.seconds.push(seconds);
  result.mebibytes.push(mebibytes);
}

async function copyByClient(folder, { bucket, client }) {
  const local = join(workFolder(folder), 'mc.bin');
  const env = { ...CONTAINER_ENV, ...client };
  const down = await runOnce([goProgram('mc'), '--quiet', 'cp', `store/${bucket}/in/large.bin`, local], { env });
  const up = await runOnce([goProgram('mc'), '--quiet', 'cp', local, `store/${bucket}/mc/large.bin`], { env });
  rmSync(local);
  return { seconds: down.seconds + up.seconds, mebibytes: Math.max(down.mebibytes, up.mebibytes) };
}

async function writeRandom(file, mebibytes) {
  const out = createWriteStream(file);
  for (let i = 0; i < mebibytes; i++)
    if (!out.write(randomBytes(MIB))) await new Promise((drained) => out.once('drain', drained));
  out.end();
  await finished(out);
}

function table(title, head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  console.log(`\n### ${title}\n\n${[head, rule, ...rows].map(line).join('\n')}`);
}
