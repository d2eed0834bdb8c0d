import fc from 'fast-check';
import { canonicalBytes, canonicalCpu, LARGEST, parseQuantity } from '../../src/constructs/quantity';

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
])('%s is %d', (text, value) => expect(Number(parseQuantity(text)) / 1e9).toBeCloseTo(value, 9));

test.each([
  ['9007199254740993', 9007199254740993n],
  ['7Ei', 7n * 2n ** 60n],
  ['0.1', 100_000_000n, 1n],
  ['1e-10', 1n, 1n],
  ['0.0000000001', 1n, 1n],
  ['1e400', 10n ** 41n],
])('%s is exact, and never less than was asked for', (text, value, unit = 1_000_000_000n) =>
  expect(parseQuantity(text)).toBe(value * unit),
);

test('an absurd exponent takes no time, and stays above or below everything', () => {
  expect(parseQuantity('1e999999999')! > LARGEST * 1_000_000_000n).toBe(true);
  expect(parseQuantity('1e-999999999')).toBe(1n);
  expect(parseQuantity('0e999999999')).toBe(0n);
});

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
  ['9007199254740993', '9007199254740993'],
  ['9007199254740993Ki', '9007199254740993Ki'],
  ['7.5Ei', '7680Pi'],
])('%s of memory is written %s', (text, canonical) => expect(canonicalBytes(text)).toBe(canonical));

const bytes = fc
  .tuple(fc.bigInt({ min: 1n, max: 2n ** 53n * 4n }), fc.constantFrom('Ki', 'Mi', 'Gi', 'Ti', 'k', 'M', 'G', 'T', ''))
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
      expect(parseQuantity(canonical)).toBe(BigInt(millis) * 1_000_000n);
    }),
  );
});
