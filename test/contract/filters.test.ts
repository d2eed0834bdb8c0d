import { takes } from '../../src/contract';

test.each([
  // Neither filter: everything.
  [[], [], 'a.txt', true],
  // On the name, or on the path inside the folder.
  [['a'], [], 'a.txt', true],
  [['a'], [], 'b.txt', false],
  [['a'], [], 'sub/a.txt', true],
  [['sub/'], [], 'sub/a.txt', true],
  [['sub/a'], [], 'sub/a.txt', true],
  [['sub/b'], [], 'sub/a.txt', false],
  [['A'], [], 'a.txt', false],
  [['b', 'a'], [], 'a.txt', true],
  [[''], [], 'a.txt', true],
  [['a.txt.more'], [], 'a.txt', false],
  [[], ['.txt'], 'a.txt', true],
  [[], ['.txt'], 'sub/a.txt', true],
  [[], ['sub/a.txt'], 'sub/a.txt', true],
  [[], ['.txt'], 'a.txt.gz', false],
  [[], ['.png', '.txt'], 'a.txt', true],
  [[], [''], 'a.txt', true],
  // Both have to hold.
  [['a'], ['.txt'], 'a.txt', true],
  [['a'], ['.txt'], 'b.txt', false],
  [['a'], ['.txt'], 'a.png', false],
  [['sub/'], ['a.txt'], 'sub/a.txt', true],
  // No patterns: dots and stars are themselves.
  [['*'], [], 'a', false],
  [[], ['*.txt'], 'a.txt', false],
  [[], ['atxt'], 'a.txt', false],
])('prefix %j, suffix %j: %s → %s', (prefix, suffix, name, taken) => {
  expect(takes({ prefix, suffix }, name)).toBe(taken);
});
