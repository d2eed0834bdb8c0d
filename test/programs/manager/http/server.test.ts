import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpError, sendText } from '../../../../src/programs/manager/http/answer';
import { healthRoute } from '../../../../src/programs/manager/http/health';
import type { Exchange, Route } from '../../../../src/programs/manager/http/route';
import { KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';
import { Serving } from './serving';

const route = (path: string, handle: Route['handle'], more: Partial<Route> = {}): Route => ({
  ...{ method: 'GET', path, access: 'anyone', handle },
  ...more,
});
const ok = route('/ok', ({ response }) => sendText(response, 200, 'fine'));
const echo = route('/job/:service', async ({ request, response }) => sendText(response, 201, await text(request)), {
  method: 'POST',
});
const failing = (error: unknown) =>
  route('/fail', () => {
    throw error;
  });
const serving = (routes: Route[], options?: ConstructorParameters<typeof Serving>[1]) =>
  new Serving(routes, options).start();

afterEach(() => Serving.stopAll());

describe('paths and methods', () => {
  test.each([
    ['/ok', 200],
    ['/ok/', 200],
    ['/ok?a=/x//', 200],
    ['http://manager.example/ok', 200],
    ['//ok', 404],
    ['/ok//', 404],
    ['/OK', 404],
    ['/%6fk', 404],
    ['/', 404],
    ['/nothing', 404],
  ])('%s: %i', async (path, status) => {
    await expect((await serving([ok])).call(path)).resolves.toMatchObject({ status });
  });

  test.each([
    ['cowsay', 200, 'cowsay'],
    ['c%6Fwsay', 200, 'cowsay'],
    ['a'.repeat(39), 200, 'a'.repeat(39)],
    ['a'.repeat(40), 404, ''],
    ['Cowsay', 404, ''],
    ['1cow', 404, ''],
    ['cow-', 404, ''],
    ['a%2Fb', 404, ''],
    ['a.b', 404, ''],
    ['..', 404, ''],
    ['%2e%2e', 404, ''],
    ['a,b=c', 404, ''],
    ['a%00', 400, ''],
    ['a%0a', 400, ''],
    ['a%zz', 400, ''],
    ['a%ff', 400, ''],
  ])('a service named %s: %i', async (name, status, seen) => {
    let given = '';
    const it = await serving([
      route('/s/:service', ({ parameters, response }) => sendText(response, 200, (given = parameters.service))),
    ]);
    await expect(it.call(`/s/${name}`)).resolves.toMatchObject({ status });
    expect(given).toBe(seen);
  });

  test('another method is refused, and the right ones are named', async () => {
    const it = await serving([ok, { ...ok, method: 'DELETE' }]);
    const answer = await it.call('/ok', { method: 'PUT' });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, DELETE' } });
  });

  test('HEAD is GET without the body', async () => {
    const answer = await (await serving([ok])).call('/ok', { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, text: '', headers: { 'content-length': '4' } });
  });
});

test('health', async () => {
  let missing: string | undefined = 'no list of jobs yet';
  const it = await serving([healthRoute(() => missing)]);
  await expect(it.call('/health')).resolves.toMatchObject({ status: 503, text: 'no list of jobs yet\n' });
  await expect(it.call('/health?live')).resolves.toMatchObject({ status: 200, text: 'Ok' });
  missing = undefined;
  await expect(it.call('/health')).resolves.toMatchObject({ status: 200, text: 'Ok' });
});

describe('who asks is known before what there is', () => {
  const refuse = async () => {
    throw new HttpError(401, 'who are you?');
  };
  const routes = [
    route('/system/services/:service', ok.handle, { access: 'service' }),
    route('/run/:service', ok.handle, { access: 'service', method: 'POST' }),
  ];

  test.each([
    ['GET', '/system/services/cow'],
    ['PUT', '/system/services/cow'],
    ['GET', '/system/services/NOT-A-NAME'],
    ['GET', '/system/services/%'],
    ['GET', '/system/nothing'],
    ['GET', '/system'],
    ['GET', '/system//'],
    ['GET', '/run/cow'],
    ['POST', '/run/%'],
  ])('%s %s', async (method, path) => {
    const it = await serving(routes, { authenticate: refuse });
    await expect(it.call(path, { method })).resolves.toMatchObject({ status: 401, text: 'who are you?\n' });
  });

  test('what is no service has no token', async () => {
    const asked: unknown[] = [];
    const it = await serving(routes, {
      authenticate: async (_, access, service) => {
        asked.push([access, service]);
        return { kind: 'admin' };
      },
    });
    await it.call('/system/services/NO');
    await it.call('/system/services/cow');
    await it.call('/system/nothing');
    expect(asked).toEqual([
      ['admin', undefined],
      ['service', 'cow'],
      ['admin', undefined],
    ]);
  });
});

describe('errors', () => {
  test('what a handler says', async () => {
    const it = await serving([failing(new HttpError(418, 'a teapot', { 'x-pot': '1' }))]);
    const answer = await it.call('/fail');
    expect(answer).toMatchObject({ status: 418, text: 'a teapot\n', headers: { 'x-pot': '1' } });
    expect(it.logged).toEqual([]);
  });

  test('Kubernetes is away', async () => {
    const it = await serving([failing(new KubernetesUnreachable('no answer from 10.0.0.1'))]);
    const answer = await it.call('/fail');
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expect(answer.text).not.toContain('10.0.0.1');
    expect(it.logged).toEqual([
      ['warning', 'request failed', expect.objectContaining({ route: '/fail', status: 503 })],
    ]);
  });

  test('a defect tells nothing, but to the log', async () => {
    const it = await serving([failing(new TypeError('secret is undefined'))]);
    await expect(it.call('/fail')).resolves.toMatchObject({ status: 500, text: 'internal error\n' });
    const [[level, , fields]] = it.logged;
    expect(level).toBe('error');
    expect(fields?.reason).toContain('server.test.ts');
  });

  test('in the middle of an answer the connection breaks', async () => {
    const it = await serving([
      route('/fail', async ({ response }) => {
        response.writeHead(200).write('half');
        await sleep(20);
        throw new Error('oh');
      }),
    ]);
    await expect(it.call('/fail')).rejects.toThrow(/aborted|hang up/);
  });

  test('a flood of them is a few lines', async () => {
    const it = await serving([failing(new HttpError(502, 'bad'))]);
    await Promise.all(Array.from({ length: 30 }, () => it.call('/fail')));
    expect(it.logged.length).toBeLessThanOrEqual(21);
  });
});

test('headers that every answer has', async () => {
  const it = await serving([ok]);
  for (const path of ['/ok', '/nothing']) {
    expect((await it.call(path)).headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  }
});

test('requests are counted by route, not by path', async () => {
  const it = await serving([echo]);
  await it.call('/job/cow', { method: 'POST', body: 'x' });
  await it.call('/job/cow');
  await it.call('/nothing');
  expect(it.counted).toEqual([
    ['/job/:service', 201],
    ['/job/:service', 405],
    ['none', 404],
  ]);
});

describe('CORS', () => {
  const origin = 'https://ui.example.org';
  const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } };

  test('off', async () => {
    const it = await serving([ok]);
    await expect(it.call('/ok', preflight)).resolves.toMatchObject({ status: 405 });
    const { headers } = await it.call('/ok', { headers: { origin } });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control') || name === 'vary')).toEqual([]);
  });

  test('for one origin', async () => {
    const it = await serving([ok], { corsOrigins: [origin] });
    await expect(it.call('/system/whatever', preflight)).resolves.toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
        'access-control-allow-headers': 'Authorization, Content-Type, Accept',
        'access-control-max-age': '7200',
        vary: 'Origin',
      },
    });
    expect((await it.call('/nothing', { headers: { origin } })).headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'Retry-After, X-Invocation-Id',
      vary: 'Origin',
    });
    const other = await it.call('/ok', { headers: { origin: 'https://ui.example.org.evil' } });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    expect(other.headers.vary).toBe('Origin');
    const foreign = { method: 'OPTIONS', headers: { ...preflight.headers, origin: 'https://evil' } };
    await expect(it.call('/ok', foreign)).resolves.toMatchObject({ status: 405 });
  });

  test('for all', async () => {
    const it = await serving([ok], { corsOrigins: ['*'] });
    expect((await it.call('/ok', { headers: { origin } })).headers).toMatchObject({
      'access-control-allow-origin': '*',
    });
  });

  test.each([
    [{ origin: 'https://evil' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://manager.example', host: 'manager.example' }, 201],
    [{ origin }, 201],
    [{}, 201],
  ])('who changes something from %j: %i', async (headers, status) => {
    const it = await serving([echo], { corsOrigins: [origin] });
    await expect(it.call('/job/cow', { method: 'POST', headers, body: 'x' })).resolves.toMatchObject({ status });
  });
});

