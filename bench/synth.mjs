// npm run bench:synth [sizes…]: time and memory of whole runs of `oscar-cdk8s synth`, beside `helm template` for the same
// objects and `JSON.stringify` of them, on this machine, one after the other. Prints a table in Markdown.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { load, loadAll } from 'js-yaml';
import { writeEnvironments } from './environments.mjs';
import { helm, writeChart } from './helm.mjs';
import { measure, median } from './measure.mjs';

const CLI = new URL('../lib/src/cli/main.js', import.meta.url).pathname;
const SIZES = [
  { environments: 1, services: 10, runs: 9 },
  { environments: 1, services: 100, runs: 9 },
  { environments: 1, services: 1000, runs: 5 },
  { environments: 1, services: 10_000, runs: 3 },
  { environments: 100, services: 20, runs: 3 },
];

/** Manifests in a folder, parsed. */
function objectsIn(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return files.flatMap((file) => loadAll(readFileSync(join(folder, file), 'utf8')));
}

const keyOf = ({ apiVersion, kind, metadata: { namespace, name } }) => `${apiVersion} ${kind} ${namespace}/${name}`;

/** Hashes of a service's configuration are each one's own; its definition is compared as what it says. */
const comparable = (object) =>
  JSON.parse(
    JSON.stringify(object, (key, value) => {
      if (key === 'oscar-cdk8s/config-hash') return '';
      return key === 'function_config.yaml' ? load(value) : value;
    }),
  );

/** Throws unless helm renders what we write. */
function compare(ours, text) {
  const theirs = new Map(
    loadAll(text)
      .filter(Boolean)
      .map((object) => [keyOf(object), object]),
  );
  if (theirs.size !== ours.length) throw new Error(`helm renders ${theirs.size} objects, we write ${ours.length}`);
  for (const object of ours) {
    if (!isDeepStrictEqual(comparable(object), comparable(theirs.get(keyOf(object))))) {
      throw new Error(`helm renders ${keyOf(object)} otherwise: ${JSON.stringify(theirs.get(keyOf(object)))}`);
    }
  }
}

/** Median seconds to make JSON of all objects. */
function stringifySeconds(objects) {
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now();
    for (const object of objects) JSON.stringify(object);
    return (performance.now() - began) / 1000;
  });
  return median(times);
}

const templateArgs = (chart) => ['template', 'bench', chart, '--values', join(chart, 'environment.yaml')];

/** `count` charts rendered one after the other: one environment each. */
async function measureHelm(chart, count) {
  const args = templateArgs(chart);
  const runs = [];
  for (let i = 0; i < count; i++) runs.push(await measure(helm(), args));
  return {
    seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
    mebibytes: Math.max(...runs.map(({ mebibytes }) => mebibytes)),
  };
}

function render(chart, file) {
  const out = openSync(file, 'w');
  execFileSync(helm(), templateArgs(chart), { stdio: ['ignore', out, 'inherit'] });
  closeSync(out);
  return readFileSync(file, 'utf8');
}

async function measureSize({ environments, services, runs }, folder) {
  const [source, outdir, chart] = ['environments', 'dist', 'chart'].map((name) => join(folder, name));
  const names = writeEnvironments(source, environments, services);
  const argsFor = (out) => [CLI, 'synth', '--environments', source, '--outdir', join(folder, out)];
  await measure(process.execPath, argsFor('dist'));
  const objects = objectsIn(join(outdir, names[0]));
  writeChart(chart, source, names[0], join(outdir, names[0]));
  compare(objects, render(chart, join(folder, 'rendered.yaml')));
  const json = stringifySeconds(objects) * environments;
  const [ours, theirs] = [[], []];
  for (let run = 0; run < runs; run++) {
    ours.push(await measure(process.execPath, argsFor(`dist-${run}`)));
    theirs.push(await measureHelm(chart, environments));
  }
  const of = (list, key) => median(list.map((one) => one[key]));
  return {
    label: environments === 1 ? `${services}` : `${environments} × ${services}`,
    objects: objects.length * environments,
    json,
    ours: { seconds: of(ours, 'seconds'), mebibytes: of(ours, 'mebibytes') },
    helm: { seconds: of(theirs, 'seconds'), mebibytes: of(theirs, 'mebibytes') },
  };
}

const number = (value, digits = 2) => value.toFixed(digits);
const HEAD = ['services', 'objects', 'synth s', 'MiB', 'helm s', 'MiB', 'helm/synth', 'JSON.stringify s', 'synth/JSON'];
const line = (cells) => console.log(`| ${cells.join(' | ')} |`);

line(HEAD);
line(HEAD.map(() => '---:'));
const wanted = process.argv.slice(2);
// Removed at the end only: ext4 is slow to make files in the seconds after many were removed.
const root = mkdtempSync(join(tmpdir(), 'bench-synth-'));
try {
  for (const size of SIZES) {
    const name = size.environments === 1 ? `${size.services}` : `${size.environments}x${size.services}`;
    if (wanted.length && !wanted.includes(name)) continue;
    const { label, objects, json, ours, helm } = await measureSize(size, join(root, name));
    line([
      ...[label, objects, number(ours.seconds), number(ours.mebibytes, 0)],
      ...[number(helm.seconds), number(helm.mebibytes, 0), `${number(helm.seconds / ours.seconds, 1)}×`],
      ...[number(json, 4), `${number(ours.seconds / json, 0)}×`],
    ]);
  }
} finally {
  rmSync(root, { recursive: true });
}
