import { createHmac } from 'node:crypto';
import { Report } from '../../../src/programs/provisioner/report';
import { createMissingSecrets, isDerived } from '../../../src/programs/provisioner/secrets';
import { lines, noWait, secret } from './api';

describe("a token for the store's metrics", () => {
  const login = { secretName: 'root', userKey: 'rootUser', passwordKey: 'rootPassword' };
  const metrics = secret({ namespace: 'oscar', name: 'oscar-minio-metrics', data: { token: { metricsToken: login } } });
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const root = { data: { rootUser: base64('oscar-root'), rootPassword: base64('hunter2') } };

  /** An API server that has the root Secret from the `since`th time on that it is asked. */
  function api(since: number, body: unknown = root) {
    const asked: string[] = [];
    const made: Record<string, string>[] = [];
    let reads = 0;
    const call = async (method: 'GET' | 'POST', path: string, sent?: unknown) => {
      asked.push(`${method} ${path.split('/').slice(4).join('/')}`);
      if (method === 'GET') return ++reads < since ? { status: 404, body: {} } : { status: 200, body };
      made.push((sent as { stringData: Record<string, string> }).stringData);
      return { status: 201, body: {} };
    };
    const { logged, log } = lines();
    const run = () => createMissingSecrets([metrics, secret()], { call }, new Report(log), noWait);
    return { asked, logged, made, run };
  }

  test('is a JWT of the root user, signed with its password', async () => {
    const { made, run } = api(1);
    await run();
    const [header, claims, signature] = made[0].token.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'HS512', typ: 'JWT' });
    expect(read(claims)).toEqual({ sub: 'oscar-root', iss: 'prometheus', exp: expect.any(Number) });
    expect(read(claims).exp).toBeGreaterThan(Date.now() / 1000 + 50 * 365 * 24 * 3600);
    expect(signature).toBe(createHmac('sha512', 'hunter2').update(`${header}.${claims}`).digest('base64url'));
  });

  test('waits for a Secret that is made by hand', async () => {
    const { asked, run } = api(3);
    expect(await run()).toEqual([]);
    expect(asked).toEqual([...Array(3).fill('GET oscar/secrets/root'), 'POST oscar/secrets', 'POST oscar-svc/secrets']);
  });

  test('is told from Secrets that are made of nothing', () => {
    expect([metrics, secret()].map(isDerived)).toEqual([true, false]);
  });

  test.each([
    ['never comes', api(Infinity), "secret oscar/root can't be read: 404"],
    ['lacks a key', api(1, { data: { rootUser: base64('oscar-root') } }), 'secret oscar/root has no "rootPassword"'],
  ])('is not made of a Secret that %s, and others are made', async (_, { logged, made, run }, problem) => {
    expect(await run()).toEqual(['oscar/oscar-minio-metrics']);
    expect(logged[0]).toContain(`error: failed: ${problem}`);
    expect(made).toHaveLength(1);
  });
});
