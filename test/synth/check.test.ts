import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineEnvironment } from '../../src/environment';
import { compareWithFolder, synthesizeAll } from '../../src/synth';

let outdir: string;
beforeEach(() => (outdir = mkdtempSync(join(tmpdir(), 'check-'))));
afterEach(() => rmSync(outdir, { recursive: true }));

const environment = (name: string) =>
  defineEnvironment({ apiVersion: 'oscar-cdk8s/v1', kind: 'Environment', name, version: '1.0.0' });
const [dev, test_] = ['dev', 'test'].map(environment);

test('the same is no difference, and nothing is left aside', () => {
  const { TMPDIR } = process.env;
  const aside = mkdtempSync(join(tmpdir(), 'check-'));
  process.env.TMPDIR = aside;
  try {
    synthesizeAll([dev, test_], { outdir });
    expect(compareWithFolder([dev, test_], outdir, { isAll: true })).toEqual([]);
    expect(readdirSync(aside)).toEqual([]);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(aside, { recursive: true });
  }
});

test("another environment's folder is left over where the environments are all", () => {
  synthesizeAll([dev, test_], { outdir });
  expect(compareWithFolder([dev], outdir, { isAll: true })).toEqual([
    { file: join(outdir, 'test'), problem: 'left over' },
  ]);
  expect(compareWithFolder([dev], outdir, { isAll: false })).toEqual([]);
});

test("a folder that is nobody's is not looked at", () => {
  synthesizeAll([dev], { outdir });
  mkdirSync(join(outdir, 'mine'));
  writeFileSync(join(outdir, 'mine', 'a.yaml'), '');
  expect(compareWithFolder([dev], outdir, { isAll: true })).toEqual([]);
});

test('a folder that another program wrote is refused', () => {
  mkdirSync(join(outdir, 'dev'));
  writeFileSync(join(outdir, 'dev', 'manifest.json'), '{}');
  expect(() => compareWithFolder([dev], outdir, { isAll: true })).toThrow('was not written by oscar-cdk8s');
});
