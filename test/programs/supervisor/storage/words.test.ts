import fc from 'fast-check';
import { encodePath, quoted, quotedWithout } from '../../../../src/programs/supervisor/storage/words';

describe('encoded paths', () => {
  test.each([
    ['in/a b.txt', 'in/a%20b.txt'],
    ['a+b', 'a%2Bb'],
    ['100%', '100%25'],
    ['%2F', '%252F'],
    ['ñ/日本/😀', '%C3%B1/%E6%97%A5%E6%9C%AC/%F0%9F%98%80'],
    ["!'()*", '%21%27%28%29%2A'],
    ['a?b#c&d=e;f:g@h$i,j', 'a%3Fb%23c%26d%3De%3Bf%3Ag%40h%24i%2Cj'],
    ['a//b/', 'a//b/'],
    ['/a', '/a'],
    ['./a/../b/...', '%2E/a/%2E%2E/b/...'],
    ['-._~', '-._~'],
    ['"\\\t\n', '%22%5C%09%0A'],
  ])('%j', (path, encoded) => expect(encodePath(path)).toBe(encoded));

  test('any path is itself again when decoded, and no parser of URLs changes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (path) => {
        const encoded = encodePath(path);
        expect(decodeURIComponent(encoded)).toBe(path);
        expect(encoded).toMatch(/^(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})*$/);
        expect(encoded.split('/')).not.toContain('..');
      }),
    );
  });
});

describe('text from outside', () => {
  test('stands on one line, in quotes', () => expect(quoted('a\n"b"\u0000')).toBe('"a\\n\\"b\\"\\u0000"'));
  test('is cut', () => expect(quoted('x'.repeat(1000))).toHaveLength(303));
  test('is told without secrets', () =>
    expect(quotedWithout(['key', undefined, ''], 'your key is key.')).toBe('"your *** is ***."'));
});
