import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { FollowedLogs } from '../../../../src/programs/manager/system/followed-logs';
import { parseBool } from '../../../../src/programs/manager/system/parse-bool';
import { configMap, definition } from '../services';
import { SystemUnderTest } from './fixture';

let it: SystemUnderTest;
beforeEach(async () => (it = await SystemUnderTest.start()));
afterEach(() => it.stop());

const write = (pod: string, ...lines: string[]) =>
  lines.forEach((line) => it.double.logs.append('oscar-svc', pod, line));
const [BEGAN, ENDED] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:09Z'];
const LOG = '/system/logs/cow/cow-1';

test("a job's log, of its newest pod", async () => {
  it.putPod('cow', 'cow-1-b', { job: 'cow-1', created: '2026-01-02T00:00:00Z', phase: 'Succeeded' });
  it.putPod('cow', 'cow-1-a', { job: 'cow-1', created: '2026-01-01T00:00:00Z', phase: 'Failed' });
  write('cow-1-a', 'first attempt');
  write('cow-1-b', 'one', 'two', 'drei ß');
  await expect(it.call(LOG)).resolves.toMatchObject({
    status: 200,
    text: 'one\ntwo\ndrei ß\n',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  });
  await expect(it.call(`${LOG}?tailLines=1`)).resolves.toMatchObject({ text: 'drei ß\n' });
  await expect(it.call(`${LOG}?tailLines=-1`)).resolves.toMatchObject({ text: 'one\ntwo\ndrei ß\n' });
  expect((await it.call(`${LOG}?timestamps=true&tailLines=1`)).text).toMatch(/^20\S+Z drei ß\n$/);
  await expect(it.call(`${LOG}?timestamps=perhaps&tailLines=1`)).resolves.toMatchObject({ text: 'drei ß\n' });
  await expect(it.call(`${LOG}?follow=1`, { method: 'HEAD' })).resolves.toMatchObject({ status: 200, text: '' });
});

test("no token reads another service's log", async () => {
  it.putPod('sheep', 'sheep-1-a', { job: 'sheep-1', phase: 'Succeeded' });
  write('sheep-1-a', 'secret');
  const headers = { authorization: 'Bearer cow-token' };
  for (const path of ['/system/logs/cow/sheep-1', '/system/logs/cow/sheep-1-a']) {
    await expect(it.call(path, { headers })).resolves.toMatchObject({ status: 404 });
  }
  await expect(it.call('/system/logs/sheep/sheep-1', { headers })).resolves.toMatchObject({ status: 401 });
});

test('followed until the pod is over', async () => {
  it.putPod('cow', 'cow-1-a', { job: 'cow-1', phase: 'Running' });
  write('cow-1-a', 'one');
  const answer = await it.open(`${LOG}?follow=true`);
  answer.setEncoding('utf8');
  expect((await once(answer, 'data'))[0]).toBe('one\n');
  write('cow-1-a', 'two');
  expect((await once(answer, 'data'))[0]).toBe('two\n');
  it.double.objects.change('Pod', 'oscar-svc', 'cow-1-a', () => ({ status: { phase: 'Succeeded' } }));
  await once(answer, 'end');
  expect(it.serving.logged).toEqual([]);
});

test('a client that goes ends what it followed', async () => {
  it.putPod('cow', 'cow-1-a', { job: 'cow-1', phase: 'Running' });
  const followed = () => it.double.requests.find(({ url }) => url.includes('follow=true'));
  const answer = await it.open(`${LOG}?follow=true`);
  expect(followed()?.status).toBe(0);
  answer.destroy();
  while (followed()?.status === 0) await sleep(10);
  expect(it.serving.logged).toEqual([]);
});

test('a client that goes ends all that it asked for ahead', async () => {
  it.putPod('cow', 'cow-1-a', { job: 'cow-1', phase: 'Running' });
  const followed = () => it.double.requests.filter(({ url, status }) => url.includes('follow=true') && status === 0);
  const get = `GET ${LOG}?follow=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer cow-token\r\n\r\n`;
  const socket = connect(it.serving.port, '127.0.0.1', () => socket.write(get.repeat(5)));
  while (followed().length < 5) await sleep(10);
  socket.destroy();
  while (followed().length > 0) await sleep(10);
  expect(it.serving.logged).toEqual([]);
});

