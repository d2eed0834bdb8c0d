import { ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { installSupervisor } from '../../src/programs/installer/install';
import { findRuntime } from '../../src/programs/installer/runtime';
import { removeSuperseded, unmark } from '../../src/programs/installer/superseded';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const WEEK = 7 * DAY;

let root: string;
let target: string;
let file: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'oscar-superseded-'));
  file = join(root, 'some-file');
  writeFileSync(file, 'content');
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  target = mkdtempSync(join(root, 'target-'));
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** A version of small files: what is in them doesn't matter here. */
const install = (version: string) =>
  installSupervisor({
    target,
    version,
    bundle: () => Buffer.from('bundle'),
    runtime: () => ({ node: file, loader: file, libraries: [file] }),
  });
const FILES = ['ld.so', 'lib', 'node', 'supervisor', 'supervisor.cjs', 'supervisor.compiled', 'supervisor.js'];
const entries = () => readdirSync(target).sort();
const mark = (version: string) => join(target, `.${version}.superseded`);
/** As if it had been superseded so long ago. */
const age = (version: string, ms: number) => {
  writeFileSync(mark(version), '');
  utimesSync(mark(version), new Date(), new Date(Date.now() - ms));
};

describe('superseded versions', () => {
  test('a version that is met for the first time is marked, and goes when the time is over', () => {
    install('v1');
    install('v2');
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual([]);
    expect(entries()).toEqual(['.v1.superseded', 'v1', 'v2']);
    age('v1', WEEK - MINUTE);
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual([]);
    age('v1', WEEK + MINUTE);
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual(['v1']);
    expect(entries()).toEqual(['v2']);
  });

  test('a mark tells the first time, whoever comes later', () => {
    for (const version of ['v1', 'v2', 'v3']) install(version);
    age('v1', 2 * DAY);
    const since = statSync(mark('v1')).mtimeMs;
    removeSuperseded(target, 'v2', WEEK);
    removeSuperseded(target, 'v3', WEEK);
    expect(statSync(mark('v1')).mtimeMs).toBe(since);
  });

  test('a version that becomes the current one again loses its mark, and its time begins anew', () => {
    install('v1');
    install('v2');
    age('v1', WEEK + DAY);
    install('v1');
    expect(removeSuperseded(target, 'v1', WEEK)).toEqual([]);
    expect(entries()).toEqual(['.v2.superseded', 'v1', 'v2']);
    install('v2');
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual([]);
    expect(Date.now() - statSync(mark('v1')).mtimeMs).toBeLessThan(DAY);
  });

  test('the current version stays, whatever its mark says', () => {
    install('v1');
    age('v1', WEEK + DAY);
    expect(removeSuperseded(target, 'v1', WEEK)).toEqual([]);
    expect(readdirSync(join(target, 'v1')).sort()).toEqual(FILES);
  });

  test('a mark whose folder has gone, too: it would be an old one if the version came back', () => {
    install('v2');
    age('v1', WEEK + DAY);
    removeSuperseded(target, 'v2', WEEK);
    expect(entries()).toEqual(['v2']);
  });

  test.each<[string, (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, '')],
    ['an empty folder', (path) => mkdirSync(path)],
    ['a folder without the bundle', (path) => folder(path, 'ld.so', 'node')],
    ['a folder without a loader', (path) => folder(path, 'node', 'supervisor.cjs')],
    ['a folder without Node', (path) => folder(path, 'ld.so', 'supervisor.cjs')],
    ['a link to a version', (path) => symlinkSync(join(target, 'v2'), path)],
  ])('%s is no version: it stays, without a mark', (_, make) => {
    install('v2');
    make(join(target, 'theirs'));
    expect(removeSuperseded(target, 'v2', -1)).toEqual([]);
    expect(entries()).toEqual(['theirs', 'v2']);
  });

  test('a hidden folder is none either', () => {
    install('v2');
    folder(join(target, '.theirs'), 'ld.so', 'node', 'supervisor.cjs');
    expect(removeSuperseded(target, 'v2', -1)).toEqual([]);
    expect(entries()).toEqual(['.theirs', 'v2']);
  });

  test('a version that something runs stays until it ends', async () => {
    install('v1');
    install('v2');
    copyFileSync(findRuntime().loader, join(target, 'v1', 'ld.so'));
    const running = spawn(join(target, 'v1', 'ld.so'), [
      process.execPath,
      '-e',
      'console.log(1);setInterval(()=>{},9)',
    ]);
    await once(running.stdout, 'data');
    age('v1', 100 * WEEK);
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual([]);
    expect(readdirSync(join(target, 'v1')).sort()).toEqual(FILES);
    running.kill('SIGKILL');
    await once(running, 'exit');
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual(['v1']);
  });

  test('a folder that can’t be written is told in a sentence', () => {
    expect(() => removeSuperseded(join(root, 'missing'), 'v2', WEEK)).toThrow(/can't install into .*no such file/);
  });
});

