import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { JobSet } from '../../../../src/programs/provisioner/sweep/job-set';

const job = (text: string) => `cowsay-${createHash('sha256').update(text).digest('hex').slice(0, 20)}`;

test('as a set of texts, over many sizes', () => {
  const set = new JobSet('cowsay');
  for (let i = 0; i < 20_000; i++) {
    expect(set.has(job(`${i}`))).toBe(false);
    expect(set.add(job(`${i}`))).toBe(true);
    set.add(job(`${i}`));
  }
  expect(set.size).toBe(20_000);
  for (let i = 0; i < 20_000; i++) expect(set.has(job(`${i}`))).toBe(true);
});

test('hashes that are nearly the same, and the one of zeros', () => {
  const hash = fc.array(fc.constantFrom('0', '1', '8', 'f'), { minLength: 20, maxLength: 20 }).map((it) => it.join(''));
  const near = fc.oneof(
    hash,
    fc.constant('0'.repeat(20)),
    fc.nat(9).map((i) => `${'0'.repeat(19)}${i}`),
  );
  fc.assert(
    fc.property(fc.array(near), fc.array(near), (inside, asked) => {
      const set = new JobSet('s');
      for (const it of inside) set.add(`s-${it}`);
      expect(set.size).toBe(new Set(inside).size);
      for (const it of [...inside, ...asked]) expect(set.has(`s-${it}`)).toBe(inside.includes(it));
    }),
  );
});

test.each([
  '',
  'cowsay-',
  'cowsay-0123',
  `other-${'0'.repeat(20)}`,
  `cowsay-${'0'.repeat(21)}`,
  `cowsay-${'G'.repeat(20)}`,
])('%j is no Job of the service', (name) => {
  const set = new JobSet('cowsay');
  expect(set.add(name)).toBe(false);
  expect(set.has(name)).toBe(false);
  expect(set.size).toBe(0);
});
