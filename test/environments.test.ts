import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnvironment } from '../src/environment';
import { synthesize } from '../src/synth';
import { PROGRAMS } from './support/platform';

const FOLDER = join(__dirname, '../environments');
const EXAMPLES = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'));

let outdir: string;
beforeEach(() => (outdir = mkdtempSync(join(tmpdir(), 'oscar-golden-'))));
afterEach(() => rmSync(outdir, { recursive: true }));

/** Every file of an example's manifests, one after the other, as a person would read them. */
function golden(example: string): string {
  const environment = loadEnvironment(join(FOLDER, example));
  expect(environment.warnings).toEqual([]);
  const props = { ...environment.platformProps(), programs: PROGRAMS };
  const { folder } = synthesize(Object.assign(Object.create(environment), { platformProps: () => props }), { outdir });
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => `# ---- ${file}\n${readFileSync(join(folder, file), 'utf8')}`)
    .join('');
}

test('the examples are those that the README names', () => {
  expect(EXAMPLES).toEqual(['dev.yaml', 'production.yaml']);
});

test.each(EXAMPLES)('%s makes these manifests', (example) => {
  expect(golden(example)).toMatchSnapshot();
});

test.each(EXAMPLES)('%s makes the same bytes again', (example) => {
  const first = golden(example);
  rmSync(outdir, { recursive: true });
  expect(golden(example)).toBe(first);
});
