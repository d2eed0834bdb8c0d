import { Services } from '../../../../src/programs/manager/state/services';
import { configMap, definition, INPUT, podTemplate } from '../services';

/** A definition with something else in some fields. */
const broken = (fields: object) => JSON.stringify({ ...definition('a'), ...fields });

function services() {
  const logged: unknown[] = [];
  return { it: new Services((...line) => logged.push(line)), logged };
}

test('a service is there once all of it is', () => {
  const { it } = services();
  expect(it.get('a')).toBeUndefined();
  it.onConfigMap('a', configMap(definition('a')));
  expect(it.get('a')).toBeUndefined();
  it.onPodTemplate('a', podTemplate('a'));
  expect(it.get('a')).toEqual({ name: 'a', definition: definition('a'), template: podTemplate('a').template });
  it.onPodTemplate('a', undefined);
  expect(it.get('a')).toBeUndefined();
  expect([...it.all.keys()]).toEqual(['a']);
});

test('who listens is told when a definition comes, changes and goes', () => {
  const { it } = services();
  const told: (string | undefined)[] = [];
  it.onChange((name) => told.push(name));
  it.onConfigMap('a', configMap(definition('a')));
  it.onConfigMap('a', configMap(definition('a', { image: 'another' })));
  expect(it.all.get('a')?.image).toBe('another');
  it.onConfigMap('a', undefined);
  expect(told).toEqual(['a', 'a', 'a']);
  expect(it.all.size).toBe(0);
});

test('who listens is told when all definitions are known', () => {
  const { it } = services();
  const told: (string | undefined)[] = [];
  it.onChange((name) => told.push(name));
  expect(it.complete).toBe(false);
  it.onListed();
  expect(it.complete).toBe(true);
  expect(told).toEqual([undefined]);
});

test.each([
  [': {', /./],
  ['- a', /it is no definition of a service a/],
  ['name: b', /it is no definition of a service a/],
  ['name: a', /"image" is missing \(string\)/],
  [broken({ input: [{ storage_provider: 'minio.default' }] }), /"input.0.path" is missing \(string\)/],
  [broken({ input: ['pictures/in'] }), /"input.0" must be: object, not: string/],
  [broken({ output: [{ ...INPUT, suffix: '.jpg' }] }), /"output.0.suffix" must be: array, not: string/],
  [broken({ input: [{ ...INPUT, prefix: [7] }] }), /"input.0.prefix.0" must be: string, not: number/],
  [broken({ job: {} }), /"job.retries" is missing \(number\)/],
  ...[0, 1.5, -1, '4', null].map((concurrency): [string, RegExp] => [
    broken({ job: { retries: 3, deadlineSeconds: 60, ttlSeconds: 60, concurrency } }),
    /"job.concurrency" must be: a whole number of at least 1/,
  ]),
  [broken({ synchronous: undefined }), /"synchronous" is missing \(object\)/],
  [broken({ invocation: { timeoutSeconds: '300' } }), /"invocation.timeoutSeconds" must be: number, not: string/],
  [broken({ allowed_users: [{}] }), /"allowed_users.0" must be: string, not: object/],
])('a definition that is broken is told, and the one before it stays: %s', (text, reason) => {
  const { it, logged } = services();
  it.onConfigMap('a', configMap(definition('a')));
  it.onConfigMap('a', { metadata: { name: 'a' }, data: { 'function_config.yaml': text } });
  expect(it.all.get('a')).toEqual(definition('a'));
  expect(logged).toEqual([
    ['error', "function_config.yaml of the ConfigMap a can't be read", { reason: expect.stringMatching(reason) }],
  ]);
});

test('a ConfigMap without a definition is no service', () => {
  const { it, logged } = services();
  it.onConfigMap('a', { metadata: { name: 'a' }, data: { other: 'x' } });
  expect(it.all.size).toBe(0);
  expect(logged).toEqual([]);
});
