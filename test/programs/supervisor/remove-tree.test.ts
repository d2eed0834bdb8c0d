import { execFileSync } from 'node:child_process';
import fs, { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync } from 'node:fs';
import promises from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../../src/programs/supervisor/remove-tree';
import { temporaryFolder } from './temporary';

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const shell = (script: string) => execFileSync('/bin/sh', ['-c', script], { cwd: folder.path, stdio: 'pipe' });

test('files, folders, names that are no UTF-8, and links, which are not followed', async () => {
  folder.write('theirs/file', '');
  folder.write('tree/a/b/file', '');
  symlinkSync(at('theirs'), at('tree/a/link'));
  shell(': >"tree/$(printf "x\\377")"');
  await removeTree(at('tree'));
  expect(readdirSync(folder.path)).toEqual(['theirs']);
  expect(existsSync(at('theirs/file'))).toBe(true);
});

test('folders that nobody may write to', async () => {
  folder.write('tree/a/b/file', '');
  for (const name of ['tree/a/b', 'tree/a', 'tree']) chmodSync(at(name), 0o000);
  await removeTree(at('tree'));
  expect(readdirSync(folder.path)).toEqual([]);
});

// A shell's `cd` goes deeper than any path reaches.
const deep = (name: string, levels: number) => `
  i=0; while [ $i -lt ${levels} ]; do mkdir ${name} && cd -P ${name} && : >f || exit 1; i=$((i+1)); done`;

test('a tree that is deeper than paths may be', async () => {
  mkdirSync(at('tree'));
  shell(`cd tree; ${deep('d'.repeat(250), 40)}; chmod 500 .`);
  await removeTree(at('tree'));
  expect(readdirSync(folder.path)).toEqual([]);
});

test('while many files and a large one are removed, others have their turn', async () => {
  for (let i = 0; i < 500; i++) folder.write(`tree/${i}`, '');
  folder.write('tree/large', '');
  truncateSync(at('tree/large'), 64 * 1024 * 1024);
  let turns = 0;
  const immediate = () => {
    turns++;
    again = setImmediate(immediate);
  };
  let again = setImmediate(immediate);
  await removeTree(at('tree'));
  clearImmediate(again);
  expect(turns).toBeGreaterThanOrEqual(10);
  expect(readdirSync(folder.path)).toEqual([]);
});

test('nothing there', async () => {
  await expect(removeTree(at('none'))).rejects.toThrow(/ENOENT.*none/);
});

describe('what can not be removed', () => {
  afterEach(() => jest.restoreAllMocks());

  test("doesn't keep the rest, and the first is told", async () => {
    const names = ['a', 'b/stuck', 'b/c', 'd/e/f', 'g/stuck', 'h'];
    for (const name of names) folder.write(`tree/${name}`, '');
    const { unlinkSync } = fs;
    jest.spyOn(fs, 'unlinkSync').mockImplementation((path) => {
      if (String(path).endsWith('stuck')) throw new Error(`EPERM: ${path}`);
      return unlinkSync(path);
    });
    await expect(removeTree(at('tree'))).rejects.toThrow(/^EPERM: .*tree\/[bg]\/stuck$/);
    expect(readdirSync(at('tree')).sort()).toEqual(['b', 'g']);
    for (const name of ['b', 'g']) expect(readdirSync(at(`tree/${name}`))).toEqual(['stuck']);
  });

  test('a large file neither', async () => {
    for (const name of ['a', 'stuck', 'z']) folder.write(`tree/${name}`, '');
    truncateSync(at('tree/stuck'), 64 * 1024 * 1024);
    jest.spyOn(promises, 'unlink').mockRejectedValue(new Error('EPERM'));
    await expect(removeTree(at('tree'))).rejects.toThrow('EPERM');
    expect(readdirSync(at('tree'))).toEqual(['stuck']);
  });

  test('is told in a few words', async () => {
    const error: Error = await removeTree(at('x/'.repeat(1000))).then(
      () => new Error('it succeeded'),
      (thrown: Error) => thrown,
    );
    expect(error.message).toMatch(/^ENOENT.*…/);
    expect(error.message.length).toBeLessThan(310);
  });
});
