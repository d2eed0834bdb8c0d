import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from '../../src/constructs/script';
import { refusal } from './service-fixture';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'script-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Buffer): string {
  const path = join(folder, 'script.sh');
  writeFileSync(path, content);
  return path;
}
const refused = (content: string | Buffer) => refusal(() => Script.fromFile(file(content)).read('cowsay'));

test('text comes as it stands, from a file as well as inline', () => {
  const text = '#!/bin/sh\necho ü "$INPUT_FILE_PATH"\n';
  expect(Script.fromFile(file(text)).read('cowsay')).toBe(text);
  expect(Script.inline(text).read('cowsay')).toBe(text);
});

test('a file that is not there is refused with its name', () => {
  const path = join(folder, 'missing.sh');
  const message = refusal(() => Script.fromFile(path).read('cowsay'));
  expect(message).toContain('service "cowsay": script: there is no such script');
  expect(message).toContain(path);
  expect(message).toContain('Fix: name a file that is there');
});

test('a folder is refused', () => {
  expect(refusal(() => Script.fromFile(folder).read('cowsay'))).toContain('a folder where a script has to be');
});

test('a file in a file is refused as one that is not there', () => {
  expect(refusal(() => Script.fromFile(join(file('x'), 'y')).read('cowsay'))).toContain('there is no such script');
});

const asRoot = process.getuid?.() === 0;
test('a file that may not be read is refused', () => {
  const path = file('x');
  chmodSync(path, 0o000);
  const read = () => Script.fromFile(path).read('cowsay');
  if (asRoot) expect(read()).toBe('x');
  else expect(refusal(read)).toContain('EACCES');
  chmodSync(path, 0o600);
});

test.each([
  ['nothing', '', 'is empty'],
  ['blanks', ' \n\t\n', 'is empty'],
  ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff]), 'not text in UTF-8'],
  ['Latin-1', Buffer.from('echo \xfc', 'latin1'), 'not text in UTF-8'],
  ['a NUL byte', 'echo\0', 'is not text'],
  ['a byte order mark', '\ufeff#!/bin/sh\n', 'byte order mark'],
  ['a first line as on Windows', '#!/bin/sh\r\necho\r\n', 'sed -i'],
  ['more than a ConfigMap holds', 'x'.repeat(1048577), '1048577 bytes'],
])('%s is refused', (_, content, problem) => expect(refused(content)).toContain(problem));

test('Windows lines without an interpreter line are the script’s own business', () => {
  expect(Script.inline('echo hi\r\n').read('cowsay')).toBe('echo hi\r\n');
});

test('inline text with broken Unicode is refused', () => {
  expect(refusal(() => Script.inline('echo \ud800').read('cowsay'))).toContain('is not text');
});
