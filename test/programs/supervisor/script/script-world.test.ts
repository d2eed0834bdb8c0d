import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pipes } from '../../../../src/programs/supervisor/script/run-script';
import { temporaryFolder } from '../temporary';
import { running } from './running';

const folder = temporaryFolder();
const run = (script: string | Buffer, options?: Parameters<typeof running>[2]) => running(folder, script, options);

describe('its world', () => {
  test('environment, working directory, no input, a session of its own', async () => {
    const env = { PATH: process.env.PATH, LD_LIBRARY_PATH: '/opt/lib', TEXT: 'a\nb', QUOTES: `'"$\\` };
    const script = `printf '%s|' "$LD_LIBRARY_PATH" "$TEXT" "$QUOTES" "$(pwd)" "$(cat)"; ps_of=$(cut -d' ' -f5,6 /proc/$$/stat); [ "$ps_of" = "$$ $$" ] && echo own`;
    const { transcript } = await run(script, { env });
    expect(transcript.toString()).toBe(`/opt/lib|a\nb|'"$\\|${process.cwd()}||own\n`);
  });

  test('nothing is added to the environment', async () => {
    const { transcript } = await run('tr "\\0" "\\n" < /proc/$$/environ', { env: { A: '1', PATH: '/usr/bin:/bin' } });
    expect(transcript.toString().trim().split('\n').sort()).toEqual(['A=1', 'PATH=/usr/bin:/bin']);
  });

  test('nothing of ours is open in it', async () => {
    const list =
      'for fd in /proc/$$/fd/*; do if readlink $fd >/dev/null; then echo "${fd##*/} -> $(readlink $fd)"; fi; done';
    const others = (lines: string[]) =>
      lines.filter((line) => !/^[012] /.test(line) && !/ -> (.*script\.sh|\/proc\/.*)?$/.test(line)).sort();
    const { lines } = await run(list);
    const standard = lines.filter((line) => /^[012] /.test(line)).map((line) => line.slice(5));
    expect(standard).toEqual(['/dev/null', expect.stringMatching(/^pipe:/), standard[1]]);
    // Whoever started this test may have left something open for all.
    const bare = execFileSync('/bin/sh', ['-c', list], { encoding: 'utf8' }).trim().split('\n');
    expect(others(lines)).toEqual(others(bare));
  });

  test('signals are as in a fresh process', async () => {
    const { failure, lines } = await run('while :; do echo y; done | head -n 1; grep SigIgn /proc/self/status');
    expect(failure).toBeUndefined();
    expect(lines).toEqual(['y', expect.stringMatching(/^SigIgn:\s+0+$/)]);
  });

  test('the largest variable that Linux takes', async () => {
    const TEXT = 'x'.repeat(128 * 1024 - 1 - 'TEXT='.length);
    expect((await run('echo ${#TEXT}', { env: { ...process.env, TEXT } })).lines).toEqual([String(TEXT.length)]);
    const { failure } = await run('echo', { env: { ...process.env, TEXT: `${TEXT}x` } });
    expect(failure).toMatchObject({ kind: 'configuration', exitCode: 1 });
    expect(failure?.message).toMatch(/^the script can't be started by \/bin\/sh: its environment is too large/);
  });
});

describe('its interpreter', () => {
  test('by path, with an argument', async () => {
    const { lines, failure } = await run('#!/bin/sh -e\necho a\nfalse\necho b\n');
    expect(lines).toEqual(['a']);
    expect(failure?.exitCode).toBe(1);
  });

  test('by env', async () => {
    const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` };
    const script = '#!/usr/bin/env node\nconsole.log(process.argv[1], process.argv.length)';
    expect((await run(script, { env })).lines).toEqual([`${folder.path}/script.sh 2`]);
  });

  test('one that is missing: /bin/sh runs it, with a warning', async () => {
    const { lines, log } = await run('#!/no/such/bash\necho a');
    expect(lines).toEqual(['a']);
    expect(log).toContain('WARNING - [00000000] the script\'s first line asks for "/no/such/bash"');
  });

  test('line ends of Windows', async () => {
    const { log, lines } = await run('#!/bin/sh\r\necho a #\r\n');
    expect(lines).toEqual(['a']);
    expect(log).toContain('CRLF');
  });

  test('one that is there and needs what is missing', async () => {
    const broken = folder.write('broken', '#!/no/such/loader\n', 0o755);
    const { failure } = await run(`#!${broken}\n`);
    expect(failure).toMatchObject({ kind: 'configuration', exitCode: 1 });
    expect(failure?.message).toMatch(/^the script can't be started by .*broken: the interpreter's own loader/);
  });

  test('no script', async () => {
    const { failure } = await run('', { script: join(folder.path, 'none.sh') });
    expect(failure).toMatchObject({ kind: 'configuration', exitCode: 1 });
  });
});

describe('where no pipe can be made (an image without a shell)', () => {
  beforeEach(() => void jest.spyOn(pipes, 'take').mockResolvedValue(undefined));
  afterEach(() => jest.restoreAllMocks());

  test('both streams are read to their ends', async () => {
    const { failure, lines, transcript } = await run('echo out; echo err >&2; printf end; exit 3');
    expect(lines.sort()).toEqual(['end', 'err', 'out']);
    expect(transcript).toHaveLength('out\nerr\nend'.length);
    expect(failure?.exitCode).toBe(3);
  });

  test('what is left running keeps nobody waiting', async () => {
    expect((await run('sleep 600 & echo a')).lines).toEqual(['a']);
  });
});
