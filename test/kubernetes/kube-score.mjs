// `npm run test:kube-score [DIR]`: kube-score over the examples' manifests (dist/), with every exception named, and its
// reason told, in kube-score-exceptions.yaml. Anything else below «all OK» fails, and so does an exception that no
// longer applies.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { goProgram } from './go-program.mjs';

const PACKAGE = 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0';
const ALL_OK = 10;
const here = dirname(fileURLToPath(import.meta.url));

/** Optional checks that ask for what we mean to have. */
const OPTIONAL = [
  'container-seccomp-profile',
  'container-ports-check',
  'container-ephemeral-storage-request-equals-limit',
];

/** kube-score doesn't know PodTemplates: each is judged as the Job that the manager stamps from it. */
function asJob({ metadata, template, ...object }) {
  if (object.kind !== 'PodTemplate') return { metadata, ...object, ...(template ? { template } : {}) };
  const spec = { template: { ...template, spec: { restartPolicy: 'Never', ...template.spec } } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec };
}

function manifests(folder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .map((document) => asJob(document.toJS()));
}

/** Everything that is not all OK, a container at a time: `{ environment, part, object, container, … }`. */
function findings(environment, folder) {
  const scratch = mkdtempSync(join(tmpdir(), 'kube-score-'));
  try {
    const file = join(scratch, `${environment}.yaml`);
    // As JSON, which is YAML of every version: «on» stays a text.
    writeFileSync(
      file,
      manifests(folder)
        .map((object) => JSON.stringify(object))
        .join('\n---\n'),
    );
    const optional = OPTIONAL.flatMap((check) => ['--enable-optional-test', check]);
    const args = ['score', '-o', 'json', '--kubernetes-version', 'v1.27', '--disable-ignore-checks-annotations'];
    const { stdout, stderr, error } = spawnSync(goProgram(PACKAGE), [...args, ...optional, file], {
      maxBuffer: 2 ** 28,
    });
    if (error || !stdout.length) throw error ?? new Error(`kube-score: ${stderr}`);
    return JSON.parse(stdout).flatMap(({ type_meta: { kind }, object_meta: { name, labels }, checks }) =>
      checks
        .filter(({ skipped, grade }) => !skipped && grade < ALL_OK)
        .flatMap(({ check, comments }) =>
          (comments?.length ? comments : [{ path: '', summary: check.name }]).map(({ path, summary }) => ({
            environment,
            part: labels['app.kubernetes.io/component'],
            object: `${kind}/${name}`,
            container: path,
            check: check.id,
            summary,
          })),
        ),
    );
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const FIELDS = ['environment', 'part', 'object', 'container', 'check'];

/** A field that an exception leaves out may be anything; `*` stands for any part of it. */
function excepts(exception, finding) {
  return FIELDS.every((field) => exception[field] === undefined || matches(exception[field], finding[field]));
}

function matches(pattern, text) {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

const dist = process.argv[2] ?? 'dist';
const exceptions = parse(readFileSync(join(here, 'kube-score-exceptions.yaml'), 'utf8'));
const environments = readdirSync(dist, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
  .map(({ name }) => name);
if (environments.length === 0) throw new Error(`no environment in ${dist}: npm run synth`);

const all = environments.flatMap((name) => findings(name, join(dist, name)));
const unexcused = all.filter((finding) => !exceptions.some((exception) => excepts(exception, finding)));
const stale = exceptions.filter((exception) => !all.some((finding) => excepts(exception, finding)));
const unreasoned = exceptions.filter(({ reason }) => !reason?.trim());

for (const { environment, object, container, check, summary } of unexcused) {
  console.error(`${environment}: ${object}: ${check}: ${[container, summary].filter(Boolean).join(': ')}`);
}
for (const exception of stale) console.error(`exception no longer applies, remove it: ${JSON.stringify(exception)}`);
for (const exception of unreasoned) console.error(`exception without a reason: ${JSON.stringify(exception)}`);
console.log(
  `kube-score: ${environments.join(', ')}: ${unexcused.length} findings, ${all.length - unexcused.length} excepted`,
);
process.exitCode = unexcused.length + stale.length + unreasoned.length ? 1 : 0;
