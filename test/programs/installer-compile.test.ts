import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { SUPERVISOR_DIR, SUPERVISOR_FILES } from '../../src/contract';
import { compile } from '../../src/programs/installer/compile';

const { start, bundle, compiled } = SUPERVISOR_FILES;

/** A process of its own, as the installer is: V8's flags are part of its code, and other tests change Jest's. */
const COMPILER = buildSync({
  stdin: {
    contents: `import { compile } from '../../src/programs/installer/compile';
      import { readFileSync, writeFileSync } from 'node:fs';
      const program = compile(readFileSync(0, 'utf8'));
      for (const name of ['start', 'bundle', 'compiled']) writeFileSync(name, program[name]);`,
    resolveDir: __dirname,
  },
  bundle: true,
  platform: 'node',
  write: false,
}).outputFiles[0].text;

let folder: string;
const at = (file: string) => join(folder, file);
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'oscar-compile-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(source: string): void {
  execFileSync(process.execPath, ['-e', COMPILER], { input: source, cwd: folder, env: {} });
  for (const name of ['start', 'bundle', 'compiled'] as const) renameSync(at(name), at(SUPERVISOR_FILES[name]));
}

function run(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
  return { stdout, stderr, status };
}

/** Whether V8 takes the compiled code, or compiles again. */
const IS_TAKEN = `const [source, code] = process.argv.slice(1).map((file) => require('fs').readFileSync(file));
  const { cachedDataRejected } = new (require('vm').Script)(source.toString(), { cachedData: code });
  console.log(!cachedDataRejected);`;
const isTaken = () => run('-e', IS_TAKEN, at(bundle), at(compiled)).stdout.trim() === 'true';

describe('compile', () => {
  test('the bundle has what a CommonJS module has, and runs as one that was started', () => {
    write(`console.log(typeof exports, typeof require('fs').read, typeof module, __filename, __dirname, process.argv[2]);
      setTimeout(() => process.exit(3)); // the last line ends in a comment`);
    expect(run(at(start), 'one')).toEqual({
      stdout: `object function object ${at(bundle)} ${folder} one\n`,
      stderr: '',
      status: 3,
    });
  });

  test('V8 takes the compiled code', () => {
    write('console.log(1)');
    expect(isTaken()).toBe(true);
  });

  test('functions that were never called are compiled too', () => {
    const functions = Array.from({ length: 100 }, (_, i) => `exports.f${i} = function () { return ${i} };`).join('\n');
    write(functions);
    const lazily = new Script(readFileSync(at(bundle), 'utf8')).createCachedData();
    expect(readFileSync(at(compiled)).length - lazily.length).toBeGreaterThan(100 * 50);
  });

  test.each([
    ['of another source', () => compile('"longer than the other"').compiled],
    ['that is no code', () => 'no code'],
    ['that is empty', () => ''],
  ])('with code %s, V8 compiles again', (_, other) => {
    write('console.log(1)');
    writeFileSync(at(compiled), other());
    expect(isTaken()).toBe(false);
    expect(run(at(start))).toEqual({ stdout: '1\n', stderr: '', status: 0 });
  });

  test('flags by which V8 makes other code do no harm', () => {
    write('console.log(1)');
    expect(run('--no-opt', '--no-lazy', at(start)).stdout).toBe('1\n');
  });

  test('an error tells the line in the bundle', () => {
    write('\nthrow new Error("there")');
    expect(run(at(start)).stderr).toContain(`${SUPERVISOR_DIR}/${bundle}:2`);
  });

  test('what is no program is refused', () => {
    expect(() => compile('not a program')).toThrow('Unexpected identifier');
  });

  test('the supervisor loads modules by require alone', () => {
    const built = join(__dirname, '../../lib/programs/supervisor.cjs.gz');
    expect(existsSync(built)).toBe(true); // `npm test` builds first
    expect(gunzipSync(readFileSync(built)).toString()).not.toMatch(/\bimport\s*\(/);
  });
});
