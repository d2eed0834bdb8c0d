import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { parse } from 'yaml';
import { defineEnvironment, EnvironmentError, EnvironmentValue, loadEnvironment } from '../../src/environment';
import { environmentJsonSchema, environmentReference } from '../../src/environment/schema/generate';

const root = join(__dirname, '..', '..');

test.each([
  ['schema/environment.schema.json', environmentJsonSchema],
  ['docs/ENVIRONMENT.md', environmentReference],
])('%s is what `npm run build` makes', (file, generate) => {
  expect(readFileSync(join(root, file), 'utf8')).toBe(generate());
});

describe('the JSON Schema', () => {
  const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(environmentJsonSchema()) as object);
  const accepts = (yaml: string) => validate(parse(yaml));
  const head = 'apiVersion: oscar-cdk8s/v1\nkind: Environment\n';

  test('takes the environment that has every field', () => {
    accepts(readFileSync(join(__dirname, 'fixtures', 'everything.yaml'), 'utf8'));
    expect(validate.errors).toBeNull();
  });
  test.each(['lenient.yaml', 'nothing.yaml'])('takes %s, as the loader does', (name) => {
    const file = join(__dirname, 'fixtures', name);
    const text = readFileSync(file, 'utf8');
    accepts(text);
    expect(validate.errors).toBeNull();
    expect(loadEnvironment(file).warnings).toEqual([]);
    const value = parse(text) as EnvironmentValue;
    expect(() => defineEnvironment(value, { directory: join(__dirname, 'fixtures') })).not.toThrow();
  });
  test.each([
    ['log_level: critical', 'log_levl: critical'],
    ['port: [80', 'prt: [80'],
    ['Variables:', 'Varables:'],
    ['platform:', 'plattform:'],
    ['critical', 'criticall'],
    ["networkPolicies: 'True'", "networkPolicies: 'yes'"],
    ["replicas: '2'", "replicas: 'two'"],
  ])('refuses a typo, as the loader does: %s as %s', (right, wrong) => {
    const directory = join(__dirname, 'fixtures');
    const text = readFileSync(join(directory, 'lenient.yaml'), 'utf8').replace(right, wrong);
    expect(text).toContain(wrong);
    expect(accepts(text)).toBe(false);
    expect(() => defineEnvironment(parse(text) as EnvironmentValue, { directory })).toThrow(EnvironmentError);
  });
  test.each([
    [
      'an overlay that leaves needed fields to its base',
      `${head}platform: { minio: {} }\nservices: [{ name: a, cpu: 1 }]`,
    ],
    ['a list that is written as its one element', `${head}services: [{ name: a, expose: { api_port: 80 } }]`],
    ['an FDL file with fields for one function', `${head}services: [{ fdl: a.yaml, services: { b: { cpu: 1 } } }]`],
    ['a removal', `${head}services: [{ name: a, remove: true }]`],
  ])('takes %s', (_, yaml) => expect(accepts(yaml)).toBe(true));
  test.each([
    ['a field that nobody knows', `${head}plattform: {}`],
    ['a service field that nobody knows', `${head}services: [{ name: a, memroy: 1Gi }]`],
    ['a number out of range', `${head}platform: { minio: { pods: 3 } }`],
    ['a secret in plain text', `${head}services: [{ name: a, environment: { secrets: { A: hush } } }]`],
    ['a file that does not say what it is', 'name: a'],
  ])('refuses %s', (_, yaml) => expect(accepts(yaml)).toBe(false));
});
