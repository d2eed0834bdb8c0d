import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { loadEnvironment } from '../../src/environment';
import { synthesize } from '../../src/synth';
import { KubernetesValidator } from './validator';

const FOLDER = join(__dirname, '../../environments');
const EXAMPLES = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));

let outdir: string;
beforeAll(() => (outdir = mkdtempSync(join(tmpdir(), 'oscar-examples-'))));
afterAll(() => rmSync(outdir, { recursive: true }));

describe.each(EXAMPLES)('%s', (example) => {
  let objects: { apiVersion: string; kind: string }[];
  beforeAll(() => {
    const { folder } = synthesize(loadEnvironment(join(FOLDER, example)), { outdir });
    objects = readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
      .map((document) => document.toJS());
  });

  test.each(['1.27', '1.34'])('every object is valid for Kubernetes %s', (version) => {
    const judge = new KubernetesValidator(version);
    expect(objects.length).toBeGreaterThan(20);
    expect(objects.flatMap((object) => judge.errors(object))).toEqual([]);
  });
});
