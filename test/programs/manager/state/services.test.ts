import { Services } from '../../../../src/programs/manager/state/services';
import { configMap, definition, podTemplate } from '../services';

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
  let told = 0;
  it.onChange(() => told++);
  it.onConfigMap('a', configMap(definition('a')));
  it.onConfigMap('a', configMap(definition('a', { image: 'another' })));
  expect(it.all.get('a')?.image).toBe('another');
  it.onConfigMap('a', undefined);
  expect(told).toBe(3);
  expect(it.all.size).toBe(0);
});

test.each([
  [': {', /./],
  ['- a', /it is no definition of a service a/],
  ['name: b', /it is no definition of a service a/],
  ['name: a', /it lacks "input", "job" or "invocation"/],
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
