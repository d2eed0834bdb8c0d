import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { programCommand } from '../../src/constructs/programs';
import { PROGRAM_DIR } from '../../src/contract';
import { installSupervisor } from '../../src/programs/installer/install';
import { findRuntime } from '../../src/programs/installer/runtime';
import { bundled } from './bundled';

const MINUTE = 60_000;
const VERSION = 'v1';
const OURS = ['supervisor.cjs', 'supervisor.js', 'supervisor.compiled'];
let root: string;
let target: string;
let installer: string;
let bundle: string;

const compile = (program: string) => bundled(join(__dirname, `../../src/programs/${program}/main.ts`));

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'oscar-installer-'));
  installer = join(root, 'installer.cjs');
  bundle = join(root, 'supervisor.cjs.gz');
  writeFileSync(installer, compile('installer'));
  writeFileSync(`${installer}.gz`, gzipSync(compile('installer')));
  writeFileSync(bundle, gzipSync(compile('supervisor')));
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  target = mkdtempSync(join(root, 'target-'));
});

/** Started as in its pod: by Node's `-e`, which shifts what a program finds as its arguments. */
const install = (...options: string[]) => {
  const [, ...args] = programCommand('installer').map((word) => word.replaceAll(PROGRAM_DIR, root));
  return execFileSync(process.execPath, [...args, target, VERSION, bundle, ...options], { encoding: 'utf8' });
};
/** Runs the installed supervisor as a pod would, by its own loader, without anything of this machine's in its way. */
const runInstalled = (...args: string[]) => {
  const at = (file: string) => join(target, VERSION, file);
  const command = ['--library-path', at('lib'), at('node'), at('supervisor.cjs'), ...args];
  return execFileSync(at('ld.so'), command, { encoding: 'utf8', env: {} });
};
const entries = () => readdirSync(target).sort();

