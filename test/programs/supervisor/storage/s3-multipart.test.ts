import fc from 'fast-check';
import { cut } from '../../../../src/programs/supervisor/storage/s3-multipart';
import { MEBIBYTE } from './support/files';

const TEBIBYTE = MEBIBYTE ** 2;

test.each([
  [16 * MEBIBYTE + 1, 16 * MEBIBYTE, 2],
  [160_000 * MEBIBYTE, 16 * MEBIBYTE, 10_000],
  [160_000 * MEBIBYTE + 1, 17 * MEBIBYTE, 9412],
  [5 * TEBIBYTE, 525 * MEBIBYTE, 9987],
])('%i bytes: parts of %i, %i of them', (bytes, partBytes, count) => {
  expect(cut(bytes)).toEqual({ partBytes, count });
});

test('any size: all of it, in no more than 10,000 parts that S3 takes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 16 * MEBIBYTE + 1, max: 5 * TEBIBYTE }), (bytes) => {
      const { partBytes, count } = cut(bytes);
      expect(count).toBeLessThanOrEqual(10_000);
      expect(partBytes).toBeLessThanOrEqual(5 * 1024 * MEBIBYTE);
      expect((count - 1) * partBytes).toBeLessThan(bytes);
      expect(count * partBytes).toBeGreaterThanOrEqual(bytes);
    }),
  );
});
