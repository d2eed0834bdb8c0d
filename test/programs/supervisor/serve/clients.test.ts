import { truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Body, InvokeOptions, Outcome } from '../../../../src/programs/supervisor/invocation';
import { Output } from '../output';
import { unzip } from '../unzip';
import { Peer, Pod, until } from './pod';

const MIB = 1024 * 1024;

let output: Output;
let pod: Pod;
beforeEach(async () => {
  output = new Output();
  pod = await new Pod(1, 2).start();
});
afterEach(async () => {
  await pod.stop();
  output.remove();
});

const head = (bytes: number, more = '') => `POST / HTTP/1.1\r\nHost: pod\r\n${more}Content-Length: ${bytes}\r\n\r\n`;

/** The place is free again: the next request runs. */
async function isServed(): Promise<void> {
  const before = pod.calls.length;
  const answer = pod.ask('POST', '/', {}, 'next');
  (await pod.call(before)).end(output.outcome({}));
  expect((await answer).status).toBe(200);
  await pod.queue.empty();
}

describe.each([
  ['breaks off', (peer: Peer) => void peer.socket.resetAndDestroy()],
  ['closes', (peer: Peer) => void peer.socket.destroy()],
  ['closes its half', (peer: Peer) => void peer.socket.end()],
])('a client that %s', (_, leave) => {
  test('in the middle of its headers was never there', async () => {
    leave(await pod.connect('POST / HTTP/1.1\r\nHost:'));
    await isServed();
    expect(pod.calls).toHaveLength(1);
  });

  test('in the middle of its body ends its invocation', async () => {
    const peer = await pod.connect(`${head(100)}half of it`);
    const { body, options, fail } = await pod.call(0);
    const read = body.content.toArray();
    leave(peer);
    await expect(read).rejects.toThrow();
    await until(() => options.signal.aborted);
    fail(options.signal.reason);
    await isServed();
    expect(pod.metrics.failed).toHaveBeenCalledTimes(1);
  });

  test('before anybody reads its body does no harm', async () => {
    const peer = await pod.connect(`${head(100)}half of it`);
    const { body, options, fail } = await pod.call(0);
    leave(peer);
    await until(() => options.signal.aborted);
    await sleep(20);
    await expect(body.content.toArray()).rejects.toThrow();
    fail(new Error('the body broke off'));
    await isServed();
  });

  test('while it waits leaves the line', async () => {
    await pod.connect(`${head(4)}runs`);
    const { end } = await pod.call(0);
    const gone = await pod.connect(`${head(4)}gone`);
    await until(() => pod.queue.waiting === 1);
    await pod.connect(`${head(4)}next`);
    await until(() => pod.queue.waiting === 2);
    leave(gone);
    await until(() => pod.queue.waiting === 1);
    end(output.outcome({}));
    const { body, end: endNext } = await pod.call(1);
    expect(String(await body.content.toArray())).toBe('next');
    endNext(output.outcome({}));
    await pod.queue.empty();
    expect(pod.calls).toHaveLength(2);
  });

  test('while its script runs ends it, and keeps the place until it has ended', async () => {
    const peer = await pod.connect(`${head(1)}x`);
    const { body, options, fail } = await pod.call(0);
    await body.content.toArray();
    await pod.connect(`${head(4)}next`);
    await until(() => pod.queue.waiting === 1);
    leave(peer);
    await until(() => options.signal.aborted);
    expect(pod.calls).toHaveLength(1);
    fail(options.signal.reason);
    (await pod.call(1)).end(output.outcome({}));
    await pod.queue.empty();
  });

  test('in the middle of its reply leaves nothing behind', async () => {
    const peer = await pod.connect(`${head(1, 'Accept: application/octet-stream\r\n')}x`);
    const dispose = jest.fn(async () => undefined);
    (await pod.call(0)).end(output.outcome({ files: [output.file('large', 256 * MIB)], dispose }));
    await peer.receives(/\r\n\r\n/);
    leave(peer);
    await until(() => dispose.mock.calls.length === 1);
    await isServed();
    expect(pod.errors).toEqual([]);
    expect(pod.metrics.replied).toHaveBeenCalledTimes(1); // the next one's
  });
});

test('a client that is gone ends what it sent ahead, too', async () => {
  const peer = await pod.connect(`${head(1)}a${head(1)}b`);
  const first = await pod.call(0);
  await until(() => pod.queue.waiting === 1);
  peer.socket.destroy();
  await until(() => pod.queue.waiting === 0);
  first.fail(first.options.signal.reason);
  await isServed();
  expect(pod.calls).toHaveLength(2);
});

