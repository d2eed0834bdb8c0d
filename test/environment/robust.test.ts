import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { defineEnvironment, EnvironmentError, EnvironmentValue, loadEnvironment } from '../../src/environment';
import { folder, WHOLE } from './files';

const directory = folder();
const file = join(directory, 'e.yaml');

/** It loads, or is refused with places; anything else fails. */
function loadsOrIsRefused(load: () => unknown): void {
  try {
    load();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    expect(error.findings.length).toBeGreaterThan(0);
    expect(error.format()).not.toMatch(/\bat .*\.(ts|js):\d/);
  }
}
const fromFile = (content: string | Uint8Array) => {
  writeFileSync(file, content);
  loadsOrIsRefused(() => loadEnvironment(file));
};

test('any bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fromFile));
});

test('any text that looks like YAML', () => {
  const token = fc.constantFrom(
    ...[
      'a',
      'services',
      'fdl',
      'name',
      ': ',
      '- ',
      '\n',
      '\n  ',
      '\n    ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '&x',
      '*x',
      '!t',
      '"',
      "'",
    ],
    ...['|', '>', '#', '---', '...', '?', '<<: ', '\t', 'null', '1.0', '%', '\ufeff', '__proto__'],
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), (tokens) => fromFile(WHOLE + tokens.join(''))),
    { numRuns: 1000 },
  );
});

const keys = [
  ...['platform', 'buckets', 'storageProviders', 'services', 'extends', 'kubernetesVersion', 'name', 'image', 'script'],
  ...['fdl', 'remove', 'input', 'output', 'path', 'storage_provider', 'environment', 'secrets', 'Variables', 'expose'],
  ...['port', 'minio', 'kind', 's3', 'default', 'alpine', 'storage_providers', '__proto__', 'toString'],
];
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, '', 'minio', 's3.x', 'e.yaml', '1', 1, 1.5, true, 'external', 'perPod', '.', '/', undefined),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 5 }),
  ),
}));
const whole = { apiVersion: 'oscar-cdk8s/v1', kind: 'Environment', name: 'a', version: '1' };

test('any values under the names that environments have', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 }), (fields) => {
      loadsOrIsRefused(() => defineEnvironment({ ...fields, ...whole } as EnvironmentValue, { directory }));
      fromFile(stringify({ ...fields, ...whole }));
    }),
    { numRuns: 500 },
  );
});

test('any values as services', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 }), { maxLength: 3 }),
      (services) => {
        loadsOrIsRefused(() => defineEnvironment({ ...whole, services } as unknown as EnvironmentValue, { directory }));
      },
    ),
    { numRuns: 500 },
  );
});

test('any value as an FDL file', () => {
  writeFileSync(file, `${WHOLE}services: [{ fdl: f.yaml, script: e.yaml }]`);
  const fields = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 });
  fc.assert(
    fc.property(fc.array(fields, { maxLength: 3 }), value, (functions, providers) => {
      const oscar = functions.map((fields, i) => ({ c: { name: `f${i}`, image: 'i', ...fields } }));
      writeFileSync(join(directory, 'f.yaml'), stringify({ functions: { oscar }, storage_providers: providers }));
      loadsOrIsRefused(() => loadEnvironment(file));
    }),
    { numRuns: 500 },
  );
});

test('ten thousand services load', () => {
  const services = Array.from({ length: 10_000 }, (_, i) => ({ name: `s${i}`, image: 'i', script: 'e.yaml', cpu: 1 }));
  writeFileSync(file, stringify({ ...whole, services }));
  expect(loadEnvironment(file).serviceNames).toHaveLength(10_000);
}, 60_000);
