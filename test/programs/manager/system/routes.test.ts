import fc from 'fast-check';
import { EVENTS_PATH, HEALTH_PATH } from '../../../../src/contract';
import { eventsRoute } from '../../../../src/programs/manager/events/receive';
import { sendText } from '../../../../src/programs/manager/http/answer';
import { healthRoute } from '../../../../src/programs/manager/http/health';
import type { Access, Route } from '../../../../src/programs/manager/http/route';
import { jobRoute } from '../../../../src/programs/manager/jobs/request';
import { basic, Serving } from '../http/serving';
import { ADMIN, SystemUnderTest } from './fixture';

/** Every route and who may call it: one that isn't here fails. */
const ACCESS: Readonly<Record<string, Access>> = {
  'GET /': 'admin',
  [`GET ${HEALTH_PATH}`]: 'anyone',
  'GET /metrics': 'metrics',
  [`POST ${EVENTS_PATH}`]: 'webhook',
  'POST /run/:service': 'service',
  'POST /job/:service': 'service',
  'GET /system/info': 'admin',
  'GET /system/config': 'admin',
  'GET /system/status': 'admin',
  'GET /system/dead-letters': 'admin',
  'GET /system/services': 'admin',
  'POST /system/services': 'admin',
  'PUT /system/services': 'admin',
  'DELETE /system/services': 'admin',
  'GET /system/services/:service': 'service',
  'POST /system/services/:service': 'service',
  'PUT /system/services/:service': 'service',
  'DELETE /system/services/:service': 'service',
  'GET /system/services/:service/deployment': 'service',
  'GET /system/services/:service/deployment/logs': 'service',
  'GET /system/logs': 'admin',
  'GET /system/logs/:service': 'service',
  'DELETE /system/logs/:service': 'service',
  'GET /system/logs/:service/:job': 'service',
  'DELETE /system/logs/:service/:job': 'service',
};

const LOGINS: Readonly<Record<string, { readonly header?: string; readonly opens: readonly Access[] }>> = {
  nothing: { opens: [] },
  'the admin': { header: ADMIN, opens: ['admin', 'service', 'metrics'] },
  "the service's token": { header: 'Bearer cow-token', opens: ['service'] },
  "another service's token": { header: 'Bearer sheep-token', opens: [] },
  "the webhook's token": { header: 'Bearer webhook-token', opens: ['webhook'] },
  "the metrics' token": { header: 'Bearer metrics-token', opens: ['metrics'] },
  'a wrong token': { header: `Bearer ${'0'.repeat(64)}`, opens: [] },
  'an empty token': { header: 'Bearer ', opens: [] },
  'a wrong password': { header: basic('oscar', 'wrong'), opens: [] },
  'an empty password': { header: basic('oscar', ''), opens: [] },
  'another user': { header: basic('root', 'password'), opens: [] },
  "the service's token as a password": { header: basic('cow', 'cow-token'), opens: [] },
  'no base64': { header: 'Basic :::', opens: [] },
  'another scheme': { header: 'Digest cow-token', opens: [] },
};

let it: SystemUnderTest;
beforeAll(async () => (it = await SystemUnderTest.start()));
afterAll(() => it.stop());

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

describe('who may call which route', () => {
  let all: Serving;
  let routes: Route[];
  beforeAll(async () => {
    const run = { method: 'POST', path: '/run/:service', access: 'service' } as const;
    const handle: Route['handle'] = ({ response }) => sendText(response, 200, 'in');
    const declared = [...it.routes, healthRoute(() => undefined), eventsRoute({} as never), jobRoute({} as never), run];
    routes = declared.map((route) => ({ ...route, handle }));
    // Only who is let in is of interest, and not what is done then.
    all = await new Serving(routes, { authenticate: it.authenticate }).start();
  });

  test('each route is in the table', () => {
    expect(Object.fromEntries(routes.map((route) => [nameOf(route), route.access]))).toEqual(ACCESS);
  });

  test.each(
    Object.entries(ACCESS).flatMap(([route, access]) => Object.keys(LOGINS).map((who) => [route, who, access])),
  )('%s with %s', async (route, who, access) => {
    const [method, path] = route.split(' ');
    const { header, opens } = LOGINS[who];
    const headers = header === undefined ? {} : { authorization: header };
    const target = path.replace(':service', 'cow').replace(':job', 'cow-1');
    const { status, text } = await all.call(target, { method, headers });
    const isIn = access === 'anyone' || opens.includes(access as Access);
    expect([status, text]).toEqual(isIn ? [200, 'in'] : [401, 'A valid login or token is needed.\n']);
  });
});

test('any path parameter: no defect, and no name that is none reaches Kubernetes', async () => {
  const templates = Object.keys(ACCESS)
    .filter((route) => route.includes(':') && !/^POST|deployment\/logs/.test(route))
    .map((route) => route.split(' '));
  const character = fc.constantFrom(
    ...'abz019-._~%/\\?#:;,=+&<>\'"`{}|^@!$*() \u0000\u001f\u007fäß\u2028💥',
    '%2f',
    '%00',
    '%2e',
    '..',
  );
  const word = fc.oneof(
    fc.string({ unit: character, maxLength: 12 }).map((text) => encodeURIComponent(text)),
    fc.string({ unit: character, maxLength: 12 }).map((text) => text.replace(/[^\u0021-\u007e]/g, '%41')),
    fc.constantFrom('cow', 'sheep', 'cow-1'),
    fc.constantFrom('a'.repeat(64), 'cow-', '-cow', '.', '..', '%c0%af', '%'),
  );
  const before = it.double.requests.length;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...templates), word, word, async ([method, path], service, job) => {
      const target = path.replace(':service', () => service).replace(':job', () => job);
      const { status } = await it.call(target, { method });
      expect(status).toBeLessThan(500);
      expect(status).toBeGreaterThanOrEqual(200);
    }),
    { numRuns: 400 },
  );
  const name = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
  const asked = new RegExp(
    `^/(?:api|apis/batch)/v1/namespaces/(?:oscar|oscar-svc)/(?:jobs|pods|secrets|events)(?:/${name})?(?:/log)?` +
      `(?:\\?[A-Za-z]+=[A-Za-z0-9_.%!-]+(?:&[A-Za-z]+=[A-Za-z0-9_.%!-]+)*)?$`,
  );
  const calls = it.double.requests.slice(before);
  expect(calls.length).toBeGreaterThan(10);
  for (const { url } of calls) expect(decodeURIComponent(url).includes('..') ? url : 'fine').toBe('fine');
  for (const { url } of calls) expect(url).toMatch(asked);
});
