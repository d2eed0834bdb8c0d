import { text } from 'node:stream/consumers';
import { refusal, until } from './fake-pod';
import { answerOf, World } from './world';

let world: World;
afterEach(() => world.close());

describe('a call', () => {
  test('is answered by a pod: body, status and headers pass in both directions', async () => {
    world = await World.with(1);
    world.pod(0).script = async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      response.writeHead(418, 'A teapot', {
        'content-type': 'image/png',
        'x-invocation-id': '1f',
        'set-cookie': ['a', 'b'],
      });
      response.end(Buffer.concat(parts).toString().toUpperCase());
    };
    const sent = { accept: 'image/*', 'content-type': 'text/cow', 'x-mine': ['1', '2'] };
    const answer = await world.call('moo', sent);
    expect(answer).toMatchObject({ status: 418, body: 'MOO' });
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'x-invocation-id': '1f',
      'set-cookie': ['a', 'b'],
    });
    expect(world.pod(0).calls[0]).toMatchObject({ accept: 'image/*', 'content-type': 'text/cow', 'x-mine': '1, 2' });
  });

  test.each([
    ['a status in words that are no HTTP', '200 O\x01K', 200],
    ['a header that is none', '200 OK\r\nx-odd: a\x7fb', 502],
    ['a status that there is not', '099 Low', 502],
    ['another protocol', '101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: cows', 502],
  ])('is answered by a pod with %s', async (_what, head, status) => {
    world = await World.with(1);
    world.pod(0).script = (request) =>
      void request.resume().once('end', () => request.socket.end(`HTTP/1.1 ${head}\r\ncontent-length: 3\r\n\r\nmoo`));
    const answer = await world.call();
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body).toBe('moo');
    await until(() => world.pod(0).connections === 0);
  });

  test('may be answered while its body still comes', async () => {
    world = await World.with(1);
    world.pod(0).script = (request, response) => void request.pipe(response);
    const body = 'moo'.repeat(1_000_000);
    expect((await world.call(body)).body.length).toBe(body.length);
  });

  test('tells the pod neither the login nor what is about the connection with the client', async () => {
    world = await World.with(1);
    await world.call('moo', {
      authorization: 'Bearer secret',
      'proxy-authorization': 'Basic secret',
      connection: 'keep-alive, X-Hop',
      'x-hop': '1',
      te: 'trailers',
      host: 'oscar.example.org',
      cookie: 'session=secret',
    });
    const [headers] = world.pod(0).calls;
    for (const name of ['authorization', 'proxy-authorization', 'x-hop', 'te', 'cookie'])
      expect(headers).not.toHaveProperty(name);
    expect(headers.host).toBe(`127.0.0.2:${world.podPort}`);
    expect(headers.connection).toBe('close');
  });

  test("doesn't tell the client what is about the connection with the pod", async () => {
    world = await World.with(1);
    world.pod(0).script = (_request, response) =>
      void response
        .writeHead(200, { connection: 'close, x-hop', 'x-hop': '1', 'proxy-status': 'x', 'x-stays': '1' })
        .end();
    const { headers } = await world.call();
    expect(headers).toMatchObject({ 'x-stays': '1' });
    for (const name of ['x-hop', 'proxy-status']) expect(headers).not.toHaveProperty(name);
  });

  test.each([
    ['without a body', '', {}],
    ['of a length', 'moo', { 'content-length': 3 }],
    ['in chunks', 'moo', { 'transfer-encoding': 'chunked' }],
  ])('may come %s', async (_what, body, headers) => {
    world = await World.with(1);
    expect(await world.call(body, headers)).toMatchObject({ status: 200, body: `got ${body}` });
  });

  test('that ended well is measured', async () => {
    world = await World.with(1);
    await world.call();
    await until(() => world.step.mock.calls.length > 0);
    expect(world.step.mock.calls).toEqual([['run', expect.any(Number)]]);
    world.pod(0).refuse = refusal(500);
    expect((await world.call()).status).toBe(500);
    expect(world.step).toHaveBeenCalledTimes(1);
  });

  test('of a service that there is not is refused', async () => {
    world = await World.with(1);
    expect(await world.call('moo', {}, 'nobody')).toMatchObject({ status: 404, body: 'there is no service nobody' });
  });

  test('of an exposed service is told where that is reached', async () => {
    world = await World.with(1);
    world.declare('server', { expose: { min_scale: 1 } as never });
    const { status, body } = await world.call('moo', {}, 'server');
    expect([status, body]).toEqual([404, expect.stringContaining('/system/services/server/exposed')]);
  });
});

