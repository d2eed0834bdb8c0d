import { setTimeout as sleep } from 'node:timers/promises';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import type { Body, InvokeOptions, Outcome } from '../../../../src/programs/supervisor/invocation';
import { Output } from '../output';
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

test.each([
  ['breaks off', (peer: Peer) => void peer.socket.resetAndDestroy()],
  ['closes', (peer: Peer) => void peer.socket.end()],
])(
  'a client that waits with a large body and %s is noticed before its script would start',
  async (_, leave) => {
    await pod.stop();
    const begun: number[] = [];
    const invoke = async ({ content }: Body, { signal }: InvokeOptions): Promise<Outcome> => {
      const { length } = Buffer.concat(await content.toArray());
      if (signal.aborted) throw signal.reason;
      begun.push(length);
      if (length === 1) await until(() => released);
      return output.outcome({});
    };
    let released = false;
    pod = await new Pod(1, 20, undefined, invoke).start();
    const first = await pod.connect(`${head(1)}x`);
    await until(() => begun.length === 1);
    for (let i = 1; i <= 10; i++) {
      const peer = await pod.connect(head(MIB));
      await until(() => pod.queue.waiting === i);
      await new Promise((sent) => peer.socket.write(Buffer.alloc(MIB), sent));
      leave(peer);
    }
    await sleep(100);
    released = true;
    await pod.queue.empty();
    expect(begun).toEqual([1]);
    first.socket.destroy();
  },
  20_000,
);

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

test('a body and a reply of any length pass in bounded memory', async () => {
  const before = process.memoryUsage().rss;
  let [most, read] = [0, 0];
  const length = 512 * MIB;
  const peer = await pod.connect(head(length));
  const { body, end } = await pod.call(0);
  const chunk = Buffer.alloc(MIB);
  const sent = (async () => {
    for (let i = 0; i < length / MIB; i++) await new Promise((resolve) => peer.socket.write(chunk, resolve));
  })();
  for await (const part of body.content) {
    read += part.length;
    most = Math.max(most, process.memoryUsage().rss);
  }
  await sent;
  expect(read).toBe(length);
  peer.socket.removeAllListeners('data').on('data', (part) => {
    read -= part.length;
    most = Math.max(most, process.memoryUsage().rss);
  });
  end(output.outcome({ files: [output.file('large', length)] }));
  await pod.queue.empty();
  await until(() => read < -length / 3.1);
  peer.socket.destroy();
  expect(most - before).toBeLessThan(100 * MIB);
}, 60_000);

test.each([
  ['of known length', `Content-Length: ${2 ** 40}\r\n\r\n`, 'x'.repeat(65_536)],
  ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n', `8000\r\n${'x'.repeat(0x8000)}\r\n`],
])('a body %s that is refused in the middle: the client is told so, and to stop', async (_, header, chunk) => {
  const peer = await pod.connect(`POST / HTTP/1.1\r\nHost: pod\r\n${header}`);
  const sending = setInterval(() => peer.send(chunk), 1);
  const { body, fail } = await pod.call(0);
  for await (const part of body.content) if (part.length > 0) break; // which destroys the stream
  fail(new InvocationError('input', 'no base64 at 1'));
  expect(await peer.receives(/\}\n$/)).toMatch(/^HTTP\/1.1 400 .*connection: close.*no base64 at 1/is);
  await isServed();
  await peer.ends();
  clearInterval(sending);
});

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
