import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/main';

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

async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: string[][] = [[], []];
  const output = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  return { code: await main(args, output), out, err };
}
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

test('wrong use is one line and a hint', async () => {
  expect(await run('synth', '--nonsense')).toEqual({
    code: 1,
    out: [],
    err: [expect.stringMatching(/^oscar-cdk8s: unknown option "--nonsense".*\nTry: oscar-cdk8s --help$/)],
  });
});

test('help and version', async () => {
  const help = await run('--help');
  expect(help).toMatchObject({ code: 0, err: [] });
  for (const word of ['synth', '--outdir', '--environments', '--strict', '--version', 'Exit codes', 'kubectl apply']) {
    expect(help.out.join('\n')).toContain(word);
  }
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8'));
  expect(await run('--version')).toEqual({ code: 0, out: [version], err: [] });
});
