import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { chmodSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../../../src/programs/supervisor/remove-tree';
import { listOutput } from '../../../../src/programs/supervisor/staging/output-files';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();
let output: string;
beforeEach(() => {
  output = join(folder.path, 'output');
  mkdirSync(output);
});
const write = (name: string, content = name) => folder.write(`output/${name}`, content);
const list = async () => {
  const { files, leftOut } = await listOutput(output);
  return { files: files.map(({ name, bytes }) => [name, bytes]), leftOut };
};

test('an empty folder', async () => expect(await list()).toEqual({ files: [], leftOut: [] }));

test('files of all folders, by their names', async () => {
  for (const name of ['b', 'a/b/c', 'a.txt', 'a/z', '.hidden', 'a b+%20', 'ä😀', 'new\nline']) write(name, 'xyz');
  write('empty', '');
  mkdirSync(join(output, 'empty-folder'));
  const names = ['.hidden', 'a b+%20', 'a.txt', 'a/b/c', 'a/z', 'b', 'empty', 'new\nline', 'ä😀'];
  expect(await list()).toEqual({ files: names.map((name) => [name, name === 'empty' ? 0 : 3]), leftOut: [] });
  const [{ path }] = (await listOutput(output)).files;
  expect(path).toBe(join(output, '.hidden'));
});

test('links to files inside count as these', async () => {
  write('a/file', 'abc');
  symlinkSync('a/file', join(output, 'relative'));
  symlinkSync(join(output, 'a/file'), join(output, 'absolute'));
  symlinkSync('../relative', join(output, 'a/chain'));
  linkSync(join(output, 'a/file'), join(output, 'hard'));
  const names = ['a/chain', 'a/file', 'absolute', 'hard', 'relative'];
  expect(await list()).toEqual({ files: names.map((name) => [name, 3]), leftOut: [] });
});

test('links that lead out, to folders, or nowhere are left out', async () => {
  folder.write('secret', 'abc');
  folder.write('output-too/file', 'abc');
  mkdirSync(join(output, 'folder'));
  write('folder/file');
  const links = {
    out: '../secret',
    etc: '/etc/passwd',
    beside: '../output-too/file',
    above: '..',
    folder2: 'folder',
    self: '.',
    loop: 'loop',
    broken: 'nothing',
    null: '/dev/null',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(output, name));
  symlinkSync('out', join(output, 'chain'));
  expect(await list()).toEqual({
    files: [['folder/file', 11]],
    leftOut: [
      '"above": a link that leads out of the output folder',
      '"beside": a link that leads out of the output folder',
      '"broken": a link that leads nowhere',
      '"chain": a link that leads out of the output folder',
      '"etc": a link that leads out of the output folder',
      '"folder2": a link to a folder',
      '"loop": a link that leads nowhere',
      '"null": a link that leads out of the output folder',
      '"out": a link that leads out of the output folder',
      '"self": a link that leads out of the output folder',
    ],
  });
});

test('pipes and sockets are left out, and not waited for', async () => {
  execFileSync('mkfifo', [join(output, 'pipe')]);
  symlinkSync('pipe', join(output, 'link'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(output, 'socket'), resolve));
  try {
    expect(await list()).toEqual({
      files: [],
      leftOut: [
        '"link": a link to what is no file',
        '"pipe": it is no file (a pipe, a socket or a device)',
        '"socket": it is no file (a pipe, a socket or a device)',
      ],
    });
  } finally {
    server.close();
  }
});

const NO_UTF8 = Buffer.from([0x61, 0xff]);
const inOutput = (...parts: Buffer[]) => Buffer.concat([Buffer.from(`${output}/`), ...parts]);

test.each([
  ['a file', () => writeFileSync(inOutput(NO_UTF8), '')],
  ['a folder', () => mkdirSync(inOutput(NO_UTF8))],
  ['a link', () => symlinkSync('/etc/passwd', inOutput(NO_UTF8))],
])('%s whose name is no UTF-8 fails the invocation', async (_, make) => {
  make();
  await expect(list()).rejects.toMatchObject({
    kind: 'script',
    message: 'the output file "a\ufffd" (bytes 61ff) can\'t be stored: its name is no UTF-8',
  });
});

test.each([
  ['gone', () => rmSync(output, { recursive: true })],
  ['replaced by a link', () => (rmSync(output, { recursive: true }), symlinkSync('/etc', output))],
  ['replaced by a file', () => (rmSync(output, { recursive: true }), writeFileSync(output, ''))],
])('an output folder that is %s fails the invocation', async (_, change) => {
  change();
  await expect(list()).rejects.toMatchObject({
    kind: 'script',
    message: expect.stringMatching(/output folder is gone/),
  });
});

test('a link above the output folder is no way out', async () => {
  write('file', 'abc');
  symlinkSync('file', join(output, 'link'));
  symlinkSync(folder.path, join(folder.path, 'other'));
  expect((await listOutput(join(folder.path, 'other/output'))).files.map(({ name }) => name)).toEqual(['file', 'link']);
});

describe('removing a folder', () => {
  test('with all that a script may leave in it', async () => {
    write('a/b/c');
    writeFileSync(inOutput(NO_UTF8), '');
    mkdirSync(inOutput(NO_UTF8, Buffer.from('d')));
    writeFileSync(inOutput(NO_UTF8, Buffer.from('d/'), NO_UTF8), '');
    symlinkSync(folder.path, join(output, 'link'));
    execFileSync('mkfifo', [join(output, 'pipe')]);
    folder.write('beside', '');
    chmodSync(join(output, 'a/b/c'), 0o400);
    chmodSync(join(output, 'a/b'), 0o500);
    chmodSync(join(output, 'a'), 0o000);
    await removeTree(output);
    expect(readdirSync(folder.path)).toEqual(['beside']);
  });

  test('that is not there tells so', async () => {
    await expect(removeTree(join(folder.path, 'none'))).rejects.toThrow(/ENOENT/);
  });
});
