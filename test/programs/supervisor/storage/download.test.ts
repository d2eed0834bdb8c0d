import type { OutgoingHttpHeaders } from 'node:http';
import { download } from '../../../../src/programs/supervisor/storage/download';
import { HttpClient } from '../../../../src/programs/supervisor/storage/http';
import { MEBIBYTE, pattern, TestFolder, transfer } from './support/files';
import { Handler, TestServer } from './support/server';
import { skipWaits } from './support/waits';

let folder: TestFolder;
let server: TestServer;
let http: HttpClient;
/** The object, and how it is served. */
let content: Buffer;
let etag: string | undefined;
let waits: number[];

beforeEach(async () => {
  waits = skipWaits();
  folder = new TestFolder();
  content = pattern(3 * MEBIBYTE + 11);
  etag = '"first"';
  server = await new TestServer((request, response) => {
    const { range, 'if-match': condition } = request.headers;
    if (condition !== undefined && condition !== etag) return response.writeHead(412).end();
    const from = range ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : 0;
    if (range && from >= content.length) return response.writeHead(416).end();
    const part = range ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    const headers = { 'content-length': content.length - from, ...(etag ? { etag } : {}), ...part };
    response.writeHead(range ? 206 : 200, headers).end(content.subarray(from));
  }).start();
  http = new HttpClient({ verify: true }, { connect: 5_000, idle: 200, consent: 1_000 });
});
afterEach(async () => {
  jest.restoreAllMocks();
  http.close();
  await server.stop();
  folder.remove();
});

const get = (headers: OutgoingHttpHeaders, signal?: AbortSignal) =>
  http.send({ method: 'GET', origin: `http://127.0.0.1:${server.port}`, path: '/', headers, signal });
const run = (version?: () => Promise<string | undefined>, { warn, signal } = transfer()) =>
  download({ what: 'it', get: (headers) => get(headers, signal), version }, folder.file('down'), { warn, signal });
const ranges = () => server.requests.map(({ headers }) => headers.range);

/** Answers as it should, but breaks after so many bytes. */
const breaks =
  (bytes: number, act: (response: Parameters<Handler>[1]) => void = (response) => response.destroy()): Handler =>
  (request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
    const part = request.headers.range
      ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }
      : {};
    response.writeHead(request.headers.range ? 206 : 200, {
      'content-length': content.length - from,
      ...(etag ? { etag } : {}),
      ...part,
    });
    response.write(content.subarray(from, from + bytes), () => setTimeout(() => act(response), 20));
  };

async function comesWhole(): Promise<void> {
  expect(await run()).toBe(content.length);
  expect(folder.read('down').equals(content)).toBe(true);
}

test.each([0, 1, 64 * 1024, MEBIBYTE, 5 * MEBIBYTE])('%i bytes', async (bytes) => {
  content = pattern(bytes);
  await comesWhole();
  expect(ranges()).toEqual([undefined]);
});

test('what breaks goes on where it broke', async () => {
  server.fault(breaks(1_500_000));
  server.fault(breaks(1_000_000));
  await comesWhole();
  expect(ranges()).toEqual([undefined, 'bytes=1500000-', 'bytes=2500000-']);
  expect(server.requests[2].headers['if-match']).toBe('"first"');
});

test('it may break often, as long as it moves', async () => {
  server.fault(breaks(100_000), { times: 25 });
  await comesWhole();
  expect(server.asked).toHaveLength(26);
});

test('it breaks without moving: six tries', async () => {
  server.fault(breaks(100));
  server.fault(breaks(0), { times: 99 });
  await expect(run()).rejects.toThrow(`it: it broke off after 100 of ${content.length} bytes (tried 6 times)`);
  expect(folder.names()).toEqual([]);
});

test('it breaks again and again, and has to begin anew each time: six tries', async () => {
  etag = undefined;
  server.fault(breaks(1_000_000), { times: 99 });
  await expect(run()).rejects.toThrow(/tried 6 times/);
  expect(server.asked).toHaveLength(6);
});

test('nothing moves any more', async () => {
  server.fault(breaks(1000, () => {}));
  await comesWhole();
  expect(ranges()).toEqual([undefined, 'bytes=1000-']);
});

test('the last byte is missing', async () => {
  server.fault(breaks(content.length - 1));
  await comesWhole();
  expect(ranges()[1]).toBe(`bytes=${content.length - 1}-`);
});

