import type { Access, Route } from '../../../src/programs/manager/http/route';
import { ADMIN, METRICS_TOKEN, RunningManager, tokenOf, WEBHOOK_TOKEN } from './running';
import { definition } from './services';

/** Who shows what, and which doors that opens. */
const KEYS: Readonly<Record<string, readonly [header: string | undefined, opens: readonly Access[]]>> = {
  nothing: [undefined, []],
  "the admin's login": [ADMIN, ['admin', 'service', 'metrics']],
  'a wrong password': [`Basic ${Buffer.from('oscar:wrong').toString('base64')}`, []],
  'no user': [`Basic ${Buffer.from(':not-a-secret').toString('base64')}`, []],
  "the service's token": [`Bearer ${tokenOf('cow')}`, ['service']],
  "another service's token": [`Bearer ${tokenOf('sheep')}`, []],
  "the service's token as a password": [`Basic ${Buffer.from(`cow:${tokenOf('cow')}`).toString('base64')}`, []],
  'a token that nobody has': [`Bearer ${'f'.repeat(64)}`, []],
  'a token that is cut short': [`Bearer ${tokenOf('cow').slice(0, 63)}`, []],
  'an empty token': ['Bearer ', []],
  "the webhook's token": [`Bearer ${WEBHOOK_TOKEN}`, ['webhook']],
  'the token of the metrics': [`Bearer ${METRICS_TOKEN}`, ['metrics']],
  'another scheme': [`Digest ${tokenOf('cow')}`, []],
};

let manager: RunningManager;
beforeAll(
  async () => (manager = await RunningManager.start([definition('cow'), definition('sheep')], { coldStartSeconds: 1 })),
);
afterAll(() => manager.stop());

let asked = 0;
/** Each from an address of its own, so that none is slowed down by those before it. */
async function ask({ method, path }: Route, authorization: string | undefined): Promise<number> {
  asked++;
  const to = path.replace(':service', 'cow').replace(':job', 'cow-0123456789abcdef0123');
  const from = `127.1.${Math.floor(asked / 250)}.${1 + (asked % 250)}`;
  const { status } = await manager.ask(method, to, { headers: authorization ? { authorization } : {}, from });
  return status;
}

const paths = () => manager.routes.map(({ method, path }) => `${method} ${path}`).sort();

test('every door is known here', () => {
  expect(paths()).toMatchInlineSnapshot(`
    [
      "DELETE /system/logs/:service",
      "DELETE /system/logs/:service/:job",
      "DELETE /system/services",
      "DELETE /system/services/:service",
      "GET /",
      "GET /health",
      "GET /metrics",
      "GET /system/config",
      "GET /system/dead-letters",
      "GET /system/info",
      "GET /system/logs",
      "GET /system/logs/:service",
      "GET /system/logs/:service/:job",
      "GET /system/services",
      "GET /system/services/:service",
      "GET /system/services/:service/deployment",
      "GET /system/services/:service/deployment/logs",
      "GET /system/status",
      "POST /events",
      "POST /job/:service",
      "POST /run/:service",
      "POST /sweep",
      "POST /system/services",
      "POST /system/services/:service",
      "PUT /system/services",
      "PUT /system/services/:service",
    ]
  `);
});

test.each(Object.entries(KEYS))('%s', async (_, [authorization, opens]) => {
  const results = await Promise.all(
    manager.routes
      .filter(({ path }) => !path.startsWith('/run'))
      .map(async (route) => [route, await ask(route, authorization)] as const),
  );
  const wrong = results.filter(([{ access }, status]) => {
    const isOpen = access === 'anyone' || opens.includes(access);
    return isOpen ? status === 401 || status === 429 || status >= 500 : status !== 401;
  });
  expect(wrong.map(([{ method, path }, status]) => `${method} ${path}: ${status}`)).toEqual([]);
});

test.each(Object.entries(KEYS))(
  '/run with %s',
  async (_, [authorization, opens]) => {
    const route = manager.routes.find(({ path }) => path === '/run/:service')!;
    const status = await ask(route, authorization);
    // Nobody runs the pods of this cluster.
    expect(status).toBe(opens.includes('service') ? 503 : 401);
  },
  30_000,
);

test('no secret is ever logged', () => {
  const log = JSON.stringify(manager.logged);
  expect(log).toContain('login refused');
  for (const secret of [tokenOf('cow'), tokenOf('sheep'), WEBHOOK_TOKEN, METRICS_TOKEN, 'not-a-secret', 'wrong']) {
    expect(log).not.toContain(secret);
  }
});