test('sixteen of a service are followed and no more, until one ends', async () => {
  it.putPod('cow', 'cow-1-a', { job: 'cow-1', phase: 'Running' });
  it.putPod('sheep', 'sheep-1-a', { job: 'sheep-1', phase: 'Running' });
  const get = `GET ${LOG}?follow=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer cow-token\r\n\r\n`;
  const socket = connect(it.serving.port, '127.0.0.1', () => socket.write(get.repeat(15)));
  const last = await it.open(`${LOG}?follow=true`);
  const open = () => it.double.requests.filter(({ url, status }) => url.includes('follow=true') && status === 0).length;
  while (open() < 16) await sleep(10);
  await expect(it.call(`${LOG}?follow=true`)).resolves.toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
  await expect(it.call(LOG)).resolves.toMatchObject({ status: 200 });
  (await it.open('/system/logs/sheep/sheep-1?follow=true')).destroy();
  socket.destroy();
  last.destroy();
  while (open() > 0) await sleep(10);
  const answers = await Promise.all(Array.from({ length: 16 }, () => it.open(`${LOG}?follow=true`)));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(16).fill(200));
  answers.forEach((answer) => answer.destroy());
});

test('a hundred and twenty-eight of all services', async () => {
  const followed = new FollowedLogs();
  let end!: () => void;
  const work = () => new Promise<void>((resolve) => (end = resolve));
  for (let i = 0; i < 128; i++) void followed.follow(`service-${i % 10}`, work);
  await expect(followed.follow('another', work)).rejects.toMatchObject({ status: 429 });
  end();
  await sleep(1);
  await expect(followed.follow('another', async () => {})).resolves.toBeUndefined();
});

