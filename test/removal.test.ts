import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { KEEP_LABEL } from '../src/contract';
import { defineEnvironment } from '../src/environment';
import { synthesize } from '../src/synth';
import { PROGRAMS } from './support/platform';

interface Labelled {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'oscar-removal-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** Objects of an environment `production` with these services, each with a volume. */
function objects(version: string, services: string[], platform = {}): Labelled[] {
  const environment = defineEnvironment(
    {
      ...{ apiVersion: 'oscar-cdk8s/v1', kind: 'Environment', name: 'production', version },
      platform,
      services: services.map((name) => ({
        ...{ name, image: 'busybox', script: join(__dirname, '../environments/scripts/cowsay.sh') },
        volume: { size: '1Gi', mount_path: '/data' },
      })),
    },
    { directory },
  );
  const props = { ...environment.platformProps(), programs: PROGRAMS };
  const { folder } = synthesize(Object.assign(Object.create(environment), { platformProps: () => props }), {
    outdir: directory,
  });
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .map((document) => document.toJS());
}

/** A selector that docs/APPLY.md gives, as Kubernetes reads it. */
function documentedSelector(number = 0): (object: Labelled) => boolean {
  const text = readFileSync(join(__dirname, '../docs/APPLY.md'), 'utf8');
  const requirements = [...text.matchAll(/selector='([^']+)'/g)][number][1].split(',');
  return ({ metadata: { labels } }) =>
    requirements.every((requirement) => {
      const [key, differs, value] = requirement.split(/(!?=)/);
      if (differs === undefined) return key in labels;
      return differs === '=' ? labels[key] === value : labels[key] !== value;
    });
}

const title = ({ kind, metadata: { name } }: Labelled) => `${kind} ${name}`;

test('the documented selector finds what an earlier version made and this one does not, and no data', () => {
  const before = objects('1.0.0', ['stays', 'goes']);
  const now = objects('1.1.0', ['stays']);
  const applied = new Map([...before, ...now].map((object) => [title(object), object]));

  const found = [...applied.values()].filter(documentedSelector()).map(title);

  const gone = before.map(title).filter((object) => !now.map(title).includes(object));
  expect(gone).toContain('PersistentVolumeClaim goes');
  expect(found.sort()).toEqual(gone.filter((object) => object !== 'PersistentVolumeClaim goes').sort());
  expect(found).toEqual(
    expect.arrayContaining(['Deployment goes', 'ConfigMap goes', 'Service goes', 'PodTemplate goes']),
  );
});

test('what Jobs of before have the supervisor by is found only by a selector of its own', () => {
  const before = objects('1.0.0', ['one']);
  const now = objects('1.1.0', ['one'], { images: { node: 'docker.io/library/node:25' } });
  const gone = before.filter((object) => !now.map(title).includes(title(object)));
  const needed = gone.filter(({ kind }) => kind.startsWith('PersistentVolume')).map(title);

  expect(needed).toHaveLength(2);
  const found = gone.filter(documentedSelector()).map(title);
  expect(found.filter((object) => needed.includes(object))).toEqual([]);
  expect(gone.filter(documentedSelector(1)).map(title)).toEqual(needed);
  expect(now.filter(documentedSelector(1))).toEqual([]);
});

test('the documented kinds are all that an environment makes, but what is kept', () => {
  const text = readFileSync(join(__dirname, '../docs/APPLY.md'), 'utf8');
  const kinds = [...text.matchAll(/^kinds=(?:\$kinds,)?(\S+)$/gm)].flatMap(([, list]) => list.split(','));
  const plural = (kind: string) => `${kind.toLowerCase().replace(/y$/, 'ie').replace(/s$/, 'se')}s`;
  const made = objects('1.0.0', ['one']).filter(({ metadata }) => metadata.labels[KEEP_LABEL] !== 'true');
  expect(kinds).toEqual(expect.arrayContaining(made.map(({ kind }) => plural(kind))));
});
