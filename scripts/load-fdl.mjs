// Loads every FDL file of a folder as it stands, each in an environment of its own with a script that does nothing, and
// synthesizes it. Prints a line a file; one that is refused ends it with code 1.
//   node scripts/load-fdl.mjs FOLDER
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';

const library = createRequire(import.meta.url);
const { loadEnvironment, EnvironmentError, format } = library('../lib/src/environment/index.js');
const { synthesize } = library('../lib/src/synth/index.js');

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node scripts/load-fdl.mjs FOLDER');
  process.exit(2);
}
const files = readdirSync(folder).filter((file) => /\.ya?ml$/.test(file));
if (!files.length) {
  console.error(`no FDL files in ${folder}`);
  process.exit(2);
}
const work = mkdtempSync(join(tmpdir(), 'load-fdl-'));
try {
  for (const file of files) load(file);
} finally {
  rmSync(work, { recursive: true });
}

function load(file) {
  const name = file
    .replace(/\.ya?ml$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const directory = join(work, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'script.sh'), '#!/bin/sh\n');
  writeFileSync(join(directory, 'environment.yaml'), stringify(environment(name, resolve(folder, file))));
  try {
    const loaded = loadEnvironment(join(directory, 'environment.yaml'));
    for (const warning of loaded.warnings) console.log(`  ${format(warning)}`);
    const { objects } = synthesize(loaded, { outdir: join(directory, 'dist') });
    console.log(`ok ${file}: ${loaded.serviceNames.join(', ')} (${objects} objects)`);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    console.log(`REFUSED ${file}\n${error.format()}`);
    process.exitCode = 1;
  }
}

/** The file with what every cluster and team have of their own: a route, Secrets, scripts. */
function environment(name, fdl) {
  return {
    apiVersion: 'oscar-cdk8s/v1',
    kind: 'Environment',
    name,
    version: '1',
    platform: { servicesRoute: { kind: 'ingress', host: 'services.example.org' } },
    services: [{ fdl, script: 'script.sh', services: secretReferences(fdl) }],
  };
}

/** A reference for each secret that the file holds in plain text. */
function secretReferences(fdl) {
  const functions = (parse(readFileSync(fdl, 'utf8'))?.functions?.oscar ?? []).flatMap((entry) => Object.values(entry));
  const references = functions.flatMap(({ name, environment }) => {
    const keys = Object.keys(environment?.secrets ?? {});
    const secrets = Object.fromEntries(keys.map((key) => [key, { secretName: `${name}-secrets`, key }]));
    return keys.length ? [[name, { environment: { secrets } }]] : [];
  });
  return Object.fromEntries(references);
}
