import fc from 'fast-check';
import type { FieldPath } from '../../src/constructs/errors';
import { valueAt } from '../../src/environment/issues';
import { Layer, merge, mergeStack, origin } from '../../src/environment/layers';
import { Source } from '../../src/environment/source';
import { isMap } from '../../src/environment/values';

describe('merge', () => {
  test.each([
    ['maps key by key', { a: { x: '1' } }, { a: { y: '2' }, b: '3' }, { a: { x: '1', y: '2' }, b: '3' }],
    ['null removes a key', { a: null }, { a: { y: '2' }, b: '3' }, { b: '3' }],
    ['null removes a key further down', { a: { y: null } }, { a: { x: '1', y: '2' } }, { a: { x: '1' } }],
    ['lists replace', { a: ['1'] }, { a: ['2', '3'] }, { a: ['1'] }],
    ['a map replaces a scalar', { a: { x: '1' } }, { a: '2' }, { a: { x: '1' } }],
    ['a scalar replaces a map', { a: '2' }, { a: { x: '1' } }, { a: '2' }],
    ['an empty map keeps what is there', { a: {} }, { a: { x: '1' } }, { a: { x: '1' } }],
    ['null in a map of a list is not set', { a: [{ x: null, y: '1' }] }, {}, { a: [{ y: '1' }] }],
    ['undefined is not set', { a: undefined }, { a: '1' }, { a: '1' }],
  ])('%s', (_, upper, lower, merged) => expect(merge(upper, lower)).toEqual(merged));

  test('keys that every object has are keys like any other', () => {
    const upper = JSON.parse('{"__proto__": {"x": "1"}, "constructor": "2"}') as object;
    const merged = merge(upper, {}) as object;
    expect(Object.keys(merged)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  const value = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('a', 'b', null),
      fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('x', 'y', 'z'), tie('tree')),
    ),
  })).tree;
  const map = fc.dictionary(fc.constantFrom('x', 'y', 'z'), value);

  test('no null is left', () => {
    fc.assert(fc.property(map, map, (a, b) => expect(JSON.stringify(merge(a, b))).not.toContain('null')));
  });
  test('over nothing, and over itself, a map without null stays what it is', () => {
    fc.assert(
      fc.property(map, (a) => {
        const clean = merge(a, {});
        expect(merge(clean, {})).toEqual(clean);
        expect(merge({}, clean)).toEqual(clean);
        expect(merge(clean, clean)).toEqual(clean);
      }),
    );
  });
  test('what comes from a layer is what that layer says', () => {
    fc.assert(
      fc.property(map, map, map, (...values) => {
        const stack = values.map((value, i) => layer(`${i}.yaml`, value));
        for (const [path, leaf] of leaves(mergeStack(stack))) {
          const { layer } = origin(stack, path);
          expect(valueAt(layer.value, path)).toEqual(leaf);
        }
      }),
    );
  });
});

const layer = (file: string, value: Record<string, unknown>): Layer => ({
  source: Source.ofObject(value, file),
  at: [],
  value,
});

/** Everything that is not a map, with its path. */
function leaves(value: unknown, path: FieldPath = []): [FieldPath, unknown][] {
  if (!isMap(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]));
}
