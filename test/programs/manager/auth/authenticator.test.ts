import { Attempts } from '../../../../src/programs/manager/auth/attempts';
import { authenticator } from '../../../../src/programs/manager/auth/authenticator';
import { KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';
import { sendText } from '../../../../src/programs/manager/http/answer';
import type { Access, Route } from '../../../../src/programs/manager/http/route';
import { basic, Serving } from '../http/serving';

const SECRETS: Record<string, string> = {
  'admin/username': 'oscar',
  'admin/password': 'pass:wörd',
  'webhook/token': 'webhook-token',
  'metrics/token': 'metrics-token',
};
const ADMIN = basic('oscar', 'pass:wörd');

class Waits extends Attempts {
  readonly waited: string[] = [];
  tooMany = false;
  full = '';
  override isTooMany = (from: string) => this.tooMany || from === this.full;
  override failed = async (address: string) => void this.waited.push(address);
  leastWaits = 0;
  override leastWait = async () => void this.leastWaits++;
}

async function fixture(secrets: Record<string, string | undefined> = SECRETS) {
  const attempts = new Waits();
  const refused: string[] = [];
  const logged: unknown[] = [];
  const authenticate = authenticator({
    secrets: { get: (file) => secrets[file] },
    tokens: {
      matches: async (service, token) => {
        if (service === 'away') throw new KubernetesUnreachable('no answer');
        return token === `${service}-token`;
      },
    },
    metrics: { refusedLogin: (as) => void refused.push(as) },
    log: (...line) => void logged.push(line),
    attempts,
  });
  const accesses: Access[] = ['anyone', 'webhook', 'metrics', 'admin'];
  const routes = accesses.map((access): Route => ({ method: 'GET', path: `/${access}`, access, handle }));
  const service: Route = { method: 'GET', path: '/service/:service', access: 'service', handle };
  const server = await new Serving([...routes, service], { authenticate }).start();
  const get = async (path: string, authorization?: string) =>
    server.call(path, { headers: authorization === undefined ? {} : { authorization } });
  return { attempts, refused, logged, get };
}
const handle: Route['handle'] = ({ response, caller }) => sendText(response, 200, JSON.stringify(caller));

afterEach(() => Serving.stopAll());

test('who is let in, and as whom', async () => {
  const { get } = await fixture();
  const cases: [string, string | undefined, object][] = [
    ['/anyone', undefined, { kind: 'other' }],
    ['/anyone', 'Bearer nonsense', { kind: 'other' }],
    ['/webhook', 'Bearer webhook-token', { kind: 'other' }],
    ['/metrics', 'Bearer metrics-token', { kind: 'other' }],
    ['/metrics', ADMIN, { kind: 'admin' }],
    ['/admin', ADMIN, { kind: 'admin' }],
    ['/admin', ADMIN.replace('Basic', 'basic'), { kind: 'admin' }],
    ['/service/cow', ADMIN, { kind: 'admin' }],
    ['/service/cow', 'bearer cow-token', { kind: 'service', service: 'cow' }],
  ];
  for (const [path, authorization, caller] of cases) {
    await expect(get(path, authorization)).resolves.toMatchObject({ status: 200, text: JSON.stringify(caller) });
  }
});

test.each([
  ['/admin', 'Basic realm="oscar", charset="UTF-8"'],
  ['/service/cow', 'Basic realm="oscar", charset="UTF-8"'],
  ['/webhook', 'Bearer realm="oscar"'],
  ['/metrics', 'Bearer realm="oscar"'],
])('%s asks for a login; without any, it is no attempt', async (path, challenge) => {
  const { get, refused, attempts, logged } = await fixture();
  await expect(get(path)).resolves.toMatchObject({ status: 401, headers: { 'www-authenticate': challenge } });
  expect([refused, attempts.waited, logged]).toEqual([[], [], []]);
});

test('what is wrong in any way is answered by the same words', async () => {
  const { get, attempts } = await fixture();
  const wrong: [string, string][] = [
    ['/admin', basic('oscar', 'wrong')],
    ['/admin', basic('other', 'pass:wörd')],
    ['/admin', basic('', '')],
    ['/admin', 'Basic ???'],
    ['/admin', 'Bearer webhook-token'],
    ['/service/cow', 'Bearer sheep-token'],
    ['/service/cow', 'Bearer webhook-token'],
    ['/service/no-such-service', 'Bearer x'],
    ['/webhook', ADMIN],
    ['/webhook', 'Bearer metrics-token'],
    ['/metrics', 'Bearer webhook-token'],
    ['/metrics', 'Digest x'],
  ];
  for (const [path, authorization] of wrong) {
    await expect(get(path, authorization)).resolves.toMatchObject({
      status: 401,
      text: 'A valid login or token is needed.\n',
    });
  }
  expect(attempts.waited).toHaveLength(wrong.length);
});

test('a secret that is missing or empty lets nobody in', async () => {
  const { get } = await fixture({});
  const tries: [string, string][] = [
    ['/admin', basic('', '')],
    ['/admin', basic('undefined', 'undefined')],
    ['/webhook', 'Bearer undefined'],
    ['/metrics', 'Bearer '],
  ];
  for (const [path, authorization] of tries) {
    await expect(get(path, authorization)).resolves.toMatchObject({ status: 401 });
  }
});

test("MinIO's token may be a whole header", async () => {
  const { get } = await fixture({ 'webhook/token': 'Token abc' });
  await expect(get('/webhook', 'Token abc')).resolves.toMatchObject({ status: 200 });
  await expect(get('/webhook', 'Bearer Token abc')).resolves.toMatchObject({ status: 401 });
});

test('refusals are counted and logged, without what was shown', async () => {
  const { get, refused, logged } = await fixture();
  await get('/admin', basic('somebody-with-a-long-name\n', 'guess-1'));
  await get('/service/cow', 'Bearer guess-2');
  await get('/webhook', 'Bearer guess-3');
  await get('/metrics', basic('oscar', 'guess-4'));
  expect(refused).toEqual(['admin', 'service', 'webhook', 'admin']);
  expect(JSON.stringify(logged)).not.toContain('guess');
  expect(JSON.stringify(logged)).not.toContain('somebody');
  expect(logged).toEqual([
    ['warning', 'login refused', { as: 'admin', address: '127.0.0.1', isAdminsName: false }],
    ['warning', 'login refused', { as: 'service', address: '127.0.0.1', isAdminsName: undefined }],
    ['warning', 'login refused', { as: 'webhook', address: '127.0.0.1', isAdminsName: undefined }],
    ['warning', 'login refused', { as: 'admin', address: '127.0.0.1', isAdminsName: true }],
  ]);
});

test('a flood of refusals is a few lines', async () => {
  const { get, refused, logged } = await fixture();
  await Promise.all(Array.from({ length: 100 }, () => get('/service/cow', 'Bearer x')));
  expect(refused).toHaveLength(100);
  expect(logged.length).toBeLessThan(30);
});

test('wrong tokens keep no password out', async () => {
  const { get, attempts } = await fixture();
  await get('/service/cow', 'Bearer wrong');
  await get('/admin', 'Digest wrong');
  await get('/admin', basic('oscar', 'wrong'));
  expect(attempts.waited).toEqual(['token 127.0.0.1', 'token 127.0.0.1', 'password 127.0.0.1']);
  attempts.full = 'token 127.0.0.1';
  await expect(get('/admin', ADMIN)).resolves.toMatchObject({ status: 200 });
  attempts.full = 'password 127.0.0.1';
  await expect(get('/admin', ADMIN)).resolves.toMatchObject({ status: 429 });
});

test('while too many wait, no password is looked at, but a token is', async () => {
  const { get, attempts, refused } = await fixture();
  attempts.tooMany = true;
  await expect(get('/admin', ADMIN)).resolves.toMatchObject({ status: 429, headers: { 'retry-after': '4' } });
  expect(refused).toEqual([]);
  await expect(get('/service/cow', 'Bearer cow-token')).resolves.toMatchObject({ status: 200 });
  await expect(get('/webhook', 'Bearer webhook-token')).resolves.toMatchObject({ status: 200 });
  expect(attempts.leastWaits).toBe(0);
  await expect(get('/service/cow', 'Bearer wrong')).resolves.toMatchObject({ status: 429 });
  expect(attempts.leastWaits).toBe(1);
  expect(attempts.waited).toEqual([]);
});

test('a token that can not be checked', async () => {
  const { get } = await fixture();
  await expect(get('/service/away', 'Bearer x')).resolves.toMatchObject({ status: 503 });
});
