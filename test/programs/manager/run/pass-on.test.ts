import type { Metrics } from '../../../../src/programs/manager/metrics';
import { runRoutes } from '../../../../src/programs/manager/run/routes';
import { ok, Serving, serving } from '../http/serving';
import { World } from './world';

const ORIGIN = 'https://ui.example.org';

let world: World;
beforeEach(async () => {
  world = await World.with(1);
  world.pod(0).script = (_request, response) =>
    void response
      .writeHead(200, {
        'content-security-policy': "default-src *; sandbox 'allow-scripts'",
        'x-content-type-options': 'x',
        'referrer-policy': 'unsafe-url',
        'cache-control': 'public',
        'access-control-allow-origin': '*',
        'access-control-allow-credentials': 'true',
        vary: '*',
        'x-stays': '1',
      })
      .end();
});
afterEach(async () => {
  Serving.stopAll();
  await world.close();
});

describe('a script has no say in what the manager tells browsers', () => {
  test.each([[[]], [[ORIGIN]], [['*']]])('with corsOrigins %j', async (corsOrigins) => {
    const { services, warmPods, scale, calls, log, podPort: port } = world;
    const metrics = { step: world.step } as unknown as Metrics;
    const run = runRoutes({
      ...{ services, warmPods, scale, calls, log, port, metrics },
      ...{ coldStartSeconds: 1, maxBodyBytes: 1 },
    });
    const authenticate = async () => ({ kind: 'service', service: 'cowsay' }) as const;
    const front = await serving([...run, ok], { authenticate, corsOrigins });
    const headers = { origin: ORIGIN, authorization: 'Bearer x' };
    const ours = (await front.call('/ok', { headers })).headers;
    const theirs = (await front.call('/run/cowsay', { method: 'POST', headers })).headers;
    expect(theirs['x-stays']).toBe('1');
    expect(theirs['cache-control']).toBe('no-store');
    const ofBrowsers = (all: object) =>
      Object.entries(all).filter(([name]) =>
        /^(?:access-control-.*|vary|cache-.*|content-s.*|x-con.*|ref.*)$/.test(name),
      );
    expect(ofBrowsers(theirs).sort()).toEqual(ofBrowsers(ours).sort());
  });
});
