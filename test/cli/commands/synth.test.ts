import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../running';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-'));
  mkdirSync(join(folder, 'environments'));
  writeFileSync(join(folder, 'environments', 'run.sh'), '#!/bin/sh\ncat "$INPUT_FILE_PATH"\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const ENVIRONMENT = (name: string, memory = '256Mi') => `apiVersion: oscar-cdk8s/v1
kind: Environment
name: ${name}
version: 1.0.0
services:
  - name: cowsay
    image: docker.io/library/busybox:1.37
    script: run.sh
    memory: ${memory}
`;
const write = (file: string, text: string) => writeFileSync(join(folder, 'environments', file), text);
const dist = () => readdirSync(join(folder, 'dist')).sort();

const synth = (...args: string[]) =>
  run('synth', '--environments', join(folder, 'environments'), '--outdir', join(folder, 'dist'), ...args);

test('writes all environments of the folder, and says what it wrote', async () => {
  write('dev.yaml', ENVIRONMENT('dev'));
  write('test.yaml', ENVIRONMENT('test'));
  mkdirSync(join(folder, 'environments', 'base'));
  writeFileSync(join(folder, 'environments', 'base', 'common.yaml'), 'not: an environment\n');
  const { code, out, err } = await synth();
  expect(err).toEqual([]);
  expect(code).toBe(0);
  expect(dist()).toEqual(['dev', 'test']);
  expect(out).toEqual(
    ['dev', 'test'].map((name) => expect.stringMatching(new RegExp(`/dist/${name}: \\d+ files, \\d+ objects$`))),
  );
});

test('writes the named ones only', async () => {
  write('dev.yaml', ENVIRONMENT('dev'));
  write('test.yaml', ENVIRONMENT('test'));
  expect(await synth('test')).toMatchObject({ code: 0, err: [] });
  expect(dist()).toEqual(['test']);
});

test('a name that is no environment is refused, with the nearest', async () => {
  write('production.yaml', ENVIRONMENT('production'));
  const { code, err } = await synth('prodction');
  expect(code).toBe(1);
  expect(err[0]).toContain('unknown environment "prodction", did you mean "production"?');
});

test('errors are the findings, each with its place, and nothing is written', async () => {
  write('dev.yaml', ENVIRONMENT('dev', 'much'));
  write('test.yaml', ENVIRONMENT('test').replace('image:', 'imgae:'));
  const { code, out, err } = await synth();
  expect(code).toBe(1);
  expect(out).toEqual([]);
  expect(err.join('\n')).toMatch(/environments\/test.yaml:7:\d+: .*imgae/);
  expect(err.join('\n')).not.toMatch(/^\s+at /m);
  expect(() => dist()).toThrow('ENOENT');
});

test('what only a construct refuses is found in the file as well', async () => {
  write('dev.yaml', ENVIRONMENT('dev', 'much'));
  const { code, err } = await synth();
  expect(code).toBe(1);
  expect(err.join('\n')).toMatch(/^\S*environments\/dev.yaml:9:\d+: .*cowsay.*much/);
  expect(dist()).toEqual([]);
});

test('--strict makes errors of warnings', async () => {
  write('dev.yaml', `${ENVIRONMENT('dev').split('  - name')[0]}  - fdl: fdl/cowsay.yaml\n`);
  mkdirSync(join(folder, 'environments', 'fdl'));
  const fdl = `functions:
  oscar:
    - cluster:
        name: cowsay
        image: docker.io/library/busybox:1.37
        script: ../run.sh
        alpine: true
`;
  writeFileSync(join(folder, 'environments', 'fdl', 'cowsay.yaml'), fdl);
  const lax = await synth();
  expect(lax.code).toBe(0);
  expect(lax.err.join('\n')).toMatch(/fdl\/cowsay.yaml:7:\d+: warning: .*alpine/);
  const strict = await synth('--strict');
  expect(strict.code).toBe(1);
  expect(strict.err.join('\n')).toContain('alpine');
});

test('a file that is not ours is warned of', async () => {
  write('dev.yaml', ENVIRONMENT('dev'));
  await synth();
  writeFileSync(join(folder, 'dist', 'dev', 'mine.yaml'), 'a: 1\n');
  const { code, err } = await synth();
  expect(code).toBe(0);
  expect(err).toEqual([
    expect.stringMatching(/^warning: .*dev\/mine.yaml was not written by oscar-cdk8s: it stays, and kubectl/),
  ]);
});

test('a folder without environments, or none at all', async () => {
  expect(await synth()).toMatchObject({ code: 1, err: [expect.stringContaining('no environment in')] });
  expect(await synth('--environments', join(folder, 'nowhere'))).toMatchObject({
    code: 1,
    err: [expect.stringContaining("can't read the folder")],
  });
});

describe('--check', () => {
  const check = (...args: string[]) => synth('--check', ...args);
  const file = (...path: string[]) => join(folder, 'dist', ...path);

  test('is fine where the folder is what the environments say, and writes nothing', async () => {
    write('dev.yaml', ENVIRONMENT('dev'));
    await synth();
    const before = readFileSync(file('dev', 'manifest.json'), 'utf8');
    writeFileSync(file('dev', 'mine.yaml'), 'a: 1\n');
    expect(await check()).toEqual({ code: 0, out: [], err: [] });
    expect(readFileSync(file('dev', 'manifest.json'), 'utf8')).toBe(before);
  });

  test('names each file that is missing, differs or is left over, and says what to do', async () => {
    write('dev.yaml', `${ENVIRONMENT('dev')}  - { name: two, image: busybox, script: run.sh }\n`);
    write('old.yaml', ENVIRONMENT('old'));
    await synth();
    write('dev.yaml', ENVIRONMENT('dev', '512Mi'));
    rmSync(join(folder, 'environments', 'old.yaml'));
    rmSync(file('dev', '10-minio.yaml'));
    const { code, out, err } = await check();
    expect(code).toBe(2);
    expect(out).toEqual([
      ...[
        '10-manager.yaml: differs',
        '10-minio.yaml: missing',
        '10-provisioner.yaml: differs',
        '10-sweep.yaml: differs',
      ].map((line) => file('dev', line)),
      ...['manifest.json: differs', 'service-cowsay.yaml: differs', 'service-two.yaml: left over'].map((line) =>
        file('dev', line),
      ),
      `${file('old')}: left over`,
    ]);
    expect(err).toEqual([expect.stringMatching(/dist is not what .*environments says: run oscar-cdk8s synth/)]);
  });

  test('of one environment says nothing of the others', async () => {
    write('dev.yaml', ENVIRONMENT('dev'));
    write('test.yaml', ENVIRONMENT('test'));
    await synth('dev');
    expect((await check('dev')).code).toBe(0);
    expect((await check()).code).toBe(2);
  });

  test('says nothing of a folder where nothing was written yet but that all is missing', async () => {
    write('dev.yaml', ENVIRONMENT('dev'));
    const { code, out } = await check();
    expect(code).toBe(2);
    expect(out.length).toBeGreaterThan(5);
    expect(out.every((line) => line.endsWith(': missing'))).toBe(true);
    expect(() => dist()).toThrow('ENOENT');
  });

  test('with --json gives them as data', async () => {
    write('dev.yaml', ENVIRONMENT('dev'));
    await synth();
    writeFileSync(file('dev', '10-minio.yaml'), '');
    const { code, out } = await check('--json');
    expect(code).toBe(2);
    expect(JSON.parse(out.join('\n'))).toEqual({
      differences: [{ file: file('dev', '10-minio.yaml'), problem: 'differs' }],
    });
  });
});

describe('--json', () => {
  test('says what was written', async () => {
    write('dev.yaml', ENVIRONMENT('dev'));
    const { code, out } = await synth('--json');
    expect(code).toBe(0);
    expect(JSON.parse(out.join('\n'))).toEqual({
      environments: [
        expect.objectContaining({ environment: 'dev', version: '1.0.0', folder: join(folder, 'dist', 'dev') }),
      ],
      warnings: [],
    });
  });

  test('says what is wrong, with each finding by itself, and nothing to persons', async () => {
    write('dev.yaml', ENVIRONMENT('dev').replace('image:', 'imgae:'));
    const { code, out, err } = await synth('--json');
    expect([code, err]).toEqual([1, []]);
    const { error } = JSON.parse(out.join('\n'));
    expect(error.message).toContain('imgae');
    expect(error.findings).toContainEqual(expect.objectContaining({ severity: 'error', line: 7 }));
  });
});