test('why there is none', async () => {
  await expect(it.call(LOG)).resolves.toMatchObject({ status: 404, text: 'The service cow has no job cow-1.\n' });
  it.putPod('cow', 'cow-1-a', { job: 'cow-1', phase: 'Pending' });
  const set = (status: object) =>
    it.double.objects.change('Pod', 'oscar-svc', 'cow-1-a', () => ({ status: { phase: 'Pending', ...status } }));
  set({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes fit' }] });
  await expect(it.call(LOG)).resolves.toMatchObject({
    status: 404,
    text: 'There is no log yet: Unschedulable: 0/3 nodes fit\n',
  });
  set({ containerStatuses: [{ name: 'oscar-container', state: { waiting: { reason: 'ContainerCreating' } } }] });
  await expect(it.call(LOG)).resolves.toMatchObject({ status: 404, text: 'There is no log yet: ContainerCreating\n' });
});

/** The Job `cow-1`. @param labels that it has beside its service's */
function suspend(labels: Record<string, string> = {}): void {
  it.putJob('cow', 'cow-1');
  it.double.objects.change('Job', 'oscar-svc', 'cow-1', ({ metadata, spec }) => ({
    metadata: { ...metadata, labels: { ...metadata.labels, ...labels } },
    spec: { ...(spec as object), suspend: true },
  }));
}

test('of a Job that waits for its turn there is none, and of how many it waits for one', async () => {
  suspend({ 'oscar-cdk8s/waits-for-one-of': '4' });
  const answer = (limit: number) => ({
    status: 404,
    text: `There is no log yet: the job waits for its turn, as at most ${limit} of the service are under way at one time.\n`,
  });
  await expect(it.call(LOG)).resolves.toMatchObject(answer(4));
  await expect(it.call(`${LOG}?follow=true`)).resolves.toMatchObject(answer(4));
  const { job } = definition('cow');
  it.services.onConfigMap('cow', configMap(definition('cow', { job: { ...job, concurrency: 7 } })));
  await expect(it.call(LOG)).resolves.toMatchObject(answer(7));
  await expect(it.call('/system/logs/sheep/cow-1')).resolves.toMatchObject({
    text: expect.stringContaining('no job cow-1'),
  });
});

describe('a job without a pod', () => {
  const answer = (service = 'cow') => it.call(`/system/logs/${service}/cow-1`);

  test('waits, or they were deleted', async () => {
    it.putJob('cow', 'cow-1');
    await expect(answer()).resolves.toMatchObject({ status: 404, text: expect.stringContaining('it waits for one') });
    await expect(answer('sheep')).resolves.toMatchObject({
      status: 404,
      text: 'The service sheep has no job cow-1.\n',
    });
  });

  test('that a person suspended: how it goes on', async () => {
    suspend();
    await expect(answer()).resolves.toMatchObject({
      status: 404,
      text:
        'There is no log: somebody suspended the job. Fix: kubectl --namespace oscar-svc patch job cow-1 ' +
        `--type merge --patch '{"spec":{"suspend":false}}'\n`,
    });
  });

  test('that failed: why', async () => {
    const failed = { type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'Job was active too long' };
    it.putJob('cow', 'cow-1', { conditions: [failed] });
    await expect(answer()).resolves.toMatchObject({
      status: 404,
      text: 'There is no log: the job failed, and its pods are gone: DeadlineExceeded: Job was active too long\n',
    });
  });
});

describe('a pod that failed', () => {
  const OOM = 'ERROR - The pod failed: it used more memory than its limit of 64Mi (OOMKilled)\n';
  const killed = (status: object = {}) => {
    const terminated = { reason: 'OOMKilled', exitCode: 137, startedAt: BEGAN, finishedAt: ENDED };
    const containerStatuses = [{ name: 'oscar-container', state: { terminated } }];
    return { phase: 'Failed', containerStatuses, ...status };
  };

  test('its log ends with why', async () => {
    it.putPod('cow', 'cow-1-a', { job: 'cow-1', ...killed() });
    write('cow-1-a', 'one', 'two');
    const last = `2026-01-01 00:00:09,000 - manager - ${OOM}`;
    await expect(it.call(LOG)).resolves.toMatchObject({ status: 200, text: `one\ntwo\n${last}` });
    await expect(it.call(`${LOG}?tailLines=1`)).resolves.toMatchObject({ text: `two\n${last}` });
    const stamped = await it.call(`${LOG}?timestamps=true&tailLines=0`);
    expect(stamped.text).toBe(`${ENDED} ${last}`);
  });

  test('a line that it began is ended', async () => {
    it.putPod('cow', 'cow-1-a', { job: 'cow-1', ...killed() });
    it.double.logs.appendPart('oscar-svc', 'cow-1-a', 'half a');
    expect((await it.call(LOG)).text).toMatch(/^half a\n2026-.*OOMKilled\)\n$/);
  });

  test('nor is more said of one whose script failed', async () => {
    const terminated = { reason: 'Error', exitCode: 3, startedAt: BEGAN, finishedAt: ENDED };
    it.putPod('cow', 'cow-1-a', {
      ...{ job: 'cow-1', phase: 'Failed' },
      containerStatuses: [{ name: 'oscar-container', state: { terminated } }],
    });
    write('cow-1-a', 'exit code 3');
    await expect(it.call(LOG)).resolves.toMatchObject({ status: 200, text: 'exit code 3\n' });
  });

  test('followed: why comes when Kubernetes tells it', async () => {
    it.putPod('cow', 'cow-1-a', { job: 'cow-1', phase: 'Running' });
    write('cow-1-a', 'one');
    const followed = text(await it.open(`${LOG}?follow=true`));
    it.double.logs.end('oscar-svc', 'cow-1-a');
    await sleep(700);
    it.double.objects.change('Pod', 'oscar-svc', 'cow-1-a', () => ({ status: killed() }));
    await expect(followed).resolves.toBe(`one\n2026-01-01 00:00:09,000 - manager - ${OOM}`);
    expect(it.serving.logged).toEqual([]);
  });

  test('there is no log of it: why', async () => {
    const message = 'Pod ephemeral local storage usage exceeds the total limit of containers 16Mi. ';
    it.putPod('cow', 'cow-1-a', { job: 'cow-1', phase: 'Failed', reason: 'Evicted', message });
    it.double.logs.clear('oscar-svc', 'cow-1-a');
    await expect(it.call(LOG)).resolves.toMatchObject({
      status: 404,
      text: expect.stringContaining(`There is no log: the pod failed: its node ended it (Evicted): ${message.trim()}`),
    });
  });
});

test("the manager's own", async () => {
  await expect(it.call('/system/logs')).resolves.toMatchObject({
    status: 404,
    text: expect.stringContaining('kubectl logs --namespace oscar deployment/oscar-manager'),
  });
});

test.each([
  [['1', 't', 'T', 'TRUE', 'true', 'True'], true],
  [['0', 'f', 'false', 'tRUE', 'yes', '', null, ' true'], false],
])('%j: %s', (texts, value) => {
  for (const text of texts) expect(parseBool(text)).toBe(value);
});
