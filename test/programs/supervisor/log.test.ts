import fc from 'fast-check';
import { LOG_LEVELS } from '../../../src/contract';
import { Log, onOneLine } from '../../../src/programs/supervisor/log';
import { Transcript } from '../../../src/programs/supervisor/transcript';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary';

const folder = temporaryFolder();

function logAt(level: (typeof LOG_LEVELS)[number]) {
  const lines: string[] = [];
  return { log: new Log('3f2a9c1b', level, (text) => lines.push(text)), lines };
}

const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (supervisor|script) - ([A-Z]+) - \[3f2a9c1b\] (.*)\n$/;

test.each([
  ['NOTSET', ['DEBUG', 'INFO', 'WARNING', 'ERROR'], true],
  ['DEBUG', ['DEBUG', 'INFO', 'WARNING', 'ERROR'], true],
  ['INFO', ['INFO', 'WARNING', 'ERROR'], true],
  ['WARNING', ['WARNING', 'ERROR'], true],
  ['ERROR', ['ERROR'], true],
  ['CRITICAL', [], false],
] as const)('level %s', (level, told, script) => {
  const { log, lines } = logAt(level);
  log.debug('a');
  log.info('a');
  log.warning('a');
  log.error('a');
  expect(lines.map((line) => LINE.exec(line)?.slice(1))).toEqual(told.map((name) => ['supervisor', name, 'a']));
  lines.length = 0;
  log.script(['x', '', 'y']);
  const expected = ['x', '', 'y'].map((text) => ['script', 'INFO', text]);
  const written = lines.join('').match(/.*\n/g) ?? [];
  expect(written.map((line) => LINE.exec(line)?.slice(1))).toEqual(script ? expected : []);
});

test('the time is now', () => {
  const { log, lines } = logAt('INFO');
  const before = Date.now();
  log.info('a');
  const time = Date.parse(`${lines[0].slice(0, 23).replace(' ', 'T').replace(',', '.')}Z`);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(Date.now());
});

test.each([
  ['a\nb', 'a\\nb'],
  ['a\r\tb', 'a\\x0d\\x09b'],
  ['\x1b[31m', '\\x1b[31m'],
  ['\u2028\u2029\u0085', '\\u{2028}\\u{2029}\\x85'],
  ['in/\u202egpj.exe', 'in/\\u{202e}gpj.exe'],
  ['a\u200bb\u00adc\ufeffd', 'a\\u{200b}b\\xadc\\u{feff}d'],
  ['\u2066\u{e0061}', '\\u{2066}\\u{e0061}'],
  ['äöü 漢字 😀', 'äöü 漢字 😀'],
])('%j stays one line', (message, line) => expect(onOneLine(message)).toBe(line));

test('a message is one line, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (message) => {
      expect(onOneLine(message)).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
    }),
  );
});

test("a name can't forge a line", () => {
  const { log, lines } = logAt('INFO');
  log.info('in "a\n2026-01-01 00:00:00,000 - supervisor - INFO - [3f2a9c1b] done"');
  expect(lines).toHaveLength(1);
  expect(lines[0].match(/\n/g)).toHaveLength(1);
});

describe('transcript', () => {
  const open = (limit?: number) => new Transcript(join(folder.path, 'transcript'), limit);
  const content = ({ file }: Transcript) => readFileSync(file, 'utf8');

  test('has what the log says, and not what the log leaves out', () => {
    const { log, lines } = logAt('INFO');
    log.transcript = open();
    log.debug('not this');
    log.info('this');
    log.script(['raw lines come from elsewhere']);
    expect(content(log.transcript)).toBe(lines[0]);
  });

  test('raw output is kept as it is, and lines of the log begin a line', () => {
    const transcript = open();
    transcript.raw(Buffer.from([0x61, 0xff, 0x62]));
    transcript.line('log 1\n');
    transcript.line('log 2\n');
    transcript.raw(Buffer.from('c\n'));
    transcript.line('log 3\n');
    transcript.close();
    expect(readFileSync(transcript.file, 'latin1')).toBe('a\xffb\nlog 1\nlog 2\nc\nlog 3\n');
  });

  test('it is bounded, says so, and takes no more', () => {
    const transcript = open(10);
    transcript.raw(Buffer.from('1234567'));
    transcript.raw(Buffer.from('890abc'));
    transcript.raw(Buffer.from('more'));
    transcript.line('more\n');
    expect(content(transcript)).toMatch(/^1234567890\n\[cut here: .*\]\n$/);
  });

  test('what fits exactly is not cut', () => {
    const transcript = open(3);
    transcript.raw(Buffer.from('123'));
    expect(content(transcript)).toBe('123');
  });

  test('a full disk ends it, and nothing else', () => {
    const transcript = new Transcript('/dev/full');
    transcript.raw(Buffer.from('a'));
    transcript.line('b\n');
    transcript.close();
  });
});
