import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MountedSecrets } from '../../src/programs/common/mounted-secrets';
import { isSecret } from '../../src/programs/manager/auth/same';

const folder = mkdtempSync(join(tmpdir(), 'oscar-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
let now = 0;
const secrets = () => new MountedSecrets(folder, () => now);

function write(role: string, file: string, text: string): void {
  mkdirSync(join(folder, role), { recursive: true });
  writeFileSync(join(folder, role, file), text);
}

test.each([
  ['token', 'token'],
  ['token\n', 'token'],
  ['token\r\n\n', 'token'],
  [' to ken ', ' to ken '],
  ['', undefined],
  ['\n', undefined],
])('%j', (text, value) => {
  write('webhook', 'token', text);
  expect(secrets().get('webhook/token')).toBe(value);
});

test('one that is not mounted', () => {
  expect(secrets().get('metrics/token')).toBeUndefined();
});

test('as the kubelet changes it: a symlink is swapped', () => {
  mkdirSync(join(folder, 'admin', '..1'), { recursive: true });
  mkdirSync(join(folder, 'admin', '..2'));
  writeFileSync(join(folder, 'admin', '..1', 'password'), 'old');
  writeFileSync(join(folder, 'admin', '..2', 'password'), 'new');
  symlinkSync('..1', join(folder, 'admin', '..data'));
  symlinkSync('..data/password', join(folder, 'admin', 'password'));
  const it = secrets();
  expect(it.get('admin/password')).toBe('old');
  symlinkSync('..2', join(folder, 'admin', '..next'));
  renameSync(join(folder, 'admin', '..next'), join(folder, 'admin', '..data'));
  now += 999;
  expect(it.get('admin/password')).toBe('old');
  now += 1;
  expect(it.get('admin/password')).toBe('new');
});

test.each([
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'ab', false],
  ['', '', false],
  ['', undefined, false],
  ['undefined', undefined, false],
])('%j is the secret %j: %s', (text, secret, same) => {
  expect(isSecret(text, secret)).toBe(same);
});
