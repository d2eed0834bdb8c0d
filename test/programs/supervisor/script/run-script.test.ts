import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../../../../src/programs/supervisor/deadline';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import { Log } from '../../../../src/programs/supervisor/log';
import { temporaryFolder } from '../temporary';
import { running } from './running';

jest.setTimeout(60_000);

const folder = temporaryFolder();
const run = (script: string | Buffer, options?: Parameters<typeof running>[2]) => running(folder, script, options);

/** Whether a process has ended; one that nobody has asked for its exit code counts as such. */
function isGone(pid: string | number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

async function eventually(holds: () => boolean): Promise<boolean> {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(25);
  return holds();
}

/** Aborts once the script has made a file. */
function abortOnceThereIs(file: string, reason?: unknown): AbortSignal {
  const abort = new AbortController();
  void eventually(() => statSync(join(folder.path, file), { throwIfNoEntry: false }) !== undefined).then(() =>
    abort.abort(reason),
  );
  return abort.signal;
}

describe('how it ends', () => {
  test('well', async () => {
    const { failure, lines } = await run('echo one\necho two');
    expect(failure).toBeUndefined();
    expect(lines).toEqual(['one', 'two']);
  });

  test.each([1, 2, 3, 127, 255])('exit code %d', async (code) => {
    const { failure } = await run(`echo a; echo b >&2; exit ${code}`);
    expect(failure).toMatchObject({
      kind: 'script',
      exitCode: code,
      lastLines: 'a\nb',
      message: `the script failed: exit code ${code}`,
    });
  });

  test.each([
    ['TERM', 143],
    ['KILL', 137],
    ['SEGV', 139],
    ['HUP', 129],
  ])('signal %s', async (signal, code) => {
    const { failure } = await run(`echo a; kill -${signal} $$; sleep 60`);
    expect(failure).toMatchObject({ kind: 'script', exitCode: code, lastLines: 'a' });
    expect(failure?.message).toContain(`the script was ended by SIG${signal}`);
    if (signal === 'KILL') expect(failure?.message).toContain('memory');
  });

  test('the last lines are the last', async () => {
    const { failure } = await run('i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done; exit 1');
    expect(failure?.lastLines).toBe(Array.from({ length: 20 }, (_, i) => `line ${80 + i}`).join('\n'));
  });
});

describe('a script that has to be ended', () => {
  const limit = (ms: number) => new Deadline(new AbortController().signal, ms);

  test('by the time limit: with all that it started', async () => {
    const { failure, lines, log } = await run('(sleep 600 & echo $!; wait) & echo $!; echo $$; wait', limit(500));
    expect(failure).toMatchObject({ kind: 'script', exitCode: 124 });
    const why = "the invocation took longer than the service's time limit of 0.5 s";
    expect(failure?.message).toBe(why);
    expect(failure?.lastLines).toBe(lines.join('\n'));
    expect(log).toContain(`WARNING - [00000000] ending the script: ${why}\n`);
    expect(lines).toHaveLength(3);
    for (const pid of lines) expect(await eventually(() => isGone(pid))).toBe(true);
  });

  test('it is asked before it is killed, and fails however it then ends', async () => {
    const { failure, lines } = await run('trap "echo ending; exit 0" TERM; sleep 600 & wait', limit(500));
    expect(failure).toMatchObject({ kind: 'script', exitCode: 124, lastLines: 'ending' });
    expect(lines).toEqual(['ending']);
  });

  test('one that ignores that is killed', async () => {
    const { failure, lines } = await run('trap "" TERM; echo $$; while :; do sleep 600; done', limit(500));
    expect(failure).toMatchObject({ kind: 'script', exitCode: 124 });
    expect(isGone(lines[0])).toBe(true);
  });

  test('by whoever asked', async () => {
    const signal = abortOnceThereIs('started');
    const { failure, lines } = await run(`echo $$; : > ${folder.path}/started; sleep 600 & wait`, { signal });
    expect(failure).toMatchObject({ kind: 'cancelled', exitCode: 143 });
    expect(isGone(lines[0])).toBe(true);
  });

  test('the abort may bring its own reason', async () => {
    const reason = new InvocationError('cancelled', 'ended by SIGINT', 130);
    const signal = abortOnceThereIs('started', reason);
    const { failure } = await run(`: > ${folder.path}/started; sleep 600`, { signal });
    expect(failure).toMatchObject({ kind: 'cancelled', exitCode: 130, message: 'ended by SIGINT' });
    expect(failure).not.toBe(reason);
  });

  test('an abort that was before is not overlooked', async () => {
    const { failure } = await run('sleep 600', { signal: AbortSignal.abort() });
    expect(failure).toMatchObject({ kind: 'cancelled' });
  });
});

describe('what it leaves running', () => {
  test('is killed, and its open output keeps nobody waiting', async () => {
    const { failure, lines } = await run('sleep 600 & echo $!');
    expect(failure).toBeUndefined();
    expect(await eventually(() => isGone(lines[0]))).toBe(true);
  });

  const setsid = (script: string) => `${process.execPath} -e '
    const { spawn } = require("child_process");
    const left = spawn("/bin/sh", ["-c", ${JSON.stringify(script)}], { detached: true, stdio: ["ignore", 1, 2] });
    console.log(left.pid); left.unref();'`;

  test('in a session of its own is let go, with whatever it still writes', async () => {
    const { failure, lines } = await run(setsid('while :; do echo late; sleep 0.05; done'));
    expect(failure).toBeUndefined();
    process.kill(Number(lines.find((line) => line !== 'late')), 'SIGKILL');
  });

  test('never writes into the output of the next', async () => {
    const first = await run(setsid('while :; do echo stray; sleep 0.01; done'));
    for (let i = 0; i < 5; i++) expect((await run('sleep 0.1; echo mine')).lines).toEqual(['mine']);
    // Nobody reads its output any more.
    expect(isGone(first.lines.find((line) => line !== 'stray') as string)).toBe(true);
  });
});

describe('output', () => {
  test('both streams, in the order in which they were written', async () => {
    const pairs = Array.from({ length: 50 }, (_, i) => `echo out ${i}; echo err ${i} >&2`);
    const { lines } = await run(pairs.join('\n'));
    expect(lines).toEqual(Array.from({ length: 50 }, (_, i) => [`out ${i}`, `err ${i}`]).flat());
  });

  test('/dev/stdout and /dev/stderr can be opened', async () => {
    const { lines, failure } = await run('echo a >/dev/stderr && echo b >/dev/stdout && echo c | tee /dev/stderr');
    expect(failure).toBeUndefined();
    expect(lines.sort()).toEqual(['a', 'b', 'c', 'c']);
  });

  test('comes while the script runs', async () => {
    const abort = new AbortController();
    let log = '';
    const write = (text: string) => {
      log += text;
      if (text.includes('begun')) abort.abort();
    };
    const { failure } = await run('echo begun; sleep 600', {
      log: new Log('00000000', 'INFO', write),
      signal: abort.signal,
    });
    expect(failure?.kind).toBe('cancelled'); // it would have run for ten minutes
    expect(log).toContain('begun');
  });

  test.each([
    ['NOTSET', true],
    ['ERROR', true],
    ['CRITICAL', false],
  ] as const)('at level %s', async (level, told) => {
    const { log, transcript, failure } = await run('echo a; exit 1', { level });
    expect(log.includes(' a\n')).toBe(told);
    expect(transcript.toString()).toBe('a\n');
    expect(failure?.lastLines).toBe('a');
  });

  test('what is no text is kept as it is', async () => {
    const { lines, transcript } = await run("printf 'a\\377b\\nc'");
    expect(lines).toEqual(['a\ufffdb', 'c']);
    expect(transcript.toString('latin1')).toBe('a\xffb\nc');
  });

  test('a flood of 50 MiB: the transcript is bounded, and so is memory', async () => {
    let most = 0;
    let bytes = 0;
    const write = (text: string) => {
      bytes += text.length;
      most = Math.max(most, process.memoryUsage().rss);
    };
    const before = process.memoryUsage().rss;
    const script = `${process.execPath} -e '
      const block = ("x".repeat(99) + "\\n").repeat(10486);
      for (let i = 0; i < 50; i++) require("fs").writeSync(1, block);'; exit 5`;
    const { failure, transcript } = await run(script, { log: new Log('00000000', 'INFO', write) });
    expect(failure).toMatchObject({ exitCode: 5 });
    expect(bytes).toBeGreaterThan(50 * 1024 * 1024);
    expect(transcript.length).toBeLessThan(16 * 1024 * 1024 + 100);
    expect(transcript.subarray(-100).toString()).toContain('[cut here: a transcript holds 16 MiB]');
    expect(most - before).toBeLessThan(100 * 1024 * 1024);
  });
});
