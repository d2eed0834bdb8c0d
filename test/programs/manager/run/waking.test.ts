import { pipeline } from 'node:stream/promises';
import { KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';
import { Flow, MIB, refusal, standsStill, until } from './fake-pod';
import { answerOf, World } from './world';

let world: World;
afterEach(() => world.close());

/** Of `scale`: Kubernetes stores it, and the watch tells it later. */
const storedOnly = async () => undefined;

const replicas = (count: number) => world.warmPods.onDeployment('cowsay', { service: 'cowsay', replicas: count });

describe('a service that sleeps', () => {
  test('is woken once, for all the calls that come', async () => {
    world = await World.with(0);
    const answers = Array.from({ length: 50 }, (_, i) => world.call(`${i}`));
    await until(() => world.taken === 50);
    expect(world.pod(0).asked).toBe(0);
    world.tell(world.pod(0), false);
    world.tell(world.pod(0), true);
    const bodies = (await Promise.all(answers)).map(({ body }) => body);
    expect(bodies).toEqual(Array.from({ length: 50 }, (_, i) => `got ${i}`));
    expect(world.scale.mock.calls).toEqual([['cowsay', 1]]);
    await until(() => world.step.mock.calls.length === 100);
    expect(world.step).toHaveBeenCalledWith('cold_start', expect.any(Number));
  });

  test('is asked for once, also when the watch is late', async () => {
    world = await World.with(0);
    world.scale.mockImplementation(storedOnly);
    const answers = [world.call(), world.call()];
    await until(() => world.scale.mock.calls.length > 0);
    world.tell(world.pod(0), false);
    replicas(1);
    world.tell(world.pod(0), true);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
    expect(world.scale).toHaveBeenCalledTimes(1);
  });

  test('is woken again when another manager puts it to sleep while a call waits', async () => {
    world = await World.with(0);
    const answer = world.call();
    await until(() => world.scale.mock.calls.length === 1);
    replicas(0);
    await until(() => world.scale.mock.calls.length === 2);
    world.tell(world.pod(0), true);
    expect((await answer).status).toBe(200);
  });

  test('is woken again when nothing came of it, of which the watch told nothing', async () => {
    world = await World.with(0);
    world.scale.mockImplementation(storedOnly);
    const answer = world.call();
    await until(() => world.scale.mock.calls.length === 2);
    world.tell(world.pod(0), true);
    expect((await answer).status).toBe(200);
  });

  test('keeps the bytes of a large body with the client until it is awake', async () => {
    world = await World.with(0);
    const sent = world.begin();
    const answer = answerOf(sent);
    const flow = new Flow(50);
    const whole = pipeline(flow.readable, sent);
    await standsStill(() => flow.bytes);
    expect(world.scale).toHaveBeenCalledTimes(1);
    expect(flow.bytes).toBeLessThan(20 * MIB);
    world.pod(0).script = async (request, response) => {
      let bytes = 0;
      for await (const part of request) bytes += (part as Buffer).length;
      response.end(`${bytes}`);
    };
    world.tell(world.pod(0), true);
    await whole;
    expect((await answer).body).toBe(`${50 * MIB}`);
  });
});

describe('no call is lost when a pod is taken away under it', () => {
  test('a pod that is not ready any more still answers what it has', async () => {
    world = await World.with(1);
    let answer = () => {};
    world.pod(0).script = (request, response) => {
      request.resume();
      answer = () => response.end('still here');
    };
    const call = world.call();
    await until(() => world.pod(0).calls.length === 1);
    replicas(0);
    world.tell(world.pod(0), false);
    answer();
    expect(await call).toMatchObject({ status: 200, body: 'still here' });
    expect(world.scale).not.toHaveBeenCalled();
  });

  test('a call that the ending pod takes no more wakes the service', async () => {
    world = await World.with(1);
    const next = await world.addPod(false);
    world.pod(0).refuse = refusal(503);
    const call = world.call();
    await until(() => world.pod(0).asked > 0);
    replicas(0);
    world.tell(world.pod(0), false);
    await until(() => world.scale.mock.calls.length === 1);
    world.warmPods.onPod('cowsay-0', undefined);
    world.tell(next, true);
    expect(await call).toMatchObject({ status: 200, body: 'got moo' });
    expect(next.calls).toHaveLength(1);
  });

  test('so does one that finds the pod gone', async () => {
    world = await World.with(1);
    const next = await world.addPod(false);
    await world.pod(0).stop();
    const call = world.call();
    replicas(0);
    world.warmPods.onPod('cowsay-0', undefined);
    await until(() => world.scale.mock.calls.length === 1);
    world.tell(next, true);
    expect(await call).toMatchObject({ status: 200, body: 'got moo' });
  });
});

describe('a service whose pods start', () => {
  test('is waited for, and not scaled', async () => {
    world = await World.with(0);
    replicas(1);
    world.tell(world.pod(0), false);
    const answer = world.call();
    await until(() => world.taken === 1);
    world.tell(world.pod(0), true);
    expect((await answer).status).toBe(200);
    expect(world.scale).not.toHaveBeenCalled();
  });

  test.each([
    ['what its pod waits for', 'ErrImagePull: no such image', 'cowsay-0 waits: ErrImagePull: no such image'],
    ['that it is not ready', undefined, 'they start, but are not ready yet'],
  ])('is given up in the end, and the client told %s', async (_what, waiting, reason) => {
    world = await World.with(0, { coldStartSeconds: 0.2 });
    replicas(1);
    world.tell(world.pod(0), false, { waiting });
    const answer = await world.call();
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(answer.body).toBe(`no pod of cowsay was ready in 0.2 s (coldStartSeconds): ${reason}`);
    expect(world.step).not.toHaveBeenCalled();
  });

  test('may be one that has no Deployment or no pods yet', async () => {
    world = await World.with(0, { coldStartSeconds: 0.2 });
    expect((await world.call()).body).toMatch(/Kubernetes has made none yet$/);
    world.warmPods.onDeployment('cowsay', undefined);
    expect((await world.call()).body).toMatch(/it has no Deployment$/);
  });
});

describe('a service that is not woken', () => {
  test('is to have pods always, and an autoscaler left it at 0: a call wakes it as well', async () => {
    world = await World.with(0);
    world.declare('cowsay', { synchronous: { min_scale: 2, max_scale: 3 } });
    const answer = world.call();
    await until(() => world.scale.mock.calls.length > 0);
    expect(world.scale).toHaveBeenCalledWith('cowsay', 2);
    world.tell(world.pod(0), true);
    expect((await answer).status).toBe(200);
  });

  test("can't be, as Kubernetes refuses: calls are told at once, and nothing of how it is asked", async () => {
    world = await World.with(0);
    world.scale.mockRejectedValue(new Error("cowsay can't be scaled to 1: 403"));
    for (const answer of await Promise.all([world.call(), world.call()])) {
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
      expect(answer.body).toBe('cowsay has no pod, and Kubernetes refuses to start one');
    }
    world.scale.mockResolvedValue(undefined);
    const later = world.call();
    const asked = world.scale.mock.calls.length;
    await until(() => world.scale.mock.calls.length > asked);
    world.tell(world.pod(0), true);
    expect((await later).status).toBe(200);
  });

  test('yet, as Kubernetes is away: calls wait until it is back', async () => {
    world = await World.with(0);
    world.scale.mockRejectedValueOnce(new KubernetesUnreachable('the Kubernetes API did not answer PATCH'));
    const answers = [world.call(), world.call()];
    await until(() => world.scale.mock.calls.length === 2);
    world.tell(world.pod(0), true);
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  });

  test('in time, as Kubernetes is away: that is what calls are told', async () => {
    world = await World.with(0, { coldStartSeconds: 0.2 });
    world.scale.mockRejectedValue(new KubernetesUnreachable('the Kubernetes API did not answer PATCH'));
    const answer = await world.call();
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(answer.body).toBe('cowsay has no pod: Kubernetes does not answer');
  });

  test('is removed while a call waits', async () => {
    world = await World.with(0);
    const answer = world.call();
    await until(() => world.scale.mock.calls.length > 0);
    (world.services.all as Map<string, unknown>).delete('cowsay');
    replicas(1);
    expect((await answer).status).toBe(404);
  });
});

describe('calls that wait', () => {
  test('are so many and no more', async () => {
    world = await World.with(0);
    const sent = Array.from({ length: 100 }, () => world.begin());
    const answers = sent.map(answerOf);
    for (const one of sent) one.end('moo');
    await until(() => world.taken === 100);
    for (let i = 0; i < 5; i++) {
      const answer = await world.call();
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
      expect(answer.body).toBe('100 calls wait for a pod of cowsay, which is all that may');
    }
    world.tell(world.pod(0), true);
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  });

  test('end when the client goes, and leave no trace', async () => {
    world = await World.with(0);
    const [gone, stays] = [world.begin(), world.begin()];
    const answer = answerOf(stays);
    gone.end('gone');
    stays.end('stays');
    await until(() => world.taken === 2);
    await new Promise((resolve) => gone.on('close', resolve).destroy());
    await until(() => world.clients === 1);
    world.tell(world.pod(0), true);
    expect((await answer).body).toBe('got stays');
    expect(world.pod(0).calls).toHaveLength(1);
  });
});
