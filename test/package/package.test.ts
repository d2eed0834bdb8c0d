import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
let project: string;
let packed: string[];

const run = (program: string, args: string[], cwd = project) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const write = (file: string, text: string) => {
  fs.mkdirSync(join(project, file, '..'), { recursive: true });
  fs.writeFileSync(join(project, file), text);
};

// As published: packed, then installed in an empty project. `npm test` has built what is packed.
beforeAll(() => {
  project = fs.mkdtempSync(join(tmpdir(), 'package-'));
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', project];
  const [{ filename, files }] = JSON.parse(run('npm', pack, ROOT));
  packed = files.map(({ path }: { path: string }) => path);
  write('package.json', '{ "name": "team", "private": true }');
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(project, filename)]);
}, 300_000);
afterAll(() => fs.rmSync(project, { recursive: true }));

test('the package holds what runs, its types and its papers, and nothing else', () => {
  const needed = [
    'lib/src/index.js',
    'lib/src/index.d.ts',
    'lib/src/cli/main.js',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
  ];
  const programs = ['manager', 'provisioner', 'supervisor', 'installer'].map((name) => `lib/programs/${name}.cjs.gz`);
  expect(packed).toEqual(expect.arrayContaining([...needed, ...programs]));
  const others = packed.filter(
    (path) => !/^(lib\/|schema\/|docs\/|package\.json$|README\.md$|CHANGELOG\.md$|LICENSE$)/.test(path),
  );
  expect(others).toEqual([]);
  expect(packed.filter((path) => /\.test\.|\/test\/|\.tsbuildinfo$/.test(path))).toEqual([]);
});

/**
 * Only the package's own types are there: what it needs of others, it brings; and declarations are checked as well.
 * (zod's want `esModuleInterop`.)
 */
function compile(file: string): void {
  const compilerOptions = { strict: true, esModuleInterop: true, target: 'ES2022', module: 'CommonJS', types: [] };
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')]);
}

const PROGRAM = `
import { App, Chart } from 'cdk8s';
import { FileService, Platform, Script } from 'oscar-cdk8s';

const app = new App();
const chart = new Chart(app, 'oscar', { disableResourceNameHashes: true });
const platform = new Platform(chart, 'platform', { buckets: { pictures: {} } });
const service = new FileService(chart, 'grayscale', {
  platform,
  image: 'ghcr.io/grycap/imagemagick',
  script: Script.inline('#!/bin/sh\\nconvert "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/out.png"\\n'),
  inputs: [{ ...platform.store.path('pictures/in'), suffix: ['.png'] }],
  outputs: [platform.store.path('pictures/out')],
});
void service;
app.synth();
`;

test('its constructs stand in a team’s own cdk8s app, typed', () => {
  write('main.ts', PROGRAM);
  compile('main.ts');
  run(process.execPath, ['main.js']);
  const manifests = fs.readFileSync(join(project, 'dist/oscar.k8s.yaml'), 'utf8');
  for (const text of ['kind: Namespace', 'name: grayscale', 'name: oscar-manager', 'pictures']) {
    expect(manifests).toContain(text);
  }
}, 120_000);

test('a wrong property is refused by the types', () => {
  write('wrong.ts', PROGRAM.replace('image:', 'imgae:'));
  let findings = '';
  try {
    compile('wrong.ts');
  } catch (error) {
    findings = (error as { stdout: string }).stdout;
  }
  expect(findings).toContain('imgae');
}, 120_000);

const ENVIRONMENT = `apiVersion: oscar-cdk8s/v1
kind: Environment
name: dev
version: 1.0.0
buckets:
  pictures: {}
services:
  - name: grayscale
    image: ghcr.io/grycap/imagemagick
    script: grayscale.sh
    input: [{ path: pictures/in, suffix: [.png] }]
    output: [{ path: pictures/out }]
`;

describe('its command', () => {
  const command = () => join(project, 'node_modules/.bin/oscar-cdk8s');
  const bytes = (folder: string) =>
    fs
      .readdirSync(folder)
      .sort()
      .map((file) => [file, fs.readFileSync(join(folder, file), 'utf8')]);
  beforeAll(() => {
    write('environments/dev.yaml', ENVIRONMENT);
    write('environments/grayscale.sh', '#!/bin/sh\nconvert "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/out.png"\n');
  });

  test('synthesizes', () => {
    const out = run(command(), ['synth', '--outdir', 'out']);
    expect(out).toMatch(/^out\/dev: \d+ files, \d+ objects\n$/);
    expect(fs.readdirSync(join(project, 'out/dev'))).toEqual(expect.arrayContaining(['service-grayscale.yaml']));
  });

  test('gives the same bytes through `cdk8s synth`', () => {
    run(command(), ['synth', '--outdir', 'out']);
    write('cdk8s.yaml', 'language: typescript\napp: node_modules/.bin/oscar-cdk8s synth\n');
    write('through/stale.yaml', 'gone: true\n');
    run(process.execPath, [join(ROOT, 'node_modules/cdk8s-cli/bin/cdk8s'), 'synth', '--output', 'through']);
    expect(fs.readdirSync(join(project, 'through'))).toEqual(['dev']);
    expect(bytes(join(project, 'through/dev'))).toEqual(bytes(join(project, 'out/dev')));
  }, 60_000);

  test('ends with 1 and a message, without a stack trace', () => {
    write('bad/dev.yaml', ENVIRONMENT.replace('version:', 'vresion:'));
    try {
      run(command(), ['synth', '--environments', 'bad', '--outdir', 'none']);
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string };
      expect(status).toBe(1);
      expect(stderr).toMatch(/^bad\/dev.yaml:4:1: .*vresion/m);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(fs.existsSync(join(project, 'none'))).toBe(false);
      return;
    }
    throw new Error('it did not fail');
  });
});

test('this repository’s own `cdk8s synth` is `npm run synth`', () => {
  expect(fs.readFileSync(join(ROOT, 'cdk8s.yaml'), 'utf8')).toMatch(/^app: npm run --silent synth$/m);
});