test('an object that has changed meanwhile is fetched from its start', async () => {
  server.fault(
    breaks(2_000_000, (response) => {
      content = pattern(1_000_000).reverse();
      etag = '"second"';
      response.destroy();
    }),
  );
  const { warn, warnings } = transfer();
  expect(await run(undefined, { warn, signal: undefined, warnings })).toBe(1_000_000);
  expect(folder.read('down').equals(content)).toBe(true);
  expect(ranges()).toEqual([undefined, 'bytes=2000000-', undefined]);
  expect(warnings[1]).toMatch(/has changed meanwhile/);
});

test.each([
  ['no ETag', undefined],
  ['a weak ETag', 'W/"1"'],
])('%s: nothing tells that it is the same, so from the start', async (_, value) => {
  etag = value;
  server.fault(breaks(1_000_000));
  await comesWhole();
  expect(ranges()).toEqual([undefined, undefined]);
});

test('a server that ignores ranges: from the start', async () => {
  server.fault(breaks(1_000_000));
  server.fault((_, response) => response.writeHead(200, { etag: etag! }).end(content));
  await comesWhole();
});

test.each([
  ['another part', () => `bytes 5-${content.length - 1}/${content.length}`],
  ['a part of something longer', () => `bytes 1000-${content.length - 1}/${content.length + 1}`],
  ['nonsense', () => 'bytes what?'],
])('a server that sends %s: from the start', async (__, range) => {
  server.fault(breaks(1000));
  server.fault((_, response) => response.writeHead(206, { 'content-range': range() }).end(content));
  await comesWhole();
  expect(ranges()).toEqual([undefined, 'bytes=1000-', undefined]);
});

test('a part whose length alone is told', async () => {
  server.fault(breaks(1000));
  server.fault((_, response) => {
    response.writeHead(206, { 'content-length': content.length - 1000 }).end(content.subarray(1000));
  });
  await comesWhole();
  expect(server.asked).toHaveLength(2);
});

describe('no length is told', () => {
  const chunked =
    (end: (response: Parameters<Handler>[1]) => void): Handler =>
    (_, response) => {
      response.writeHead(200, { etag: etag! });
      response.write(content, () => setTimeout(() => end(response), 20));
    };
  test('it ends where it says so', async () => {
    server.fault(chunked((response) => response.end()));
    await comesWhole();
    expect(server.asked).toHaveLength(1);
  });
  test('it ends without saying so', async () => {
    server.fault(chunked((response) => response.destroy()));
    await comesWhole();
    expect(ranges()).toEqual([undefined, `bytes=${content.length}-`, undefined]);
  });
});

describe('versions instead of ETags', () => {
  beforeEach(() => (etag = undefined));

  test('the same: it goes on', async () => {
    server.fault(breaks(1_000_000));
    expect(await run(async () => '1')).toBe(content.length);
    expect(ranges()).toEqual([undefined, 'bytes=1000000-']);
    expect(folder.read('down').equals(content)).toBe(true);
  });
  test.each([
    ['another one', (count: number) => String(count)],
    ['none', () => undefined],
  ])('%s: from the start', async (_, version) => {
    let count = 0;
    server.fault(breaks(1_000_000));
    expect(await run(async () => version(count++))).toBe(content.length);
    expect(ranges()).toEqual([undefined, undefined]);
  });
});

test('a file that is there already is not touched', async () => {
  folder.write('down', 'mine');
  await expect(run()).rejects.toMatchObject({
    kind: 'storage',
    message: expect.stringMatching(/down can't be written: EEXIST/),
  });
  expect(folder.read('down').toString()).toBe('mine');
  expect(server.asked).toEqual([]);
});

test('a folder that is not there', async () => {
  const missing = download({ what: 'it', get }, folder.file('none/down'), transfer());
  await expect(missing).rejects.toThrow(/can't be written: ENOENT/);
});

test('cancelled', async () => {
  const controller = new AbortController();
  server.fault(breaks(1000, () => controller.abort()));
  const cancelled = run(undefined, transfer(controller.signal));
  await expect(cancelled).rejects.toMatchObject({ kind: 'cancelled' });
  expect(folder.names()).toEqual([]);
  expect(waits).toEqual([]);
});
