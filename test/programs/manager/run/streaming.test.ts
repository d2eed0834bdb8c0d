import { once } from 'node:events';
import { connect } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Metrics } from '../../../../src/programs/manager/metrics';
import { runRoutes } from '../../../../src/programs/manager/run/routes';
import { Serving, serving } from '../http/serving';
import { Flow, MIB, standsStill, until } from './fake-pod';
import { answerOf, begunAnswerOf, World } from './world';

/** What is held of a body on its way: sockets of both sides, and this process has three of them. */
const HELD = 30 * MIB;

let world: World;
beforeEach(async () => {
  world = await World.with(1);
});
afterEach(async () => {
  jest.useRealTimers();
  await world.close();
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Of buffers that somebody still holds. */
function liveBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

describe('a large body', () => {
  test('is streamed to the pod and back, in little memory', async () => {
    const before = liveBytes();
    let most = 0;
    const read = async (body: AsyncIterable<Buffer>) => {
      let bytes = 0;
      for await (const part of body) {
        if (Math.floor(bytes / 10 / MIB) < Math.floor((bytes += part.length) / 10 / MIB)) {
          most = Math.max(most, liveBytes() - before);
        }
      }
      return bytes;
    };
    world.pod(0).script = async (request, response) => {
      const bytes = await read(request);
      response.writeHead(200, { 'content-length': bytes });
      await pipeline(new Flow(bytes / MIB).readable, response);
    };
    const sent = world.begin({ 'transfer-encoding': 'chunked' });
    const answer = begunAnswerOf(sent);
    await pipeline(new Flow(100).readable, sent);
    expect(await read(await answer)).toBe(100 * MIB);
    expect(most).toBeLessThan(HELD);
  });

  test('is taken at the pace of the pod', async () => {
    let goOn = () => {};
    const told = new Promise<void>((resolve) => (goOn = resolve));
    world.pod(0).script = async (request, response) => {
      await told;
      let bytes = 0;
      for await (const part of request) bytes += (part as Buffer).length;
      response.end(`${bytes}`);
    };
    const sent = world.begin();
    const answer = answerOf(sent);
    const flow = new Flow(100);
    const whole = pipeline(flow.readable, sent);
    await standsStill(() => flow.bytes);
    expect(flow.bytes).toBeLessThan(HELD);
    goOn();
    await whole;
    expect((await answer).body).toBe(`${100 * MIB}`);
  });
});

test('an answer is given at the pace of the client', async () => {
  const flow = new Flow(100);
  world.pod(0).script = (request, response) => {
    request.resume();
    return pipeline(flow.readable, response);
  };
  const sent = world.begin();
  sent.end('moo');
  const answer = await begunAnswerOf(sent);
  await standsStill(() => flow.bytes);
  expect(flow.bytes).toBeLessThan(HELD);
  let bytes = 0;
  for await (const part of answer) bytes += (part as Buffer).length;
  expect(bytes).toBe(100 * MIB);
});

test('an answer reaches the client as it comes', async () => {
  let end = () => {};
  world.pod(0).script = (request, response) => {
    request.resume();
    response.write('first');
    end = () => response.end('last');
  };
  const sent = world.begin();
  sent.end('moo');
  const answer = await begunAnswerOf(sent);
  expect(String((await once(answer, 'data'))[0])).toBe('first');
  end();
  expect(String((await once(answer, 'data'))[0])).toBe('last');
});

describe('an answer that breaks in the middle breaks the connection with the client', () => {
  beforeEach(() => {
    world.pod(0).script = (request, response) => {
      request.resume();
      const { 'x-length': length } = request.headers;
      response.writeHead(200, length ? { 'content-length': String(length) } : {}).write('half');
    };
  });

  test.each([
    ['of a length', { 'x-length': '100' }],
    ['in chunks', {}],
  ])('%s', async (_what, headers) => {
    const sent = world.begin(headers as Record<string, string>);
    sent.end('moo');
    const answer = await begunAnswerOf(sent);
    await once(answer, 'data');
    world.pod(0).break();
    await expect(answer.toArray()).rejects.toThrow('aborted');
    await until(() => world.log.mock.calls.length > 0);
    expect(world.log.mock.calls).toEqual([
      ['warning', 'cowsay: an answer broke off in the middle', { service: 'cowsay' }],
    ]);
    expect(world.step).not.toHaveBeenCalled();
  });

  test('which a client of HTTP/1.0 sees only by a reset', async () => {
    const socket = connect(world.port, '127.0.0.1', () => socket.write('POST /run/cowsay HTTP/1.0\r\n\r\n'));
    let received = '';
    socket.on('data', (bytes) => (received += String(bytes)));
    await until(() => received.endsWith('half'));
    world.pod(0).break();
    await expect(once(socket, 'end')).rejects.toThrow('ECONNRESET');
  });
});

describe('a client that goes away', () => {
  test.each([
    ['while the script runs', 'moo'],
    ['without having sent a body', ''],
  ])('%s ends it', async (_what, body) => {
    let closed = false;
    world.pod(0).script = (request, response) => {
      request.resume();
      response.once('close', () => (closed = true));
    };
    const sent = world.begin();
    sent.end(body);
    await until(() => world.pod(0).calls.length === 1);
    sent.destroy();
    await until(() => closed && world.pod(0).connections === 0);
  });

  test('ends all that it asked for ahead', async () => {
    let open = 0;
    world.pod(0).script = (request, response) => {
      open++;
      request.resume();
      response.once('close', () => open--).write('first');
    };
    const { services, warmPods, scale, calls, log, podPort: port } = world;
    const metrics = { step: world.step } as unknown as Metrics;
    const run = { services, warmPods, scale, calls, log, port, metrics, coldStartSeconds: 1, maxBodyBytes: 1 };
    const front = await serving(runRoutes(run), { authenticate: async () => ({ kind: 'admin' }) });
    const post = 'POST /run/cowsay HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
    const socket = connect(front.port, '127.0.0.1', () => socket.write(post.repeat(5)));
    await until(() => open === 5);
    socket.destroy();
    await until(() => open === 0 && !calls.any('cowsay'));
    Serving.stopAll();
  });

  test('in the middle of its body leaves the pod none that looks whole', async () => {
    let isWhole: boolean | undefined;
    world.pod(0).script = (request) => void request.once('close', () => (isWhole = request.complete)).resume();
    const sent = world.begin({ 'content-length': 100 });
    sent.write('half');
    await until(() => world.pod(0).calls.length === 1);
    sent.destroy();
    await until(() => isWhole !== undefined);
    expect(isWhole).toBe(false);
  });

  test('in the middle of the answer ends it', async () => {
    let closed = false;
    world.pod(0).script = (request, response) => {
      request.resume();
      response.once('close', () => (closed = true)).write('first');
    };
    const sent = world.begin();
    sent.end('moo');
    await begunAnswerOf(sent);
    sent.destroy();
    await until(() => closed);
    expect(world.log).not.toHaveBeenCalled();
  });
});

test('an answer that comes before the body is whole is passed on', async () => {
  world.pod(0).script = (request, response) => {
    request.once('data', () => response.writeHead(400, { connection: 'close' }).end('enough'));
  };
  const sent = world.begin({ 'transfer-encoding': 'chunked' });
  sent.write('moo');
  expect(await answerOf(sent)).toMatchObject({ status: 400, body: 'enough' });
});

test('a connection of the client serves one call after the other', async () => {
  const received: string[] = [];
  const socket = connect(world.port, '127.0.0.1').on('data', (bytes) => received.push(String(bytes)));
  for (const number of [1, 2, 3]) {
    socket.write(`POST /run/cowsay HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n${number}`);
    await until(() => received.join('').includes(`got ${number}`));
  }
  expect(world.pod(0).calls).toHaveLength(3);
  socket.destroy();
});

describe('who takes too long', () => {
  // Timers only: sockets have their own clock.
  const stopClock = () =>
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });

  test('a pod, for its answer: 504', async () => {
    stopClock();
    let received = false;
    world.pod(0).script = (request) => void request.once('end', () => (received = true)).resume();
    const answer = world.call();
    await until(() => received);
    await jest.advanceTimersByTimeAsync(629_000);
    expect(world.pod(0).connections).toBe(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await answer).toMatchObject({
      status: 504,
      body: "the pod cowsay-0 gave no answer in 630 s; the service's time limit is 300 s",
    });
    await until(() => world.pod(0).connections === 0);
  });

  test('a client, for its body: 408', async () => {
    stopClock();
    let received = '';
    world.pod(0).script = (request) => void request.on('data', (bytes) => (received += String(bytes)));
    const sent = world.begin({ 'content-length': 100 });
    const answer = answerOf(sent);
    sent.write('moo');
    await until(() => received === 'moo');
    await jest.advanceTimersByTimeAsync(59_000);
    sent.write('moo');
    await until(() => received === 'moomoo');
    await jest.advanceTimersByTimeAsync(59_000);
    expect(world.pod(0).connections).toBe(1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await answer).toMatchObject({ status: 408, body: 'nothing came of the body for 60 s' });
    await until(() => world.pod(0).connections === 0);
  });

  test('a pod that takes no body, but for its line, is waited for as for an answer', async () => {
    stopClock();
    world.pod(0).script = () => undefined;
    const sent = world.begin();
    const answer = answerOf(sent);
    const flow = new Flow(100);
    const whole = pipeline(flow.readable, sent).catch(() => undefined);
    await until(() => world.pod(0).calls.length === 1);
    await standsStill(() => flow.bytes);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(world.pod(0).connections).toBe(1);
    await jest.advanceTimersByTimeAsync(30_000);
    expect((await answer).status).toBe(504);
    sent.destroy();
    await whole;
  });

  test('a pod that says nothing of taking the body is sent it anyway', async () => {
    stopClock();
    world.pod(0).refuse = async (request, response) => {
      // What Node has said itself by then.
      for await (const part of request) response.write(part);
      response.end();
    };
    const answer = world.call();
    await until(() => world.pod(0).asked === 1);
    await jest.advanceTimersByTimeAsync(1_000);
    expect((await answer).body).toBe('moo');
  });
});
