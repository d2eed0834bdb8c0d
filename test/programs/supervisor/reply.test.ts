import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync, truncateSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Outcome } from '../../../src/programs/supervisor/invocation';
import { writeReply } from '../../../src/programs/supervisor/reply';
import { Output } from './output';
import { unzip } from './unzip';

const MIB = 1024 * 1024;

let output: Output;
beforeEach(() => (output = new Output()));
afterEach(() => output.remove());

async function reply(outcome: Partial<Outcome>): Promise<string> {
  const out = new PassThrough();
  const written = text(out);
  await writeReply(output.outcome(outcome), out);
  expect(out.writable).toBe(true);
  out.end();
  return written;
}

test('one file: base64 without line breaks but the last', async () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
  expect(await reply({ files: [output.file('a/b.bin', bytes)] })).toBe(`${bytes.toString('base64')}\n`);
});

test('an empty file: an empty line', async () => expect(await reply({ files: [output.file('a', '')] })).toBe('\n'));

test('several files: a zip in base64', async () => {
  const written = await reply({ files: [output.file('a', '1'), output.file('b/c', '2')] });
  expect(written).toMatch(/^[A-Za-z0-9+/]+=*\n$/);
  const entries = unzip(Buffer.from(written, 'base64'));
  expect([...entries].map(([name, { content }]) => [name, content.toString()])).toEqual([
    ['a', '1'],
    ['b/c', '2'],
  ]);
});

test('no file: nothing', async () => expect(await reply({ files: [] })).toBe(''));

test('an event: nothing, as its results are in the storage', async () => {
  expect(await reply({ replyWithFiles: false, files: [output.file('a', '1')] })).toBe('');
});

describe.each([
  ['small', 9],
  ['large', MIB],
])('a %s file', (_, bytes) => {
  test.each([
    ['shorter', (path: string) => truncateSync(path, 1)],
    ['longer', (path: string) => appendFileSync(path, 'more')],
  ])('that is %s than it was is an error', async (__, change) => {
    const file = output.file('a', Buffer.alloc(bytes));
    change(file.path);
    const message = `the file "a" had ${bytes} bytes and has another length now`;
    await expect(reply({ files: [file] })).rejects.toThrow(message);
  });
});

test('nobody waits for a pipe that has taken the place of a file', async () => {
  const file = output.file('a', 'some text');
  rmSync(file.path);
  execFileSync('mkfifo', [file.path]);
  await expect(reply({ files: [file] })).rejects.toThrow('another length');
});

test('a large file passes in bounded memory', async () => {
  const before = process.memoryUsage().rss;
  let [most, written] = [0, 0];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      most = Math.max(most, process.memoryUsage().rss);
      written += chunk.length;
      done();
    },
  });
  await writeReply(output.outcome({ files: [output.file('large', 256 * MIB)] }), sink);
  expect(written).toBe(Math.ceil((256 * MIB) / 3) * 4 + 1);
  expect(most - before).toBeLessThan(100 * MIB);
}, 60_000);