describe('a reply that breaks in the middle breaks the connection', () => {
  const large = () => output.file('large', 64 * MIB);
  const shortened = () => {
    const file = large();
    truncateSync(file.path, 32 * MIB);
    return file;
  };

  test.each([
    ['as base64', 'HTTP/1.1', '', () => [shortened()]],
    ['raw', 'HTTP/1.1', 'Accept: application/octet-stream\r\n', () => [shortened()]],
    ['as a zip', 'HTTP/1.1', '', () => [large(), { ...large(), name: 'b', path: output.folder }]],
    ['by HTTP/1.0', 'HTTP/1.0', '', () => [large(), { ...large(), name: 'b', path: output.folder }]],
  ])('%s', async (_, version, accept, files) => {
    const peer = await pod.connect(`POST / ${version}\r\nHost: pod\r\n${accept}Content-Length: 1\r\n\r\nx`);
    (await pod.call(0)).end(output.outcome({ files: files() }));
    expect(await peer.ends()).toBe('reset');
    expect(peer.received).toContain(' 200 OK');
    expect(peer.received).not.toMatch(/\r\n0\r\n\r\n$/);
    await isServed();
    expect(pod.errors).toHaveLength(1);
  });
});

test('a body and a reply of any length pass in bounded memory', async () => {
  const before = process.memoryUsage().rss;
  let [most, read] = [0, 0];
  const peer = await pod.connect(head(256 * MIB));
  const { body, end } = await pod.call(0);
  const chunk = Buffer.alloc(MIB);
  const sent = (async () => {
    for (let i = 0; i < 256; i++) await new Promise((resolve) => peer.socket.write(chunk, resolve));
  })();
  for await (const part of body.content) {
    read += part.length;
    most = Math.max(most, process.memoryUsage().rss);
  }
  await sent;
  expect(read).toBe(256 * MIB);
  peer.socket.removeAllListeners('data').on('data', (part) => {
    read -= part.length;
    most = Math.max(most, process.memoryUsage().rss);
  });
  end(output.outcome({ files: [output.file('large', 256 * MIB)] }));
  await pod.queue.empty();
  await until(() => read < (-256 * MIB) / 3.1);
  peer.socket.destroy();
  expect(most - before).toBeLessThan(100 * MIB);
}, 60_000);

describe('a client that does nothing any more', () => {
  const IDLE_MS = 150;
  beforeEach(async () => {
    await pod.stop();
    pod = await new Pod(1, 2, IDLE_MS).start();
  });

  test('in the middle of its body is cut off', async () => {
    const peer = await pod.connect(`${head(100)}half of it`);
    const { body, options, fail } = await pod.call(0);
    await expect(body.content.toArray()).rejects.toThrow();
    await peer.ends();
    fail(options.signal.reason);
    await isServed();
  });

  test('in the middle of its reply is cut off', async () => {
    const peer = await pod.connect(`${head(1)}x`);
    peer.socket.pause();
    (await pod.call(0)).end(output.outcome({ files: [output.file('large', 64 * MIB)] }));
    await pod.queue.empty();
    await isServed();
    expect(pod.metrics.replied).toHaveBeenCalledTimes(1); // the next one's
    peer.socket.destroy();
  });

  test('but one that sends slowly, waits, or waits for its script is not', async () => {
    const slow = await pod.connect(head(10));
    const waits = await pod.connect(`${head(5)}`);
    const { body, options, end } = await pod.call(0);
    const read = body.content.toArray();
    for (let i = 0; i < 10; i++) {
      slow.send(String(i));
      await sleep(IDLE_MS / 3);
    }
    expect(String(Buffer.concat(await read))).toBe('0123456789');
    await sleep(2 * IDLE_MS);
    expect(options.signal.aborted).toBe(false);
    waits.send('later');
    end(output.outcome({}));
    const next = await pod.call(1);
    expect(String(await next.body.content.toArray())).toBe('later');
    next.end(output.outcome({}));
    for (const peer of [slow, waits]) {
      expect(await peer.receives(/said\n$/)).toContain(' 200 ');
      peer.socket.destroy();
    }
  });
});

test('hundreds of clients that go away at any moment leave a server that serves', async () => {
  await pod.stop();
  const invoke = async ({ content }: Body, { signal }: InvokeOptions): Promise<Outcome> => {
    await content.toArray();
    await sleep(5, undefined, { signal });
    return output.outcome({ files: [file] });
  };
  const file = output.file('some', MIB);
  pod = await new Pod(4, 40, undefined, invoke).start();
  const visit = async (i: number) => {
    const peer = await pod.connect(head(100, 'Connection: close\r\n'));
    await sleep(i % 7);
    peer.send('x'.repeat(i % 3 ? 100 : 50));
    await sleep(i % 11);
    if (i % 2) peer.socket.destroy();
    else peer.socket.resetAndDestroy();
  };
  for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 20 }, (_, j) => visit(20 * i + j)));
  await pod.queue.empty();
  expect([pod.queue.running, pod.queue.waiting, pod.errors]).toEqual([0, 0, []]);
  expect(await pod.ask('POST', '/', { accept: 'application/octet-stream' }, 'x')).toMatchObject({ status: 200 });
});

