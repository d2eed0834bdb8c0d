import { escaped, refusal, shown } from '../../../../src/programs/supervisor/input/refusal';

test('an error says where, what, the value, what is allowed and the fix', () => {
  const parts = { where: 'body.Key', problem: 'no path', got: '"x"', allowed: 'paths', fix: 'send one' };
  const error = refusal(parts);
  expect(error.kind).toBe('input');
  expect(error.message).toBe('body.Key: no path, got "x". Allowed: paths. Fix: send one.');
  expect(refusal({ ...parts, got: undefined }).message).toBe('body.Key: no path. Allowed: paths. Fix: send one.');
});

test.each([
  ['plain', '"plain"'],
  ['ä 字 😀', '"ä 字 😀"'],
  ['a\nb\tc\0d', String.raw`"a\nb\tc\u0000d"`],
  ['\x1b[31mred', String.raw`"\u001b[31mred"`],
  ['\x7f\x85', String.raw`"\u{7f}\u{85}"`],
  ['a\u202eb\u2028c\ufeff', String.raw`"a\u{202e}b\u{2028}c\u{feff}"`],
  ['\ud800x', String.raw`"\ud800x"`],
  ['x'.repeat(80), `"${'x'.repeat(80)}"`],
  ['x'.repeat(81), `"${'x'.repeat(80)}…"`],
  ['x'.repeat(79) + '😀', `"${'x'.repeat(79)}\\ud83d…"`],
])('%j is shown on one line, its beginning only', (text, expected) => expect(shown(text)).toBe(expected));

test('what has quotes already gets no more', () => expect(escaped('{"a":1}')).toBe('{"a":1}'));
