import fc from 'fast-check';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { FileInput } from '../../../../src/programs/supervisor/input/input';
import { receive } from '../../../../src/programs/supervisor/input/receive';
import { gatewayEvent, json, minioEvent } from './events';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'oscar-input-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const MiB = 1024 * 1024;
const stream = (...chunks: (Buffer | string)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
const given = (body: Buffer | string, contentType?: string) => receive({ content: stream(body), contentType }, folder);

/** The file that a body became. */
async function file(body: Promise<unknown>): Promise<{ input: FileInput; content: Buffer }> {
  const input = (await body) as FileInput;
  expect(input.kind).toBe('file');
  expect(dirname(input.path)).toBe(folder);
  expect(readdirSync(folder)).toEqual([basename(input.path)]);
  const content = readFileSync(input.path);
  expect(input.bytes).toBe(content.length);
  return { input, content };
}
const text = async (body: Promise<unknown>) => (await file(body)).content.toString('utf8');

/** Sentence of the error; nothing is left of the body. */
async function refused(body: Promise<unknown>, kind = 'input'): Promise<string> {
  const error = await body.then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error).toMatchObject({ name: 'InvocationError', kind });
  expect(readdirSync(folder)).toEqual([]);
  return error!.message;
}

describe('small bodies', () => {
  test.each(['1234', 'null', 'true', '[1,2]', '"str"', '{"event":"x"}'])(
    '%s, on which upstream fails, is a file as it stands',
    async (body) => {
      expect(await text(given(body))).toBe(body);
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      expect(await text(given(body, 'application/json'))).toBe(body);
    },
  );

  test('JSON, base64 and bytes, by Content-Type', async () => {
    const cases: [string, string | undefined, string][] = [
      ['aGVsbG8=', undefined, 'hello'],
      ['aGVsbG8=', 'application/x-www-form-urlencoded', 'hello'],
      ['aGVsbG8=', 'application/octet-stream', 'aGVsbG8='],
      ['1234', 'text/csv', '1234'],
      [json(minioEvent()), 'application/octet-stream', json(minioEvent())],
      ['', undefined, ''],
      ['', 'application/octet-stream', ''],
    ];
    for (const [body, type, expected] of cases) {
      const { input, content } = await file(given(body, type));
      expect(content.toString()).toBe(expected);
      rmSync(input.path);
    }
  });

  test("files have upstream's names", async () => {
    expect(basename((await file(given('1'))).input.path)).toMatch(/^event-file-[-0-9a-f]{36}$/);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    const { input } = await file(given(json(gatewayEvent('1', undefined, { queryStringParameters: { a: 'b' } }))));
    expect(basename(input.path)).toBe('api_event_file');
    expect(input.variables).toEqual({ CONT_VAR_a: 'b' });
  });

  test('an event leaves no file', async () => {
    expect(await given(json(minioEvent()))).toMatchObject({ kind: 'event', objects: [{ name: 'photo.jpg' }] });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['neither JSON nor base64', 'hello, world', undefined, /^body: neither JSON/],
    ['no JSON though declared', 'hello', 'application/json', /^body: not JSON/],
    ['no JSON at all though declared', '', 'application/json', /^body: not JSON.*it ends where a value is due/],
    ['a form', 'x', 'multipart/form-data; boundary=y', /^header Content-Type: a form of several parts/],
    ['a broken event', '{"Records":[{"eventSource":"aws:s3"}]}', undefined, /^body\.Records\[0\]\.s3/],
  ])('refused, and nothing is left: %s', async (_, body, type, message) => {
    expect(await refused(given(body, type))).toMatch(message);
  });

  test('a stream of text is taken like one of bytes', async () => {
    expect(await text(receive({ content: Readable.from(['"ä', '字"']) }, folder))).toBe('"ä字"');
  });

  test('how a body is cut makes no difference', async () => {
    const bodies = ['{"a": "ä字"}', 'aGVs\r\nbG8=', 'no, neither', json(minioEvent()), '', '\ufeff[1]'];
    const types = fc.constantFrom(undefined, 'application/json', 'application/octet-stream');
    const result = async (chunks: Buffer[], contentType?: string) => {
      try {
        const input = await receive({ content: stream(...chunks), contentType }, folder);
        if (input.kind === 'event') return input;
        const content = readFileSync(input.path);
        rmSync(input.path);
        return { bytes: input.bytes, content };
      } catch (error) {
        return (error as Error).message;
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...bodies), types, fc.array(fc.nat(40)), async (body, type, cuts) => {
        const whole = Buffer.from(body);
        const places = [0, ...cuts.filter((cut) => cut <= whole.length).sort((a, b) => a - b), whole.length];
        const chunks = places.slice(1).map((end, i) => whole.subarray(places[i], end));
        expect(await result(chunks, type)).toEqual(await result([whole], type));
      }),
      { numRuns: 500 },
    );
  });
});

