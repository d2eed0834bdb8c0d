import fc from 'fast-check';
import { join } from 'node:path';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import { findInterpreter } from '../../../../src/programs/supervisor/script/shebang';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();
let program: string;
beforeEach(() => {
  program = folder.write('bin/python', '', 0o755);
  folder.write('bin/data', '', 0o644);
});

/** `BIN` in a first line is the folder with the programs. */
const find = (line: string | Buffer, path = join(folder.path, 'bin')) => {
  const text = typeof line === 'string' ? line.replaceAll('BIN', join(folder.path, 'bin')) : line;
  return findInterpreter(folder.write('script.sh', text), { PATH: path });
};
const SHELL = { command: '/bin/sh', args: [] };

test.each([
  ['nothing'],
  ['# a comment\n'],
  [' #!/bin/cat\n'],
  ['\ufeff#!/bin/cat\n'],
  ['#!\n'],
  ['#! \t\n'],
  ['echo\n#!/bin/cat\n'],
])('%j asks for nothing: the shell', (line) => expect(find(line)).toEqual(SHELL));

test.each([
  ['#!/bin/sh', []],
  ['#!/bin/sh\necho', []],
  ['#! \t/bin/sh \t\necho', []],
  ['#!/bin/sh -e\necho', ['-e']],
  ['#!/bin/sh  -e  -u \necho', ['-e  -u']],
])('%j asks for the shell', (line, args) => expect(find(line)).toEqual({ command: '/bin/sh', args }));

test.each([
  ['#!BIN/python\n', []],
  ['#!BIN/python -u\n', ['-u']],
  ['#!/usr/bin/env python\n', []],
  ['#!/bin/env python\n', []],
  ['#!/usr/bin/env BIN/python\n', []],
  ['#!/usr/bin/env -S python -u -X dev\n', ['-u', '-X', 'dev']],
  ['#!/usr/bin/env -Spython -u\n', ['-u']],
  ['#!/usr/bin/env --split-string=python -u\n', ['-u']],
])('%j', (line, args) => expect(find(line)).toEqual({ command: program, args }));

test('PATH is searched in its order, and may be relative', () => {
  const first = folder.write('first/python', '', 0o755);
  const path = `/nowhere:${join(folder.path, 'first')}:${join(folder.path, 'bin')}`;
  expect(find('#!/usr/bin/env python\n', path).command).toBe(first);
});

test.each([
  ['#!/no/such/python\n', '/no/such/python'],
  ['#!BIN/data -x\n', '/data -x'],
  ['#!BIN\n', '/bin'],
  ['#!/usr/bin/env ruby\n', '/usr/bin/env ruby'],
  ['#!/usr/bin/env\n', '/usr/bin/env'],
  ['#!/usr/bin/env  \t\r\n', '/usr/bin/env'],
  ['#! /bin/env -S  \n', '/bin/env -S'],
  // As one argument it is one program's name: Linux has it so, and GNU's env says the same.
  ['#!/usr/bin/env python -u\n', '/usr/bin/env python -u'],
  ['#!/usr/bin/env data\n', '/usr/bin/env data'],
])('%j is not in the image: the shell, with a warning', (line, asked) => {
  const { warning, ...rest } = find(line);
  expect(rest).toEqual(SHELL);
  expect(warning).toContain("which this image hasn't: /bin/sh runs it");
  expect(warning).toContain(asked);
});

test.each(['#!/usr/bin/env -i python\n', '#!/usr/bin/env -S A=1 python\n', '#!/usr/bin/env -S "my python"\n'])(
  "%j is env's own business",
  (line) => {
    const { command, args, warning } = find(line);
    if (warning)
      expect(command).toBe('/bin/sh'); // an image without env
    else expect([command, args]).toEqual(['/usr/bin/env', [line.slice('#!/usr/bin/env '.length, -1)]]);
  },
);

test('line ends of Windows: the interpreter is found, and a warning tells why it may fail', () => {
  const { warning, ...rest } = find('#!/bin/sh -e\r\necho\r\n');
  expect(rest).toEqual({ command: '/bin/sh', args: ['-e'] });
  expect(warning).toContain('CRLF');
});

test.each([
  ['a NUL', Buffer.from('#!/bin/c\0at\n')],
  ['a binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2])],
  ['an empty file', Buffer.alloc(0)],
])('%s: the shell', (_, bytes) => expect(find(bytes)).toEqual(SHELL));

test('a first line without an end is read to a limit', () => {
  expect(find(`#!/no/such/${'x'.repeat(1_000_000)}`).command).toBe('/bin/sh');
});

test('no script', () => {
  const run = () => findInterpreter(join(folder.path, 'missing.sh'));
  expect(run).toThrow(InvocationError);
  expect(run).toThrow(/missing\.sh, the service's script, can't be read: it is not there\. Fix:/);
});

test('a folder in its place', () => {
  folder.write('script.sh/file', '');
  expect(() => findInterpreter(join(folder.path, 'script.sh'))).toThrow(/can't be read: EISDIR/);
});

test('whatever a script begins with, something runs it, and never by a path with a NUL', () => {
  const part = fc.constantFrom(
    '#!',
    ' ',
    '\t',
    '/bin/sh',
    '/usr/bin/env',
    '-S',
    'sh',
    '\r',
    '\n',
    '"',
    '\\',
    '\0',
    '-',
    '=',
  );
  const beginning = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.array(part).map((parts) => `#!${parts.join('')}`),
  );
  fc.assert(
    fc.property(beginning, (bytes) => {
      const { command, args } = find(Buffer.from(bytes as string), '/bin:');
      expect(command).toMatch(/^\/[^\0]+$/);
      expect(args.join('')).not.toMatch(/[\0\n]/);
    }),
  );
});
