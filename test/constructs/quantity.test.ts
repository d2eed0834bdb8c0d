import fc from 'fast-check';
import { canonicalBytes, canonicalCpu, parseQuantity } from '../../src/constructs/quantity';

test.each([
  ['1', 1],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['5.', 5],
  ['250m', 0.25],
  ['3u', 3e-6],
  ['1k', 1000],
  ['2Ki', 2048],
  ['1Mi', 1048576],
  ['1e3', 1000],
  ['1E3', 1000],
  ['2E', 2e18],
  ['-1Gi', -1073741824],
])('%s is %d', (text, value) => expect(parseQuantity(text)).toBeCloseTo(value, 9));

test.each(['', '.', 'm', '1 Mi', '1mi', '1e', '0x10', '1,5', 'Infinity', '1KiB'])('%j is none', (text) =>
  expect(parseQuantity(text)).toBeUndefined(),
);

test.each([
  ['0.2', '200m'],
  ['1.0', '1'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['2', '2'],
  ['0.1', '100m'],
])('a CPU of %s is written %s', (text, canonical) => expect(canonicalCpu(text)).toBe(canonical));

test.each([
  ['256Mi', '256Mi'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Gi', '512Mi'],
  ['1000M', '1G'],
  ['1048576', '1048576'],
  ['1e9', '1G'],
])('%s of memory is written %s', (text, canonical) => expect(canonicalBytes(text)).toBe(canonical));

const bytes = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.constantFrom('Ki', 'Mi', 'Gi', 'Ti', 'k', 'M', 'G', 'T', ''))
  .map(([number, unit]) => `${number}${unit}`);

test('the canonical form is the same amount, and its own canonical form', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const canonical = canonicalBytes(text);
      expect(parseQuantity(canonical)).toBe(parseQuantity(text));
      expect(canonicalBytes(canonical)).toBe(canonical);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (millis) => {
      const canonical = canonicalCpu(`${millis}m`);
      expect(canonicalCpu(String(millis / 1000))).toBe(canonical);
      expect(parseQuantity(canonical)).toBeCloseTo(millis / 1000, 9);
    }),
  );
});