describe('large bodies', () => {
  /** Pieces of a repeated text, as long as asked for, as a socket gives them. */
  function* repeated(unit: string, bytes: number, start = '', end = ''): Generator<Buffer> {
    const piece = Buffer.from(unit.repeat(Math.ceil((64 * 1024) / unit.length)));
    yield Buffer.from(start);
    for (let sent = 0; sent <= bytes; sent += piece.length) yield piece;
    yield Buffer.from(end);
  }
  const sent = (chunks: Iterable<Buffer>, contentType?: string) =>
    receive({ content: Readable.from(chunks, { objectMode: false }), contentType }, folder);
  const LARGE = 8 * MiB;

  test('base64 is decoded as it comes', async () => {
    const encoded = [...repeated('Zm9v\r\n', LARGE, ' \n', 'Zg==')];
    const { content } = await file(sent(encoded));
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
      const { input, content } = await file(sent(repeated('x, ', LARGE, start, end), type));
      expect(content.equals(whole)).toBe(true);
      expect(input).toMatchObject({ variables: {} });
      rmSync(input.path);
    }
  });

  test('blanks before JSON, and more of them than is held in memory', async () => {
    function* body() {
      yield* repeated(' ', 2 * LARGE);
      yield Buffer.from('[1]');
    }
    expect((await text(sent(body()))).trim()).toBe('[1]');
  });

  test('blanks before base64, and more of them than is held in memory', async () => {
    function* body() {
      yield* repeated('\n', 2 * LARGE);
      yield Buffer.from('Zm9v');
    }
    expect(await text(sent(body()))).toBe('foo');
  });

  test('nothing but blanks is nothing', async () => expect(await text(sent(repeated(' ', LARGE)))).toBe(''));

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
    expect(await refused(sent(repeated(unit, LARGE, '', end), type))).toMatch(message);
  });

  test.each([
    ['8 MiB is small, and an event', 0, 'event'],
    ['one byte more is large, and data', 1, 'file'],
  ])('%s', async (_, more, kind) => {
    const event = json(minioEvent());
    const body = event + ' '.repeat(LARGE + more - event.length);
    expect((await given(body)).kind).toBe(kind);
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
    ['base64', 'Zm9vYmFy', undefined, 48],
    ['JSON', '"x"\n', 'application/json', 64],
    ['bytes', 'binary', 'application/octet-stream', 64],
  ])('memory stays bounded, however much comes: %s', async (_, unit, type, size) => {
    const memory = memoryMeter();
    function* body() {
      let pieces = 0;
      for (const piece of repeated(unit, 64 * MiB)) {
        if (++pieces % 100 === 0) memory.look();
        yield piece;
      }
      memory.look();
    }
    const input = (await sent(body(), type)) as FileInput;
    expect(input.bytes).toBeGreaterThanOrEqual(size * MiB);
    expect(memory.most).toBeLessThan(32 * MiB);
  });

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
    expect(await text(receive({ content }, folder))).toBe('');
    expect(memory.most).toBeLessThan(50 * count);
  });
});

describe('what goes wrong on the way', () => {
  test.each([
    ['small', 'abc', undefined],
    ['binary', 'abc', 'image/png'],
    ['large', 'QUJD'.repeat(3 * MiB), undefined],
  ])('a body that breaks off leaves nothing: %s', async (_, start, contentType) => {
    const content = new PassThrough();
    content.write(start);
    const received = receive({ content, contentType }, folder);
    setTimeout(() => content.destroy(new Error('aborted')), 20);
    expect(await refused(received, 'cancelled')).toBe('the body broke off: aborted');
  });

  test('a body that is gone already is told', async () => {
    const content = new PassThrough();
    content.destroy();
    expect(await refused(receive({ content }, folder), 'cancelled')).toMatch(/^the body broke off: /);
  });

  test('no folder: the file system tells', async () => {
    const body = { content: stream('1') };
    await expect(receive(body, join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' });
  });

  test('a file that is there already is neither written nor removed', async () => {
    writeFileSync(join(folder, 'api_event_file'), 'mine');
    await expect(given(json(gatewayEvent('1')))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(join(folder, 'api_event_file'), 'utf8')).toBe('mine');
  });

  test('a server can still answer when the body is refused before its end', async () => {
    const server = createServer((incoming, response) => {
      receive({ content: incoming, contentType: incoming.headers['content-type'] }, folder).catch((error: Error) => {
        response.writeHead(400, { connection: 'close' }).end(error.message);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'text/plain' };
      const client = request({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
        let received = '';
        response
          .on('data', (chunk) => (received += chunk))
          .on('end', () => resolve(`${response.statusCode} ${received}`));
      });
      client.on('error', reject);
      client.write('hello, world'.repeat(MiB)); // and no end
    });
    expect(answer).toMatch(/^400 body: neither JSON/);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
