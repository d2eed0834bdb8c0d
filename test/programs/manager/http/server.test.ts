import { setTimeout as sleep } from 'node:timers/promises';
import { HttpError, sendText } from '../../../../src/programs/manager/http/answer';
import { healthRoute } from '../../../../src/programs/manager/http/health';
import { KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';
import { echo, ok, route, Serving, serving } from './serving';

const failing = (error: unknown) =>
  route('/fail', () => {
    throw error;
  });

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
