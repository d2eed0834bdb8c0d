import { spawn } from 'node:child_process';
import { buildSync } from 'esbuild';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutputFolder } from '../../src/synth/folder';
import { manifestText } from '../../src/synth/manifest';

let outdir: string;
beforeEach(() => (outdir = fs.mkdtempSync(join(tmpdir(), 'folder-'))));
afterEach(() => fs.rmSync(outdir, { recursive: true }));

const manifestOf = (files: string[]) =>
  manifestText({
    generator: 'oscar-cdk8s/1',
    environment: 'dev',
    version: '1',
    files: files.map((file) => ({ file, sha256: '', objects: [] })),
  });

/** Writes one whole generation: every file holds `text`. */
function writeAll(files: string[], text: string): string[] {
  const folder = new OutputFolder(outdir, 'dev');
  try {
    for (const file of files) folder.write(file, text);
    folder.write('manifest.json', manifestOf(files));
    const foreign = folder.foreignFiles();
    folder.swap();
    return foreign;
  } finally {
    folder.discard();
  }
}
const at = (...path: string[]) => join(outdir, ...path);
const list = (folder = 'dev') => fs.readdirSync(at(folder)).sort();
const read = (file: string) => fs.readFileSync(at('dev', file), 'utf8');

test('writes a folder, and nothing beside it', () => {
  expect(writeAll(['a.yaml', 'b.yaml'], '1')).toEqual([]);
  expect(fs.readdirSync(outdir)).toEqual(['dev']);
  expect(list()).toEqual(['a.yaml', 'b.yaml', 'manifest.json']);
});

test('a second time, files that are no longer made are gone', () => {
  writeAll(['a.yaml', 'b.yaml'], '1');
  writeAll(['b.yaml', 'c.yaml'], '2');
  expect(list()).toEqual(['b.yaml', 'c.yaml', 'manifest.json']);
  expect(read('b.yaml')).toBe('2');
  expect(fs.readdirSync(outdir)).toEqual(['dev']);
});

test('what is not ours stays: files, folders, links and what they lead to', () => {
  writeAll(['a.yaml', 'b.yaml'], '1');
  fs.writeFileSync(at('outside.txt'), 'outside');
  fs.writeFileSync(at('dev', 'notes.txt'), 'mine');
  fs.mkdirSync(at('dev', 'folder'));
  fs.writeFileSync(at('dev', 'folder', 'deep.txt'), 'mine');
  fs.symlinkSync(at('outside.txt'), at('dev', 'link'));
  fs.rmSync(at('dev', 'a.yaml'));
  fs.symlinkSync(at('outside.txt'), at('dev', 'a.yaml'));
  expect(writeAll(['a.yaml'], '2')).toEqual(['folder', 'link', 'notes.txt']);
  expect(list()).toEqual(['a.yaml', 'folder', 'link', 'manifest.json', 'notes.txt']);
  expect(read('notes.txt') + read('folder/deep.txt') + read('link') + read('a.yaml')).toBe('minemineoutside2');
  expect(fs.readFileSync(at('outside.txt'), 'utf8')).toBe('outside');
});

test('a new file never replaces one that is not ours', () => {
  writeAll(['a.yaml'], '1');
  fs.writeFileSync(at('dev', 'b.yaml'), 'mine');
  expect(() => writeAll(['a.yaml', 'b.yaml'], '2')).toThrow('dev/b.yaml is in the way');
  expect([read('a.yaml'), read('b.yaml')]).toEqual(['1', 'mine']);
  expect(fs.readdirSync(outdir)).toEqual(['dev']);
});

test('a folder named like one of our files is not ours', () => {
  writeAll(['a.yaml', 'b.yaml'], '1');
  fs.rmSync(at('dev', 'b.yaml'));
  fs.mkdirSync(at('dev', 'b.yaml'));
  writeAll(['a.yaml'], '2');
  expect(list()).toEqual(['a.yaml', 'b.yaml', 'manifest.json']);
});

