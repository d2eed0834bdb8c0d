import fc from 'fast-check';
import { distance, nearest } from '../../src/environment/suggest';

test.each([
  ['memroy', 'memory'],
  ['Image', 'image'],
  ['mem', undefined],
  ['servicesRout', 'servicesRoute'],
  ['something', undefined],
])('%s is probably %s', (word, meant) => {
  expect(nearest(word, ['memory', 'image', 'servicesRoute', 'cpu'])).toBe(meant);
});

test('distance is nothing between equals, the same both ways, and at most the longer word', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(distance(a, a)).toBe(0);
      expect(distance(a, b)).toBe(distance(b, a));
      expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      if (a !== b) expect(distance(a, b)).toBeGreaterThan(0);
    }),
  );
});
