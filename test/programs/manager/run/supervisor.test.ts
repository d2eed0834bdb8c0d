import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import { Output } from '../../supervisor/output';
import { Pod } from '../../supervisor/serve/pod';
import { until } from './fake-pod';
import { answerOf, World } from './world';

/** One call runs and none waits. */
let pod: Pod;
let world: World;
let output: Output;
beforeEach(async () => {
  output = new Output();
  pod = await new Pod(1, 0).start();
  const { port } = pod.server.http.address() as AddressInfo;
  world = await World.with(0, { port, coldStartSeconds: 1 });
  world.warmPods.onDeployment('cowsay', { service: 'cowsay', replicas: 1 });
  world.tellDead('cowsay-0', '127.0.0.1');
});
afterEach(async () => {
  await world.close();
  await pod.stop();
  output.remove();
});

describe("the supervisor's own server", () => {
  test.each(['', 'moo', 'x'.repeat(1_000_000)])('answers a call, whatever its body', async (sent) => {
    const answer = world.call(sent, { 'content-type': 'text/cow' });
    const { body, end } = await pod.call(0);
    expect(body.contentType).toBe('text/cow');
    expect(String(await buffer(body.content))).toBe(sent);
    end(output.outcome({ files: [output.file('cow', 'moo')] }));
    expect(await answer).toMatchObject({ status: 200, body: 'bW9v', headers: { 'x-invocation-id': '0123abcd' } });
  });

  test.each(['', 'moo', 'x'.repeat(10_000_000)])('says to other clients that it is busy', async (sent) => {
    const first = world.call();
    const { body, end } = await pod.call(0);
    await buffer(body.content);
    const second = await world.call(sent);
    expect(second).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(second.body).toMatch(/cowsay is busy/);
    end(output.outcome({}));
    expect((await first).status).toBe(200);
  });

  test("refuses another service's calls", async () => {
    world.declare('sheep', {});
    world.warmPods.onPod('sheep-0', { name: 'sheep-0', ip: '127.0.0.1', ready: true, service: 'sheep' });
    world.warmPods.onDeployment('sheep', { service: 'sheep', replicas: 1 });
    const answer = await world.call('moo', {}, 'sheep');
    expect(answer.status).toBe(421);
    expect(answer.body).toMatch(/is for another service/);
    expect(pod.calls).toEqual([]);
  });

  test('sends calls away when it ends, which are tried again until there is no more time', async () => {
    const kept = await pod.connect('POST / HTTP/1.1\r\nHost: pod\r\nContent-Length: 3\r\n\r\n');
    await pod.call(0);
    pod.server.close();
    const answer = await world.call('x'.repeat(1_000_000));
    // It doesn't listen any more: nothing of the body was used.
    expect(answer.status).toBe(503);
    expect(answer.body).toMatch(/ECONNREFUSED/);
    kept.socket.destroy();
    await until(() => pod.calls[0].options.signal.aborted);
    pod.calls[0].fail(new InvocationError('cancelled', 'gone'));
  });

  test('ends what runs when the client goes', async () => {
    const sent = world.begin();
    sent.end('moo');
    const { options, body, fail } = await pod.call(0);
    await buffer(body.content);
    sent.destroy();
    await until(() => options.signal.aborted);
    fail(new InvocationError('cancelled', 'gone'));
  });

  test('tells of a script that it ended by force, which is not run again', async () => {
    const sent = world.begin();
    const answer = answerOf(sent);
    sent.end('moo');
    const { body, fail } = await pod.call(0);
    await buffer(body.content);
    fail(Object.assign(new InvocationError('cancelled', 'the pod ends'), { invocation: '1f' }));
    expect(await answer).toMatchObject({ status: 503, headers: { 'x-invocation-id': '1f' } });
    expect(pod.calls).toHaveLength(1);
  });
});