describe('bodies', () => {
  const refusing = route(
    '/job/:service',
    () => {
      throw new HttpError(413, 'too long');
    },
    { method: 'POST' },
  );

  async function socketTo({ port }: Serving, head: string): Promise<Socket> {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    await once(socket, 'connect');
    socket.write(head.replaceAll('\n', '\r\n'));
    return socket;
  }
  const HEAD = 'POST /job/cow HTTP/1.1\nHost: x\nContent-Length: 4\nExpect: 100-continue\n\n';

  test('consent comes when the body is read', async () => {
    const socket = await socketTo(await serving([echo]), HEAD);
    const [consent] = await once(socket, 'data');
    expect(consent).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('abcd');
    const [answer] = await once(socket, 'data');
    expect(answer).toMatch(/^HTTP\/1.1 201 [^]*abcd$/);
    expect(answer).not.toMatch(/connection: close/i);
    socket.destroy();
  });

  test('who refuses has not consented, and the connection ends', async () => {
    const socket = await socketTo(await serving([refusing]), HEAD);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toMatch(/connection: close/i);
  });

  test('what nobody reads is thrown away, and the connection stays', async () => {
    const socket = await socketTo(await serving([refusing, ok]), HEAD.replace('Expect: 100-continue\n', ''));
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 413 /);
    socket.write('abcdGET /ok HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });

  test('what nobody reads and never ends costs the connection', async () => {
    const socket = await socketTo(
      await serving([refusing]),
      'POST /job/cow HTTP/1.1\nHost: x\nContent-Length: 999999999\n\nabc',
    );
    const sending = setInterval(() => socket.write('x'.repeat(1000)), 50);
    socket.on('error', () => {});
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 413 /);
    await once(socket, 'close');
    clearInterval(sending);
  });
});

describe('clients that go', () => {
  test('the signal tells', async () => {
    let seen!: (exchange: Exchange) => void;
    const came = new Promise<Exchange>((resolve) => (seen = resolve));
    const it = await serving([route('/wait', (exchange) => seen(exchange))]);
    const socket = connect(it.port, '127.0.0.1', () => socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'));
    const { signal } = await came;
    expect(signal.aborted).toBe(false);
    socket.destroy();
    await once(signal, 'abort');
    expect(it.counted).toEqual([['/wait', 499]]);
  });

  test('an answer that is complete aborts nothing', async () => {
    let signal!: AbortSignal;
    const it = await serving([
      route('/ok', (exchange) => {
        signal = exchange.signal;
        sendText(exchange.response, 200, 'x');
      }),
    ]);
    await it.call('/ok');
    await sleep(20);
    expect(signal.aborted).toBe(false);
  });
});

test('a server that ends closes connections after their answers', async () => {
  let release!: () => void;
  const wait = new Promise<void>((resolve) => (release = resolve));
  let came!: () => void;
  const started = new Promise<void>((resolve) => (came = resolve));
  const it = await serving([
    route('/slow', async ({ response }) => {
      came();
      await wait;
      sendText(response, 200, 'x');
    }),
    ok,
  ]);
  const socket = connect(it.port, '127.0.0.1').setEncoding('utf8');
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  socket.write(get('/slow'));
  await started;
  it.server.close();
  socket.write(get('/ok'));
  release();
  const answers = await text(socket);
  expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  expect(answers).toMatch(/connection: close/i);
});