function folder(path: string, ...files: string[]): void {
  mkdirSync(path);
  for (const name of files) writeFileSync(join(path, name), '');
}

describe('a rollback while the version is being removed', () => {
  /** Does something right after the folder was put aside. */
  const afterRename = (act: () => void) => {
    const rename = fs.renameSync;
    jest.spyOn(fs, 'renameSync').mockImplementationOnce((from, to) => {
      rename(from, to);
      act();
    });
  };
  beforeEach(() => {
    install('v1');
    install('v2');
    age('v1', WEEK + DAY);
  });

  test('its installer found the folder before: it is put back', () => {
    afterRename(() => unmark(target, 'v1'));
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual([]);
    expect(entries()).toEqual(['v1', 'v2']);
    expect(readdirSync(join(target, 'v1')).sort()).toEqual(FILES);
  });

  test('its installer made the folder anew: that stays', () => {
    let made: number | undefined;
    afterRename(() => {
      install('v1');
      made = statSync(join(target, 'v1')).ino;
    });
    expect(removeSuperseded(target, 'v2', WEEK)).toEqual([]);
    expect(entries()).toEqual(['v1', 'v2']);
    expect(statSync(join(target, 'v1')).ino).toBe(made);
  });

  test('its installer takes what was put aside for a leftover: it installs again', () => {
    const list = fs.readdirSync;
    const remove = fs.rmSync;
    // After the look at the folder, before the leftovers are listed.
    jest.spyOn(fs, 'readdirSync').mockImplementationOnce(((path: string) => {
      fs.renameSync(join(target, 'v1'), join(target, '.v1.tmp-ab'));
      return list(path);
    }) as never);
    const removed = jest.spyOn(fs, 'rmSync').mockImplementation((path, options) => remove(path, options));
    expect(install('v1')).toBe('installed');
    expect(removed).toHaveBeenCalledWith(join(target, '.v1.tmp-ab'), expect.anything());
    expect(entries()).toEqual(['v1', 'v2']);
  });
});

describe('processes', () => {
  const OTHERS = 1000;
  let program: string;
  beforeAll(() => {
    program = join(root, 'program.cjs');
    const source = join(__dirname, '../../src/programs/installer');
    const contents = `
      import { installSupervisor } from '${source}/install';
      import { removeSuperseded } from '${source}/superseded';
      const [target, version, file] = process.argv.slice(2);
      const runtime = () => ({ node: file, loader: file, libraries: [file] });
      installSupervisor({ target, version, bundle: () => Buffer.from('bundle'), runtime });
      process.stdout.write('installed');
      removeSuperseded(target, version, ${WEEK});`;
    const built = buildSync({ stdin: { contents, resolveDir: root }, bundle: true, platform: 'node', write: false });
    writeFileSync(program, built.outputFiles[0].contents);
  });
  const start = (version: string) => spawn(process.execPath, [program, target, version, file]);
  const ended = async (run: ChildProcess) => (await once(run, 'exit'))[0] as number | null;
  /** A version that takes its time to be removed. */
  const installLarge = (version: string) => {
    install(version);
    for (let i = 0; i < OTHERS; i++) writeFileSync(join(target, version, 'lib', `${i}`), '');
    age(version, WEEK + DAY);
  };
  const isWhole = (version: string) =>
    readdirSync(join(target, version)).length === FILES.length &&
    readdirSync(join(target, version, 'lib')).length === OTHERS + 1;

  test(
    'killed at any moment, the old version is whole or not there, and what is left goes later',
    async () => {
      for (let delay = 0; delay < 20; delay += 2) {
        installLarge('v1');
        const run = start('v2');
        await once(run.stdout, 'data');
        setTimeout(() => run.kill('SIGKILL'), delay);
        await ended(run);
        if (entries().includes('v1')) expect(isWhole('v1')).toBe(true);
        for (const left of entries().filter((name) => name.includes('.tmp-'))) {
          utimesSync(join(target, left), new Date(), new Date(Date.now() - DAY));
        }
        if (entries().includes('v1')) age('v1', WEEK + DAY);
        execFileSync(process.execPath, [program, target, 'v2', file]);
        expect(entries()).toEqual(['v2']);
      }
    },
    MINUTE,
  );

  test(
    'many at a time: each succeeds, the old version goes',
    async () => {
      installLarge('v1');
      const codes = await Promise.all(Array.from({ length: 5 }, () => ended(start('v2'))));
      expect(codes).toEqual([0, 0, 0, 0, 0]);
      expect(entries()).toEqual(['v2']);
    },
    MINUTE,
  );

  test(
    'installers of both versions at the same time: the old one is there when its own has ended',
    async () => {
      install('v1');
      install('v2');
      for (let round = 0; round < 10; round++) {
        age('v1', WEEK + DAY);
        expect(await Promise.all([ended(start('v1')), ended(start('v2'))])).toEqual([0, 0]);
        expect(readdirSync(join(target, 'v1')).sort()).toEqual(FILES);
      }
    },
    MINUTE,
  );
});