describe('a body that is too large', () => {
  test('is refused before anything of it is read, when its length is told', async () => {
    world = await World.with(1, { maxBodyBytes: 10 });
    const sent = world.begin({ 'content-length': 11 });
    sent.flushHeaders();
    expect((await answerOf(sent)).status).toBe(413);
    expect(world.pod(0).asked).toBe(0);
  });

  test('is refused in the middle, when it comes in chunks', async () => {
    world = await World.with(1, { maxBodyBytes: 10 });
    const closed = new Promise((resolve) => {
      world.pod(0).script = (request) => void request.on('close', () => resolve(request.complete)).resume();
    });
    const sent = world.begin({ 'transfer-encoding': 'chunked' });
    sent.write('12345');
    await until(() => world.pod(0).calls.length === 1);
    sent.write('6789012345');
    expect((await answerOf(sent)).status).toBe(413);
    expect(await closed).toBe(false);
  });
});

describe('among several pods', () => {
  test('equals have their turn', async () => {
    world = await World.with(3);
    for (let i = 0; i < 9; i++) await world.call();
    expect([0, 1, 2].map((number) => world.pod(number).calls.length)).toEqual([3, 3, 3]);
  });

  test('the one with the fewest calls is asked', async () => {
    world = await World.with(2);
    for (const number of [0, 1]) world.pod(number).script = () => undefined;
    const held = [world.begin(), world.begin()];
    for (const sent of held) sent.end('moo');
    await until(() => world.pod(0).calls.length === 1 && world.pod(1).calls.length === 1);
    world.pod(1).script = (_request, response) => void response.end('free');
    const { ip, name } = world.pod(1);
    world.warmPods.onPod(name, undefined);
    world.warmPods.onPod('cowsay-new', { name: 'cowsay-new', ip, ready: true, service: 'cowsay' });
    for (let i = 0; i < 4; i++) expect((await world.call()).body).toBe('free');
    expect(world.pod(0).calls).toHaveLength(1);
    for (const sent of held) sent.destroy();
  });

  test('one that nobody reaches costs nothing but a moment', async () => {
    world = await World.with(1);
    world.tellDead('cowsay-dead');
    world.tellDead('cowsay-away', '192.0.2.1');
    for (const body of ['a', 'b', 'c', 'x'.repeat(1_000_000)])
      expect((await world.call(body)).body).toBe(`got ${body}`);
    expect(world.scale).not.toHaveBeenCalled();
  });

  test('of one that ends, also a large body goes to another, of which nothing was used', async () => {
    world = await World.with(2);
    world.pod(0).refuse = refusal(503);
    for (const body of ['', 'moo', 'x'.repeat(1_000_000)]) {
      for (let i = 0; i < 2; i++) expect((await world.call(body)).body).toBe(`got ${body}`);
    }
    expect(world.pod(0).asked).toBeGreaterThan(1);
  });

  test('of one that is full, a call goes to another', async () => {
    world = await World.with(2);
    world.pod(0).refuse = refusal(429, { 'retry-after': '7' });
    for (let i = 0; i < 4; i++) expect((await world.call()).body).toBe('got moo');
    expect(world.pod(0).asked).toBe(2);
  });

  test('when all are full, that is what the client is told at last, and not all are asked each time', async () => {
    world = await World.with(5, { coldStartSeconds: 0.1 });
    for (let i = 0; i < 5; i++) world.pod(i).refuse = refusal(429, { 'retry-after': '7' });
    const answer = await world.call();
    expect(answer).toMatchObject({ status: 429, body: 'status 429', headers: { 'retry-after': '7' } });
    expect([0, 1, 2, 3, 4].reduce((sum, number) => sum + world.pod(number).asked, 0)).toBe(4);
  });

  test('when all are full, calls wait until one has been answered, and take turns', async () => {
    world = await World.with(1);
    const pod = world.pod(0);
    const answers: (() => void)[] = [];
    // Room for one.
    pod.script = async (request, response) => {
      pod.refuse = refusal(429, { 'retry-after': '7' });
      const body = await text(request);
      answers.push(() => {
        pod.refuse = undefined;
        response.end(`got ${body}`);
      });
    };
    const calls = ['1', '2', '3', '4'].map((body) => world.call(body));
    for (let i = 0; i < calls.length; i++) {
      await until(() => answers.length > i && world.calls.waitingFor('cowsay') === calls.length - i - 1);
      answers[i]();
    }
    const bodies = (await Promise.all(calls)).map(({ body }) => body);
    expect(bodies).toEqual(['got 1', 'got 2', 'got 3', 'got 4']);
  });

  test('more than may wait for room are told so', async () => {
    world = await World.with(1);
    world.pod(0).refuse = refusal(429, { 'retry-after': '7' });
    let told = 0;
    const calls = Array.from({ length: 130 }, () =>
      world.call().then(({ status }) => {
        if (status === 429) told++;
        return status;
      }),
    );
    await until(() => told > 0 && world.calls.waitingFor('cowsay') > 0);
    world.pod(0).refuse = undefined;
    const statuses = await Promise.all(calls);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(100);
    expect(told + statuses.filter((status) => status === 200).length).toBe(130);
  });
});