describe('installer', () => {
  test('what it installs runs by its own loader', () => {
    expect(JSON.parse(install())).toMatchObject({ level: 'info', message: 'installed', target, version: VERSION });
    expect(entries()).toEqual([VERSION]);
    expect(runInstalled('--version')).toContain(`Node ${process.version} on ${process.platform} ${process.arch}`);
  });

  test('the installed Node takes its libraries from the volume only', () => {
    install();
    const at = (file: string) => join(target, VERSION, file);
    const listing = ['--library-path', at('lib'), '--list', at('node')];
    const listed = execFileSync(at('ld.so'), listing, { encoding: 'utf8', env: {} });
    expect(listed).toContain(at('lib/libc.so.6'));
    const foreign = listed
      .split('\n')
      .map((line) => /=> (\/\S+)/.exec(line)?.[1])
      .filter((file) => file !== undefined && !file.startsWith(at('')));
    expect(foreign).toEqual([]);
  });

  test('anyone may read and run it, and nobody but its owner write', () => {
    const mask = process.umask(0o077);
    try {
      install();
    } finally {
      process.umask(mask);
    }
    const mode = (file: string) => (statSync(join(target, VERSION, file)).mode & 0o777).toString(8);
    expect(
      Object.fromEntries(
        ['.', 'lib', 'ld.so', 'node', 'supervisor', ...OURS, 'lib/libc.so.6'].map((file) => [file, mode(file)]),
      ),
    ).toEqual({
      '.': '755',
      lib: '755',
      'ld.so': '755',
      node: '755',
      supervisor: '755',
      'supervisor.cjs': '644',
      'supervisor.js': '644',
      'supervisor.compiled': '644',
      'lib/libc.so.6': '755',
    });
  });

  test('a second run leaves what is there', () => {
    install();
    const before = statSync(join(target, VERSION)).ino;
    expect(JSON.parse(install()).message).toBe('already complete');
    expect(statSync(join(target, VERSION)).ino).toBe(before);
  });

  test('an empty folder, as a kubelet makes for a missing path, is filled', () => {
    mkdirSync(join(target, VERSION));
    expect(JSON.parse(install()).message).toBe('installed');
    expect(runInstalled('--version')).toContain('supervisor');
  });

  test('with --keep, a version that was superseded longer ago goes; without, it stays', () => {
    const old = join(target, 'old');
    mkdirSync(old);
    for (const file of ['ld.so', 'node', 'supervisor.cjs']) writeFileSync(join(old, file), '');
    writeFileSync(join(target, '.old.superseded'), '');
    utimesSync(join(target, '.old.superseded'), new Date(), new Date(Date.now() - 3_600_000));
    install();
    install('--keep', '7200');
    expect(entries()).toEqual(['.old.superseded', 'old', VERSION]);
    expect(
      install('--keep', '1800')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { message: 'already complete', version: VERSION },
      { message: 'removed: superseded long ago', version: 'old' },
    ]);
    expect(entries()).toEqual([VERSION]);
  });

  test.each([[], ['--keep'], ['--keep', ''], ['--keep', '7d'], ['--keep', '-1'], ['--kep', '1']])(
    'called with %j, it says how to',
    (...args) => {
      const given = args.length ? [target, VERSION, ...args] : [target];
      const { status, stdout } = spawnSync(process.execPath, [installer, ...given], { encoding: 'utf8' });
      expect(status).toBe(1);
      expect(JSON.parse(stdout).message).toBe('usage: installer TARGET VERSION [BUNDLE] [--keep SECONDS]');
      expect(entries()).toEqual([]);
    },
  );

  test('a folder with anything else in it is not touched', () => {
    mkdirSync(join(target, VERSION));
    writeFileSync(join(target, VERSION, 'theirs'), '');
    expect(installFailing().output).toContain("can't install into");
    expect(entries()).toEqual([VERSION]);
    expect(readdirSync(join(target, VERSION))).toEqual(['theirs']);
  });

  test(
    'many at a time: each succeeds, one folder remains',
    async () => {
      const runs = Array.from({ length: 5 }, () => spawn(process.execPath, [installer, target, VERSION, bundle]));
      const codes = await Promise.all(runs.map(async (run) => (await once(run, 'exit'))[0]));
      expect(codes).toEqual([0, 0, 0, 0, 0]);
      expect(entries()).toEqual([VERSION]);
      expect(runInstalled('--version')).toContain('supervisor');
    },
    MINUTE,
  );

  test(
    'killed at any moment, it is complete or not there, and the next run cleans up',
    async () => {
      for (let delay = 20; delay <= 400; delay += 20) {
        const run = spawn(process.execPath, [installer, target, VERSION, bundle]);
        setTimeout(() => run.kill('SIGKILL'), delay);
        await once(run, 'exit');
        if (entries().includes(VERSION)) expect(runInstalled('--version')).toContain('supervisor');
        install();
        expect(entries()).toEqual([VERSION]);
        expect(runInstalled('--version')).toContain('supervisor');
        rmSync(join(target, VERSION), { recursive: true });
      }
    },
    MINUTE,
  );

  test('another version at work is left alone, an abandoned one is removed', () => {
    const [atWork, abandoned] = ['.v2.tmp-aa', '.v3.tmp-bb'].map((name) => join(target, name));
    mkdirSync(atWork);
    mkdirSync(abandoned);
    utimesSync(abandoned, new Date(), new Date(Date.now() - 2 * 60 * MINUTE));
    install();
    expect(entries()).toEqual(['.v2.tmp-aa', VERSION]);
  });

  test.each(['..', '.', 'a/b'])('a version named %s is refused', (version) => {
    const nothing = () => {
      throw new Error('not reached');
    };
    expect(() => installSupervisor({ target, version, bundle: nothing, runtime: nothing })).toThrow(/version/);
    expect(entries()).toEqual([]);
  });

  test('a target that is not there is told in a sentence', () => {
    target = join(root, 'missing');
    expect(installFailing()).toEqual({ status: 1, output: expect.stringContaining('no such file or directory') });
    expect(installFailing().output).not.toContain('    at ');
  });
});

function installFailing(): { status: number; output: string } {
  try {
    install();
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, output: stdout };
  }
  throw new Error('it succeeded');
}

describe('runtime', () => {
  const node = '/usr/local/bin/node';

  test.each([
    ['/lib64/ld-linux-x86-64.so.2'],
    ['/lib/ld-linux-aarch64.so.1'],
    ['/lib/ld-linux-armhf.so.3'],
    ['/lib/ld64.so.1'],
    ['/lib64/ld64.so.2'],
    ['/lib/ld-musl-x86_64.so.1'],
  ])('the loader %s', (loader) => {
    const loaded = ['linux-vdso.so.1', '/usr/lib/libstdc++.so.6', loader, node];
    expect(findRuntime(loaded, node)).toEqual({ node, loader, libraries: ['/usr/lib/libstdc++.so.6'] });
  });

  test('a static Node is refused', () => {
    expect(() => findRuntime(['linux-vdso.so.1'], node)).toThrow(/linked statically.*Fix/);
  });

  test('a library is no loader because its name begins alike', () => {
    expect(() => findRuntime(['/usr/lib/libld.so.1', '/usr/lib/ldap.so'], node)).toThrow(/statically/);
  });

  test('of this machine: the loader, libc, and what libc opens itself', () => {
    const { loader, libraries } = findRuntime();
    expect(loader).toMatch(/\/ld/);
    expect(libraries.map((file) => file.split('/').pop())).toEqual(
      expect.arrayContaining(['libc.so.6', 'libstdc++.so.6', 'libnss_dns.so.2', 'libresolv.so.2']),
    );
  });
});
