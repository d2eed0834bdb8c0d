import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { FileInput } from '../../../../src/programs/supervisor/input/input';
import { receive } from '../../../../src/programs/supervisor/input/receive';
import { json, minioEvent } from './events';
import { InputFolder, MiB } from './input-folder';

const folder = new InputFolder();
const LARGE = 8 * MiB;

/** Pieces of a repeated text, as long as asked for, as a socket gives them. */
function* repeated(unit: string, bytes: number, start = '', end = ''): Generator<Buffer> {
  const piece = Buffer.from(unit.repeat(Math.ceil((64 * 1024) / unit.length)));
  yield Buffer.from(start);
  for (let sent = 0; sent <= bytes; sent += piece.length) yield piece;
  yield Buffer.from(end);
}
const sent = (chunks: Iterable<Buffer>, contentType?: string) =>
  receive({ content: Readable.from(chunks, { objectMode: false }), contentType }, folder.path);

test('base64 is decoded as it comes', async () => {
  const encoded = [...repeated('Zm9v\r\n', LARGE, ' \n', 'Zg==')];
  const { content } = await folder.file(sent(encoded));
  expect(content.equals(Buffer.from(Buffer.concat(encoded).toString(), 'base64'))).toBe(true);
  expect(content.length).toBeGreaterThan(LARGE / 2);
});

test.each([
  ['an object', '{"a":"', '"}'],
  ['an object after blanks and a byte order mark', '\ufeff \n{"a":"', '"}'],
  ['a list', '[1,"', '"]'],
  ['a string', '"', '"'],
  ['what looks like an event, and is too large for one', '{"Records":[{"eventSource":"aws:s3"}],"x":"', '"}'],
  ['JSON that is broken, which nobody reads', '{', ''],
])('JSON is taken as it stands: %s', async (_, start, end) => {
  for (const type of [undefined, 'application/json']) {
    const whole = Buffer.concat([...repeated('x, ', LARGE, start, end)]);
    const { input, content } = await folder.file(sent(repeated('x, ', LARGE, start, end), type));
    expect(content.equals(whole)).toBe(true);
    expect(input).toMatchObject({ variables: {} });
  }
});

test('blanks before JSON, and more of them than is held in memory', async () => {
  function* body() {
    yield* repeated(' ', 2 * LARGE);
    yield Buffer.from('[1]');
  }
  const { content } = await folder.file(sent(body()));
  expect(content.equals(Buffer.concat([...body()]))).toBe(true);
});

test('blanks before base64, and more of them than is held in memory', async () => {
  function* body() {
    yield* repeated('\n', 2 * LARGE);
    yield Buffer.from('Zm9v');
  }
  // Compared by `equals`: a difference of megabytes would be drawn for hours.
  const { content } = await folder.file(sent(body()));
  expect(content.equals(Buffer.from('foo'))).toBe(true);
});

test('nothing but blanks is nothing', async () => {
  expect((await folder.file(sent(repeated(' ', LARGE)))).input.bytes).toBe(0);
});

test.each([
  [
    'neither JSON nor base64',
    'hello, world',
    undefined,
    '',
    /^body: neither JSON \(its first.*"," is not of base64 at byte 5\)/,
  ],
  ['no base64 at its end', 'Zm9v', undefined, '*', /"\*" is not of base64 at byte 8454144\)/],
  ['base64 that is cut off', 'Zm9v', undefined, 'Z', /one character is left over.* at byte 8454145\)/],
  [
    'base64 though declared as JSON',
    'Zm9v',
    'application/json',
    '',
    /^body: not JSON, as its Content-Type says: its first/,
  ],
  ['blanks though declared as JSON', ' ', 'application/json', '', /^body: not JSON/],
])('refused, and nothing is left: %s', async (_, unit, type, end, message) => {
  expect(await folder.refused(sent(repeated(unit, LARGE, '', end), type))).toMatch(message);
});

test.each([
  ['8 MiB is small, and an event', 0, 'event'],
  ['one byte more is large, and data', 1, 'file'],
])('%s', async (_, more, kind) => {
  const event = json(minioEvent());
  const body = event + ' '.repeat(LARGE + more - event.length);
  expect((await sent([Buffer.from(body)])).kind).toBe(kind);
});

/** Tells how much more memory is held whenever it is asked, rubbish left out. */
function memoryMeter(): { look(): void; readonly most: number } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = held();
  let most = 0;
  return {
    look: () => (most = Math.max(most, held() - before)),
    get most() {
      return most;
    },
  };
}

test.each([
  ['base64', 'Zm9vYmFy', undefined, 96],
  ['JSON', '"x"\n', 'application/json', 128],
  ['bytes', 'binary', 'application/octet-stream', 128],
])(
  'memory stays bounded, however much comes: %s',
  async (_, unit, type, size) => {
    const memory = memoryMeter();
    function* body() {
      let pieces = 0;
      for (const piece of repeated(unit, 128 * MiB)) {
        if (++pieces % 100 === 0) memory.look();
        yield piece;
      }
      memory.look();
    }
    const input = (await sent(body(), type)) as FileInput;
    expect(input.bytes).toBeGreaterThanOrEqual(size * MiB);
    expect(memory.most).toBeLessThan(64 * MiB);
  },
  60_000,
);

test('single bytes take no more memory than large pieces', async () => {
  const memory = memoryMeter();
  const count = 150_000;
  let left = count;
  const push = () => content.push(left-- === 0 ? null : Buffer.from(' '));
  const content: Readable = new Readable({
    read() {
      if (left === 0) memory.look();
      setImmediate(push); // one by one: what comes at once, a stream joins
    },
  });
  expect((await folder.file(receive({ content }, folder.path))).input.bytes).toBe(0);
  expect(memory.most).toBeLessThan(50 * count);
}, 60_000);
