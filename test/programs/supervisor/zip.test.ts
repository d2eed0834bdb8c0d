import { once } from 'node:events';
import fs, { chmodSync, utimesSync } from 'node:fs';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { OutputFile } from '../../../src/programs/supervisor/invocation';
import { entryNames, zipOf } from '../../../src/programs/supervisor/zip';
import { Output } from './output';
import { unzip } from './unzip';

const MIB = 1024 * 1024;

let output: Output;
beforeEach(() => (output = new Output()));
afterEach(() => output.remove());

const zip = async (...files: OutputFile[]) => unzip(await buffer(await zipOf(files)));

test('holds every file under its relative name, compressed', async () => {
  const long = 'the same again. '.repeat(10_000);
  const entries = await zip(
    output.file('a.txt', 'a'),
    output.file('empty', ''),
    output.file('folder/ünï ☃.txt', long),
    output.file('folder/b', Buffer.from([0, 255, 10, 13])),
  );
  expect([...entries.keys()]).toEqual(['a.txt', 'empty', 'folder/ünï ☃.txt', 'folder/b']);
  expect(entries.get('empty')?.content).toHaveLength(0);
  expect(entries.get('folder/b')?.content).toEqual(Buffer.from([0, 255, 10, 13]));
  const { content, compressed } = entries.get('folder/ünï ☃.txt')!;
  expect(content.toString()).toBe(long);
  expect(compressed).toBeLessThan(long.length / 50);
});

test("keeps a file's time and permissions, but no right to become somebody else", async () => {
  const file = output.file('run.sh', '#!/bin/sh');
  utimesSync(file.path, 1_700_000_000, 1_700_000_000);
  chmodSync(file.path, 0o4755);
  const { modified, mode } = (await zip(file, output.file('b', ''))).get('run.sh')!;
  expect(modified).toEqual(new Date(1_700_000_000_000));
  expect(mode).toBe(0o100755);
});

test.each([
  ['before 1970', -86_400 * 3650, 0],
  ['after 2038', 4_000_000_000, 2 ** 31 - 1],
])('a time %s is told as near as a zip can', async (_, time, told) => {
  const file = output.file('a', '');
  utimesSync(file.path, new Date(time * 1000), new Date(time * 1000));
  expect((await zip(file, output.file('b', ''))).get('a')?.modified).toEqual(new Date(told * 1000));
});

test('more files than are ever open', async () => {
  const files = Array.from({ length: 500 }, (_, i) => output.file(`${i % 7}/${i}`, `${i}`));
  const entries = await zip(...files);
  expect(entries.size).toBe(500);
  for (const [name, { content }] of entries) expect(name).toBe(`${Number(content) % 7}/${content}`);
});

test.each([
  [
    ['a/b', 'c'],
    ['a/b', 'c'],
  ],
  [['..\\..\\etc\\passwd'], ['.._.._etc_passwd']],
  [
    ['C:evil', 'c:\\evil', 'ab:c'],
    ['C_evil', 'c__evil', 'ab:c'],
  ],
  [
    ['a\\b', 'a_b', 'a\\\\b'],
    ['a_b_', 'a_b', 'a__b'],
  ],
  [['\\\\host\\share'], ['__host_share']],
  [
    ['a\\', 'a_'],
    ['a__', 'a_'],
  ],
])('names %j are stored as %j: none leads out of a folder, on any system', (names, stored) => {
  expect(entryNames(names)).toEqual(stored);
});

test('a name with backslashes is stored so', async () => {
  const entries = await zip(output.file('..\\..\\x', '1'), output.file('y', '2'));
  expect([...entries.keys()]).toEqual(['.._.._x', 'y']);
});

test.each([
  ['is gone', (files: OutputFile[]) => (files[1] = { ...files[1], path: `${files[1].path}-none` }), /ENOENT/],
  ['is a folder', (files: OutputFile[]) => (files[1] = { ...files[1], path: output.folder }), /EISDIR|directory/],
])('a file that %s breaks it', async (_, spoil, message) => {
  const files = [output.file('a', 'a'), output.file('b', 'b'), output.file('c', 'c')];
  spoil(files);
  await expect(zipOf(files).then(buffer)).rejects.toThrow(message);
});

test('a reader that goes away leaves nothing open', async () => {
  const opened = jest.spyOn(fs, 'createReadStream');
  const stream = await zipOf([output.file('big', 64 * MIB), output.file('other', 64 * MIB)]);
  await once(stream, 'readable');
  stream.destroy();
  const [{ value: content }] = opened.mock.results;
  if (!content.closed) await once(content, 'close');
  expect(content.bytesRead).toBeLessThan(64 * MIB);
  expect(opened).toHaveBeenCalledTimes(1);
  opened.mockRestore();
});

test('a large file passes in bounded memory', async () => {
  const files = [output.file('large', 256 * MIB), output.file('small', 'x')];
  const before = process.memoryUsage().rss;
  let most = 0;
  const sink = new Writable({
    write(_chunk, _encoding, done) {
      most = Math.max(most, process.memoryUsage().rss);
      done();
    },
  });
  await pipeline(await zipOf(files), sink);
  expect(most - before).toBeLessThan(100 * MIB);
}, 60_000);
