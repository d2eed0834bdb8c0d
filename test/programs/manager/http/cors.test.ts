import { echo, ok, Serving, serving } from './serving';

afterEach(() => Serving.stopAll());

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
