import fc from 'fast-check';
import { Lines, Tail } from '../../../../src/programs/supervisor/script/lines';

const split = (...chunks: (string | Buffer)[]) => {
  const lines = new Lines();
  return [...chunks.flatMap((chunk) => lines.push(Buffer.from(chunk))), ...lines.end()];
};

test.each([
  ['nothing', [''], []],
  ['one line', ['a\n'], ['a']],
  ['a line without an end', ['a'], ['a']],
  ['an empty line', ['\n'], ['']],
  ['a line in pieces', ['a', 'b', 'c\nd'], ['abc', 'd']],
  ['Windows', ['a\r\nb\r\n'], ['a', 'b']],
  ['Windows, cut in its middle', ['a\r', '\nb\r', '\n'], ['a', 'b']],
  ['an empty line after a progress bar', ['a\r', '\n\nb'], ['a', '', 'b']],
  ['a progress bar', ['1%\r2%\r', '3%\n'], ['1%', '2%', '3%']],
  ['a character in two pieces', [Buffer.from([0xc3]), Buffer.from([0xa4, 0x0a])], ['ä']],
  ['what is no UTF-8', [Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xc3])], ['a\ufffdb', '\ufffd']],
])('%s', (_, chunks, lines) => expect(split(...chunks)).toEqual(lines));

test('a progress bar moves at once', () => {
  const lines = new Lines();
  expect(lines.push(Buffer.from('1%\r2'))).toEqual(['1%']);
});

test('long lines are split, never inside a character', () => {
  const long = 'x'.repeat(64 * 1024 - 1) + '😀' + 'y'.repeat(200_000);
  const lines = split(`${long}\nshort\n`);
  expect(lines.pop()).toBe('short');
  expect(lines.join('')).toBe(long);
  expect(lines[0]).toBe('x'.repeat(64 * 1024 - 1));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(64 * 1024);
});

test('a line without an end is handed on in time', () => {
  const lines = new Lines();
  const early = Array.from({ length: 100 }, () => lines.push(Buffer.alloc(10_000, 'x'))).flat();
  expect(early.join('').length).toBeGreaterThanOrEqual(1_000_000 - 64 * 1024);
});

test('however it is cut, the lines are the same', () => {
  const text = fc.array(fc.constantFrom('a', 'ä', '😀', '\r', '\n', '\r\n'), { maxLength: 40 });
  const cuts = fc.array(fc.nat(160), { maxLength: 8 });
  fc.assert(
    fc.property(text, cuts, (parts, at) => {
      const bytes = Buffer.from(parts.join(''));
      const points = [0, ...at.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const chunks = points.slice(1).map((to, i) => bytes.subarray(points[i], to));
      const expected = parts.join('').split(/\r\n|\n|\r/);
      if (expected[expected.length - 1] === '') expected.pop();
      expect(split(...chunks)).toEqual(expected);
    }),
  );
});

describe('the last lines', () => {
  const tail = (...batches: string[][]) => {
    const last = new Tail();
    for (const batch of batches) last.push(batch);
    return last.toString();
  };

  test('are all, if they are few', () => expect(tail(['a', 'b'], [], ['c'])).toBe('a\nb\nc'));

  test('are 20 at most', () => {
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    expect(tail(lines.slice(0, 25), lines.slice(25, 45), lines.slice(45))).toBe(lines.slice(30).join('\n'));
  });

  test('are 4 KiB at most, in whole characters', () => {
    const last = tail(['ä'.repeat(1000), 'ö'.repeat(3000), 'x']);
    expect(Buffer.byteLength(last)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(last)).toBeGreaterThan(4090);
    expect(last).toMatch(/^ö+\nx$/);
  });
});