describe('no script runs twice', () => {
  test('a 503 of a script that ran is passed on', async () => {
    world = await World.with(2);
    for (const number of [0, 1]) world.pod(number).refuse = refusal(503, { 'x-invocation-id': '1f' });
    expect(await world.call()).toMatchObject({ status: 503, body: 'status 503' });
    expect(world.pod(0).asked + world.pod(1).asked).toBe(1);
  });

  test('a 503 after some of the body was sent is passed on', async () => {
    world = await World.with(2);
    for (const number of [0, 1]) world.pod(number).script = refusal(503);
    expect((await world.call()).status).toBe(503);
    expect(world.pod(0).asked + world.pod(1).asked).toBe(1);
  });

  test.each(['', 'moo'])('a pod that dies with a call (%p) is a 502', async (body) => {
    world = await World.with(2);
    for (const number of [0, 1]) world.pod(number).script = (request) => void request.socket.resetAndDestroy();
    const answer = await world.call(body);
    expect(answer.status).toBe(502);
    expect(answer.body).toMatch(/^the pod cowsay-\d gave no answer: /);
    expect(world.pod(0).asked + world.pod(1).asked).toBe(1);
  });

  test('a pod that breaks off before it takes the body is left for another', async () => {
    world = await World.with(2);
    for (const number of [0, 1]) {
      world.pod(number).refuse = (request) => {
        world.pod(number).refuse = undefined;
        request.socket.resetAndDestroy();
      };
    }
    expect((await world.call()).body).toBe('got moo');
  });
});

describe('when no pod is reached in time', () => {
  test('that is a 503, which says why: no script has begun', async () => {
    world = await World.with(1, { coldStartSeconds: 1 });
    await world
      .pod(0)
      .stop()
      .catch(() => undefined);
    const answer = await world.call();
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(answer.body).toMatch(/^the pod cowsay-0 gave no answer: connect ECONNREFUSED/);
  });

  test('what the pods say is passed on', async () => {
    world = await World.with(1, { coldStartSeconds: 1 });
    world.pod(0).refuse = refusal(503);
    expect(await world.call()).toMatchObject({ status: 503, body: 'status 503' });
    expect(world.pod(0).asked).toBeGreaterThan(1);
  });

  test('a pod that comes back meanwhile is asked', async () => {
    world = await World.with(1);
    world.pod(0).refuse = refusal(503);
    const answer = world.call();
    await until(() => world.pod(0).asked > 1);
    world.pod(0).refuse = undefined;
    expect((await answer).body).toBe('got moo');
  });
});