describe('replies as the client accepts them', () => {
  const reply = async (accept: string | undefined, names: readonly string[]) => {
    const answer = pod.ask('POST', '/', accept === undefined ? {} : { accept }, 'x');
    const files = names.map((name) => output.file(name, `in ${name}`));
    (await pod.call(0)).end(output.outcome({ files }));
    return answer;
  };
  const TEXT = 'text/plain; charset=utf-8';
  const attachment = (name: string) => `attachment; filename*=UTF-8''${name}`;

  test.each([
    [undefined, 'cow.png', TEXT, undefined, 'aW4gY293LnBuZw=='],
    ['*/*', 'cow.png', TEXT, undefined, 'aW4gY293LnBuZw=='],
    ['image/jpeg', 'cow.png', TEXT, undefined, 'aW4gY293LnBuZw=='],
    ['image/png', 'cow.png', 'image/png', attachment('cow.png'), 'in cow.png'],
    ['image/*', 'COW.PNG', 'image/png', attachment('COW.PNG'), 'in COW.PNG'],
    ['application/octet-stream', 'cow.png', 'application/octet-stream', attachment('cow.png'), 'in cow.png'],
    ['application/octet-stream', 'no-type', 'application/octet-stream', attachment('no-type'), 'in no-type'],
    ['application/json', 'a/b.json', 'application/json', attachment('b.json'), 'in a/b.json'],
    ['text/csv', `é '"(*).csv`, 'text/csv', attachment('%C3%A9%20%27%22%28%2A%29.csv'), `in é '"(*).csv`],
    ['text/plain', 'a\r\nX: y.txt', 'text/plain', attachment('a%0D%0AX%3A%20y.txt'), 'in a\r\nX: y.txt'],
  ])('Accept: %s, one file %j', async (accept, name, type, disposition, content) => {
    const { status, headers, body } = await reply(accept, [name]);
    expect([status, body]).toEqual([200, content]);
    expect(headers['content-type']).toBe(type);
    expect(headers['content-disposition']).toBe(disposition);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(content)));
  });

  test.each(['application/zip', 'application/octet-stream'])('Accept: %s, several files', async (accept) => {
    const peer = await pod.connect(`POST / HTTP/1.0\r\nAccept: ${accept}\r\n\r\n`);
    const files = [output.file('a', 'in a'), output.file('b/c', 'in b/c')];
    (await pod.call(0)).end(output.outcome({ files }));
    await peer.ends();
    const end = peer.received.indexOf('\r\n\r\n');
    expect(peer.received.slice(0, end)).toMatch(/^content-type: application\/zip$/im);
    expect(peer.received.slice(0, end)).toContain(attachment('cowsay.zip'));
    const entries = unzip(Buffer.from(peer.received.slice(end + 4), 'latin1'));
    expect([...entries.keys()]).toEqual(['a', 'b/c']);
  });

  test.each([undefined, '*/*', 'image/png', 'text/plain'])('Accept: %s, several files: base64', async (accept) => {
    const { headers, body } = await reply(accept, ['a', 'b.png']);
    expect(headers['content-type']).toBe(TEXT);
    expect(headers['content-disposition']).toBeUndefined();
    expect([...unzip(Buffer.from(body, 'base64')).keys()]).toEqual(['a', 'b.png']);
  });

  test.each([
    ['no file', { files: [] }],
    ['an event', { replyWithFiles: false }],
  ])('%s: the transcript, whatever is accepted', async (_, outcome) => {
    const answer = pod.ask('POST', '/', { accept: 'application/octet-stream' }, 'x');
    (await pod.call(0)).end(output.outcome(outcome));
    const { headers, body } = await answer;
    expect([headers['content-type'], body]).toEqual([TEXT, 'what the script said\n']);
    expect(headers['content-length']).toBe('21');
  });

  test.each([undefined, 'application/octet-stream'])('an empty file (%s)', async (accept) => {
    const answer = pod.ask('POST', '/', accept === undefined ? {} : { accept }, 'x');
    (await pod.call(0)).end(output.outcome({ files: [output.file('a', '')] }));
    expect(await answer).toMatchObject({ status: 200, body: '', headers: { 'content-length': '0' } });
  });
});
