import { createHmac } from 'node:crypto';
import { createMissingSecrets } from '../../../src/programs/provisioner/secrets';
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
    const run = () => createMissingSecrets([metrics, secret()], { call }, lines().log, noWait);
    return { asked, made, run };
  }

  test('is a JWT of the root user, signed with its password', async () => {
    const { made, run } = api(1);
    await run();
    const [header, claims, signature] = made[1].token.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'HS512', typ: 'JWT' });
    expect(read(claims)).toEqual({ sub: 'oscar-root', iss: 'prometheus', exp: expect.any(Number) });
    expect(read(claims).exp).toBeGreaterThan(Date.now() / 1000 + 50 * 365 * 24 * 3600);
    expect(signature).toBe(createHmac('sha512', 'hunter2').update(`${header}.${claims}`).digest('base64url'));
  });

  test('waits for a Secret that is made by hand, after all others are made', async () => {
    const { asked, run } = api(3);
    await run();
    expect(asked).toEqual(['POST oscar-svc/secrets', ...Array(3).fill('GET oscar/secrets/root'), 'POST oscar/secrets']);
  });

  test('is not made of a Secret that never comes, or lacks a key', async () => {
    await expect(api(Infinity).run()).rejects.toThrow("secret oscar/root can't be read: 404");
    const { made, run } = api(1, { data: { rootUser: base64('oscar-root') } });
    await expect(run()).rejects.toThrow('secret oscar/root has no "rootPassword"');
    expect(made).toHaveLength(1);
  });
});