describe('a folder that is not ours is refused and untouched', () => {
  const refused = (message: string) => {
    const before = fs.readdirSync(outdir, { recursive: true });
    expect(() => writeAll(['a.yaml'], '1')).toThrow(message);
    expect(fs.readdirSync(outdir, { recursive: true })).toEqual(before);
  };
  test('with files and no manifest.json', () => {
    fs.mkdirSync(at('dev'));
    fs.writeFileSync(at('dev', 'a.yaml'), 'mine');
    refused('holds files and no manifest.json');
    expect(read('a.yaml')).toBe('mine');
  });
  test('with another manifest.json', () => {
    fs.mkdirSync(at('dev'));
    fs.writeFileSync(at('dev', 'manifest.json'), '{}');
    refused('was not written by oscar-cdk8s');
  });
  test('with a manifest.json elsewhere', () => {
    fs.mkdirSync(at('dev'));
    fs.writeFileSync(at('elsewhere.json'), manifestOf(['a.yaml']));
    fs.symlinkSync(at('elsewhere.json'), at('dev', 'manifest.json'));
    refused('no manifest.json');
  });
  test('a link', () => {
    fs.mkdirSync(at('elsewhere'));
    fs.symlinkSync(at('elsewhere'), at('dev'));
    refused('is a symbolic link');
  });
  test('a file', () => {
    fs.writeFileSync(at('dev'), '');
    refused('is no folder');
  });
});

test('an empty folder is taken', () => {
  fs.mkdirSync(at('dev'));
  writeAll(['a.yaml'], '1');
  expect(list()).toEqual(['a.yaml', 'manifest.json']);
});

test.each(['..', '.', 'a/b', '', 'A', '-a'])('no environment is called %p', (name) => {
  expect(() => new OutputFolder(outdir, name)).toThrow('not a name');
});

test('a manifest that names files elsewhere leads nowhere', () => {
  writeAll(['a.yaml'], '1');
  fs.writeFileSync(at('keep.yaml'), 'keep');
  fs.writeFileSync(at('dev', 'manifest.json'), manifestOf(['a.yaml', '../keep.yaml']));
  writeAll(['a.yaml'], '2');
  expect(fs.readFileSync(at('keep.yaml'), 'utf8')).toBe('keep');
});

test('killed at any moment, the folder holds all of the old or all of the new; the next run puts all right', async () => {
  const scripts = fs.mkdtempSync(join(tmpdir(), 'writer-'));
  const script = join(scripts, 'writer.cjs');
  const source = join(__dirname, '../../src/synth');
  buildSync({
    stdin: {
      contents: `
        import { OutputFolder } from '${source}/folder';
        import { manifestText } from '${source}/manifest';
        for (let i = 0; ; i++) {
          const folder = new OutputFolder(process.argv[2], 'dev');
          const files = Array.from({ length: 20 }, (_, n) => 'f' + n + '-' + (i % 3) + '.yaml');
          for (const file of files) folder.write(file, 'generation ' + i);
          const entries = files.map((file) => ({ file, sha256: '', objects: [] }));
          folder.write('manifest.json', manifestText({ generator: 'oscar-cdk8s/1', environment: 'dev', version: String(i), files: entries }));
          folder.foreignFiles();
          folder.swap();
          folder.discard();
          if (i === 0) process.stdout.write('started');
        }`,
      resolveDir: __dirname,
    },
    bundle: true,
    platform: 'node',
    outfile: script,
  });
  writeAll(['first.yaml'], 'generation 1');
  fs.writeFileSync(at('dev', 'notes.txt'), 'mine');
  let whole = 0;
  for (let round = 0; round < 25; round++) {
    const child = spawn(process.execPath, [script, outdir], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((started) => child.stdout.once('data', started));
    await new Promise((wait) => setTimeout(wait, (round * 7) % 23));
    child.kill('SIGKILL');
    await new Promise((ended) => child.once('exit', ended));
    if (!fs.existsSync(at('dev'))) continue;
    expectWhole(at('dev'));
    whole++;
  }
  expect(whole).toBeGreaterThan(0);
  writeAll(['last.yaml'], 'last');
  expect(fs.readdirSync(outdir)).toEqual(['dev']);
  expect(list()).toEqual(['last.yaml', 'manifest.json', 'notes.txt']);
  fs.rmSync(scripts, { recursive: true });
}, 60_000);

/** All files that the manifest names are there, of one generation, and no others but the user's. */
function expectWhole(folder: string): void {
  const manifest = JSON.parse(fs.readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const named: string[] = manifest.files.map(({ file }: { file: string }) => file);
  const texts = named.map((file) => fs.readFileSync(join(folder, file), 'utf8'));
  expect(new Set(texts)).toEqual(new Set([`generation ${manifest.version}`]));
  const others = fs.readdirSync(folder).filter((file) => !named.includes(file) && file !== 'notes.txt');
  expect(others).toEqual(['manifest.json']);
}
