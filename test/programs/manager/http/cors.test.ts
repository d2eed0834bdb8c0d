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

  const foreign = { origin: 'https://evil' };
  const basic = { authorization: 'Basic eDp5' };
  test.each([
    [{ ...foreign, ...basic }, [origin], 403],
    [{ ...foreign, ...basic }, [], 403],
    [{ ...foreign, ...basic }, ['*'], 403],
    [foreign, ['*'], 403],
    [{ ...basic, origin: 'null' }, ['*'], 403],
    [{ ...basic, origin: 'http://manager.example', host: 'manager.example' }, [origin], 201],
    [{ ...basic, origin }, [origin], 201],
    [{ ...basic, origin }, ['*', origin], 201],
    [{ ...foreign, authorization: 'Bearer x' }, ['*'], 201],
    [basic, [], 201],
  ])('who changes something by %j, with origins %j: %i', async (headers, corsOrigins, status) => {
    const it = await serving([echo], { corsOrigins });
    await expect(it.call('/job/cow', { method: 'POST', headers, body: 'x' })).resolves.toMatchObject({ status });
  });
});
