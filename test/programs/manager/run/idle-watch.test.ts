import { IDLE_METRIC, INVOCATIONS_METRIC, ServiceDefinition } from '../../../../src/contract';
import { IdleWatch } from '../../../../src/programs/manager/run/idle-watch';
import { scaleOf } from '../../../../src/programs/manager/state/warm-pods';
import { FakePod, refusal, Script, until } from './fake-pod';
import { World } from './world';

let world: World;
let watch: IdleWatch;
/** The pod of a service that is never idle: who asks it a second time has finished the look before. */
let beacon: FakePod;

beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'setTimeout'] });
  world = await World.with(1);
  beacon = await world.addPod(false, 'beacon');
  beacon.metrics = idle(0);
  world.declare('beacon', {});
  world.warmPods.onDeployment('beacon', { service: 'beacon', replicas: 1 });
  world.tell(beacon, true, { service: 'beacon' });
  const { services, warmPods, calls, scale, log, podPort: port } = world;
  watch = new IdleWatch({ services, warmPods, calls, scale, idleSeconds: 1, unreadySeconds: 1, log, port });
  watch.start();
});
afterEach(async () => {
  watch.stop();
  jest.useRealTimers();
  await world.close();
});

/** Among other metrics, as a supervisor tells it. */
const idle =
  (seconds: number | string): Script =>
  (_request, response) =>
    void response.end(`# HELP x\nother{service="cowsay"} 7\n${IDLE_METRIC}{service="cowsay"} ${seconds}\nlast 1\n`);

/** With what it has done, as a supervisor tells it. */
const done =
  (invocations: number, idleSeconds = 0.1): Script =>
  (_request, response) => {
    const count = (outcome: string, kind: string) => `${INVOCATIONS_METRIC}{outcome="${outcome}",kind="${kind}"}`;
    const all = `${count('succeeded', '')} 0\n${count('failed', 'script')} ${invocations}\n`;
    response.end(`${all}${IDLE_METRIC}{service="cowsay"} ${idleSeconds}\n`);
  };

/** Resolves once every service has been looked at. */
async function look(): Promise<void> {
  const enough = beacon.metricsAsked + 2;
  await until(() => {
    jest.advanceTimersByTime(1_000);
    return beacon.metricsAsked >= enough;
  });
}

const slept = () => world.scale.mock.calls;
const declare = (more: Partial<ServiceDefinition>) => world.declare('cowsay', more);
const replicas = (count: number) => world.warmPods.onDeployment('cowsay', { service: 'cowsay', replicas: count });

describe('a service sleeps', () => {
  test('when its pod has been idle for long enough, and is told once', async () => {
    world.pod(0).metrics = idle('1.5e3');
    await look();
    expect(slept()).toEqual([['cowsay', 0]]);
    expect(world.log.mock.calls).toEqual([
      ['info', "cowsay: put to sleep, since it wasn't called for 1 s", { service: 'cowsay' }],
    ]);
  });

  test('also when a pod is left over that will never be ready', async () => {
    world.pod(0).metrics = idle(5);
    world.tell(await world.addPod(), false, { waiting: 'Evicted' });
    await look();
    expect(slept()).toEqual([['cowsay', 0]]);
  });

  test('when none of its pods could become ready in all the time', async () => {
    world.tell(world.pod(0), false, { waiting: 'ImagePullBackOff' });
    await look();
    expect(slept()).toEqual([]);
    const later = performance.now() + 1_000;
    await until(() => performance.now() > later);
    await look();
    expect(slept()).toEqual([['cowsay', 0]]);
    expect(world.log.mock.calls[0][1]).toMatch(/since none of its pods has been ready for 1 s$/);
  });

  test('and a call wakes it', async () => {
    world.pod(0).metrics = idle(5);
    await look();
    world.tell(world.pod(0), false);
    const answer = world.call();
    await until(() => slept().length === 2);
    world.tell(world.pod(0), true);
    expect((await answer).status).toBe(200);
    expect(slept()).toEqual([
      ['cowsay', 0],
      ['cowsay', 1],
    ]);
  });
});

