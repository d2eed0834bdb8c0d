import { setTimeout as sleep } from 'node:timers/promises';
import { Output } from '../output';
import { Pod, until } from './pod';

let output: Output;
let pod: Pod;
beforeEach(() => (output = new Output()));
afterEach(async () => {
  await pod.stop();
  output.remove();
});

/** A request with a connection of its own: `name` is its body. */
const request = (name: string, headers = '') =>
  pod.connect(`POST / HTTP/1.1\r\nHost: pod\r\n${headers}Content-Length: ${name.length}\r\n\r\n${name}`);
const bodyOf = async (number: number) => {
  const { body } = await pod.call(number);
  return String(await body.content.toArray());
};

test('at most so many run, the others wait in order', async () => {
  pod = await new Pod(3).start();
  const names = Array.from({ length: 20 }, (_, i) => `request ${i}`);
  const peers = [];
  for (const name of names) {
    peers.push(await request(name));
    await until(() => pod.queue.running + pod.queue.waiting === peers.length);
  }
  const order: string[] = [];
  for (let i = 0; i < names.length; i++) {
    order.push(await bodyOf(i));
    expect(pod.calls.length).toBeLessThanOrEqual(i + 3);
    expect(pod.queue.running).toBeLessThanOrEqual(3);
    pod.calls[i].end(output.outcome({}));
  }
  expect(order).toEqual(names);
  for (const peer of peers) {
    expect(await peer.receives(/said\n$/)).toContain(' 200 ');
    peer.socket.destroy();
  }
  await pod.queue.empty();
});

describe('when all places are taken', () => {
  beforeEach(async () => {
    pod = await new Pod(1, 1).start();
    await request('runs');
    await request('waits');
    await until(() => pod.queue.waiting === 1);
  });

  test('429, and when to try again', async () => {
    const { status, headers, body } = await pod.ask('POST', '/', {}, 'x');
    expect([status, headers['content-type']]).toEqual([429, 'application/json']);
    expect(headers['retry-after']).toMatch(/^[1-9]\d?$/);
    expect(JSON.parse(body)).toEqual({
      code: 1,
      reason: `cowsay is busy: 1 invocations run and 1 wait, which is all that may. Try again in ${headers['retry-after']} s.`,
    });
    expect(pod.metrics.refused).toHaveBeenCalledTimes(1);
    expect(pod.calls).toHaveLength(1);
  });

  test('a client that asks first is told not to send', async () => {
    const peer = await pod.connect(
      'POST / HTTP/1.1\r\nHost: pod\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n',
    );
    expect(await peer.receives(/\}\n$/)).toMatch(/^HTTP\/1.1 429 .*connection: close/is);
    peer.socket.end();
    expect(await peer.ends()).toBe('end');
  });

  test.each([
    ['of known length', `Content-Length: ${2 ** 40}\r\n\r\n`, 'x'.repeat(65_536)],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n', `8000\r\n${'x'.repeat(0x8000)}\r\n`],
  ])('a client in the midst of a body %s is answered at once, and told to stop', async (_, header, chunk) => {
    const peer = await pod.connect(`POST / HTTP/1.1\r\nHost: pod\r\n${header}`);
    const sending = setInterval(() => peer.send(chunk), 1);
    const answer = await peer.receives(/\}\n$/);
    expect(answer).toMatch(/^HTTP\/1.1 429 .*connection: close/is);
    await peer.ends();
    clearInterval(sending);
  });
});

test('a client that asks first is told to go on once it has a place', async () => {
  pod = await new Pod(1, 1).start();
  const first = await request('', 'Expect: 100-continue\r\n');
  const second = await request('', 'Expect: 100-continue\r\n');
  for (const peer of [first, second]) expect(await peer.receives(/\r\n\r\n$/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  (await pod.call(0)).end(output.outcome({}));
  expect(await first.receives(/said\n$/)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  for (const { socket } of [first, second]) socket.destroy();
});

test('once the pod has closed, a request that was on its way is told 503', async () => {
  pod = await new Pod().start();
  const peer = await pod.connect('POST / HTTP/1.1\r\nHost: pod\r\n');
  await sleep(50); // until the server has seen that there is one
  pod.server.close();
  peer.send('Content-Length: 1\r\n\r\nx');
  expect(await peer.receives(/\}\n$/)).toMatch(
    / 503 .*connection: close.*"reason":"the pod ends: send .* another pod"/is,
  );
  expect(await peer.ends()).toBe('end');
  expect(pod.metrics.refused).toHaveBeenCalledTimes(1);
  expect(pod.calls).toHaveLength(0);
});

test('all that run and wait can be ended: each is told so', async () => {
  pod = await new Pod().start();
  const peers = [await request('runs'), await request('waits')];
  const { options, fail } = await pod.call(0);
  await until(() => pod.queue.waiting === 1);
  pod.server.abort();
  expect(options.signal.aborted).toBe(true);
  expect(await peers[1].receives(/\}\n$/)).toMatch(/ 503 .*"code":143,"reason":"the pod ends"/s);
  expect(pod.queue.running).toBe(1);
  fail(options.signal.reason);
  expect(await peers[0].receives(/\}\n$/)).toMatch(/ 503 .*"code":143,"reason":"the pod ends"/s);
  await pod.queue.empty();
  expect(pod.calls).toHaveLength(1);
  for (const { socket } of peers) socket.destroy();
});
