import { App, Chart } from 'cdk8s';
import { DeclarationError, describe as inWords } from '../../src/constructs/errors';
import { FileService } from '../../src/constructs/file-service';
import { folder, load, refusal, WHOLE } from './files';
import { platform } from './platform';

const directory = folder();
const fdl = (more: string) =>
  `functions:\n  oscar:\n  - cluster:\n      name: f\n      image: busybox\n      script: script.sh\n      ${more}\n`;
const overlaid = (beside: string, more: string) => ({
  'e.yaml': `${WHOLE}services:\n  - fdl: f.yaml\n    ${beside}\n`,
  'f.yaml': fdl(more),
});

test('a limit that the environment lays over an FDL file', () => {
  const environment = load(directory, overlaid('job: { concurrency: 2 }', 'total_memory: 4Gi'));
  expect(environment.warnings).toEqual([]);
  expect(environment.serviceProps('f', platform)).toMatchObject({ totalMemory: '4Gi', job: { concurrency: 2 } });
});

test.each(['0', '-1', '1.5', 'many'])('%s is no number of Jobs', (concurrency) => {
  const [line, ...others] = refusal(directory, overlaid(`job: { concurrency: ${concurrency} }`, 'cpu: 1'));
  expect(others).toEqual([]);
  expect(line).toMatch(/^e\.yaml:7:25: service "f": job\.concurrency: this value does not belong here/);
  expect(line).toMatch(/Allowed: a whole number of at least 1\.$/);
});

test.each([
  ['total_cpu', 'cpu: 2', 'total_cpu: 1.5', 'the service\'s `cpu`, "2"'],
  ['total_memory', 'memory: 1Gi', 'total_memory: 1000Mi', 'the service\'s `memory`, "1Gi"'],
])('a %s that is not enough for one Job is told where it is written', (field, each, total, least) => {
  const environment = load(directory, overlaid(each, total));
  const made = () => new FileService(new Chart(new App(), 'c'), 'f', environment.serviceProps('f', platform));
  let error: unknown;
  try {
    made();
  } catch (thrown) {
    error = thrown;
  }
  const { file, line, column, ...finding } = environment.locate(error as DeclarationError);
  expect(`${file.replace(`${directory}/`, '')}:${line}:${column}`).toBe(`f.yaml:7:${field.length + 9}`);
  expect(inWords(finding)).toContain(`service "f": ${field}: not enough for one Job, so that none could ever run`);
  expect(finding.allowed).toBe(`at least ${least}`);
});