describe('a service that was just declared has a pod that nobody asked for: it sleeps at once', () => {
  beforeEach(() => world.warmPods.onDeployment('cowsay', { service: 'cowsay', replicas: 1, asCreated: true }));
  const ASLEEP = ['info', 'cowsay: put to sleep, as nobody has asked for its first pod', { service: 'cowsay' }];

  test('if its pod has done nothing', async () => {
    world.pod(0).metrics = done(0);
    await look();
    expect(slept()).toEqual([['cowsay', 0]]);
    expect(world.log.mock.calls).toEqual([ASLEEP]);
  });

  test('if its pod is not ready', async () => {
    world.tell(world.pod(0), false, { waiting: 'ImagePullBackOff' });
    await look();
    expect(slept()).toEqual([['cowsay', 0]]);
    expect(world.log.mock.calls).toEqual([ASLEEP]);
  });

  test('but not if its pod was called, of which it is idle for as long as any other', async () => {
    world.pod(0).metrics = done(1);
    await look();
    expect(slept()).toEqual([]);
    world.pod(0).metrics = done(1, 1.5);
    await look();
    expect(slept()).toEqual([['cowsay', 0]]);
  });

  test('nor if its pod is at work', async () => {
    world.pod(0).metrics = done(0, 0);
    await look();
    expect(slept()).toEqual([]);
  });

  test('nor if a call waits for its pod', async () => {
    world.tell(world.pod(0), false);
    const call = world.call();
    await until(() => world.taken === 1);
    await look();
    expect(slept()).toEqual([]);
    world.tell(world.pod(0), true);
    expect((await call).status).toBe(200);
  });

  test('nor if somebody has scaled it since', async () => {
    replicas(1);
    world.pod(0).metrics = done(0);
    await look();
    expect(slept()).toEqual([]);
  });
});

test.each([
  [1, true],
  [2, false],
  [undefined, false],
])('a Deployment of generation %s is as it was created: %s', (generation, asCreated) => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cowsay', generation } };
  expect(scaleOf(deployment)).toEqual({ service: 'cowsay', replicas: 1, asCreated });
});

describe('a service is left awake', () => {
  beforeEach(() => (world.pod(0).metrics = idle(5)));
  afterEach(() => expect(slept()).toEqual([]));

  test('that was called lately', async () => {
    world.pod(0).metrics = idle(0.9);
    await look();
  });

  test('of which one pod was called lately', async () => {
    replicas(2);
    const other = await world.addPod();
    other.metrics = idle(0);
    await look();
    expect(other.metricsAsked).toBeGreaterThan(0);
  });

  test('of which a pod starts', async () => {
    replicas(2);
    world.tell(await world.addPod(), false);
    await look();
  });

  test('that is to have pods always', async () => {
    declare({ synchronous: { min_scale: 1, max_scale: 1 } });
    await look();
    expect(world.pod(0).metricsAsked).toBe(0);
  });

  test('that is exposed', async () => {
    declare({ expose: { min_scale: 0 } as never });
    await look();
    expect(world.pod(0).metricsAsked).toBe(0);
  });

  test('that sleeps already', async () => {
    replicas(0);
    await look();
    expect(world.pod(0).metricsAsked).toBe(0);
  });

  test('that this manager calls', async () => {
    let end = () => {};
    world.pod(0).script = (request, response) => {
      request.resume();
      end = () => response.end();
    };
    const call = world.call();
    await until(() => world.pod(0).calls.length === 1);
    await look();
    declare({ synchronous: { min_scale: 1, max_scale: 1 } });
    end();
    await call;
  });

  test('that is called while its pod is asked', async () => {
    let tell = () => {};
    world.pod(0).metrics = (request, response) => void (tell = () => void idle(5)(request, response));
    world.pod(0).script = () => undefined;
    await until(() => {
      jest.advanceTimersByTime(1_000);
      return world.pod(0).metricsAsked === 1;
    });
    const sent = world.begin();
    sent.end('moo');
    await until(() => world.pod(0).calls.length === 1);
    tell();
    await look();
    declare({ synchronous: { min_scale: 1, max_scale: 1 } });
    sent.destroy();
  });

  test.each([
    ['fails', refusal(500), 'the pod cowsay-0 does not tell its metrics: status 500'],
    ['tells nothing of it', refusal(200), `the pod cowsay-0 does not tell ${IDLE_METRIC}`],
    [
      'tells too much',
      (_, response) => void response.end('x'.repeat(2 ** 20 + 1)),
      /metrics: more than 1048576 bytes$/,
    ],
    ['tells no number', idle('NaN'), `the pod cowsay-0 does not tell ${IDLE_METRIC}`],
    ['breaks', (request) => void request.socket.destroy(), /^cowsay can't be put .*metrics: socket hang up$/],
    ['is silent', () => undefined, /metrics: no answer in 3 s$/],
  ] as [string, Script, string | RegExp][])('whose pod %s, which is told once', async (_what, metrics, reason) => {
    world.pod(0).metrics = metrics;
    await look();
    await look();
    expect(world.log.mock.calls).toEqual([['warning', expect.stringMatching(reason), { service: 'cowsay' }]]);
  });
});

test('a failure of Kubernetes is told once, and what it asks for tried again', async () => {
  world.pod(0).metrics = idle(5);
  world.scale.mockRejectedValue(new Error('403'));
  await look();
  await look();
  expect(slept().length).toBeGreaterThan(1);
  expect(world.log.mock.calls).toEqual([['warning', "cowsay can't be put to sleep: 403", { service: 'cowsay' }]]);
});

test('a watch that was stopped asks nobody', async () => {
  watch.stop();
  jest.advanceTimersByTime(60_000);
  expect(beacon.metricsAsked).toBe(0);
});
