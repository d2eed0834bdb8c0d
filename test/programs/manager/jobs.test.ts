import { randomBytes } from 'node:crypto';
import { longestValue } from '../../../src/programs/manager/jobs/event-variable';
import { answer, method } from '../supervisor/storage/support/server';
import { KEYS, S3Server } from '../supervisor/storage/support/s3-server';
import type { ApiObject } from './double';
import { eventually, RunningManager, tokenOf } from './running';
import { definition } from './services';

const MEBIBYTE = 1024 ** 2;
const JOBS = { method: 'POST', path: /\/jobs$/ };

let store: S3Server;
let manager: RunningManager;
beforeEach(async () => {
  store = await new S3Server().start();
  store.buckets.add('oscar-bodies');
  const minio = { endpoint: `http://127.0.0.1:${store.port}`, region: store.region, verify: true };
  manager = await RunningManager.start([definition('cowsay'), definition('other')], {
    minio,
    maxBodyBytes: 25 * MEBIBYTE,
  });
  manager.secret('minio/accessKey', KEYS.accessKey);
  manager.secret('minio/secretKey', KEYS.secretKey);
});
afterEach(async () => {
  await manager.stop();
  await store.stop();
});

const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
  manager.ask('POST', '/job/cowsay', { body, headers: { authorization: `Bearer ${tokenOf('cowsay')}`, ...headers } });

interface Env {
  readonly name: string;
  readonly value: string;
}
function variablesOf(name: string): Record<string, string> {
  const job = manager.kubernetes.objects.get('Job', 'oscar-svc', name) as ApiObject & {
    spec: { template: { spec: { containers: { env: Env[] }[] } } };
  };
  // As Kubernetes reads values.
  const entries = job.spec.template.spec.containers[0].env.map(({ name, value = '' }) => [
    name,
    value.replaceAll('$$', '$'),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
const jobs = () => manager.kubernetes.objects.list('Job').map(({ metadata }) => metadata.name);

describe('what a variable holds is one', () => {
  test.each([
    ['', undefined],
    ['{"message": "moo"}', 'application/json'],
    ['aGVsbG8=', undefined],
    ['ü $(OSCAR_SERVICE_TOKEN) $$ "quoted"\n\ttext', 'text/plain; charset=utf-8'],
  ])('%j of type %s', async (body, type) => {
    const { status, text } = await post(body, type ? { 'content-type': type } : {});
    expect(status).toBe(201);
    expect(text).toMatch(/^cowsay-[0-9a-f]{20}$/);
    expect(variablesOf(text)).toMatchObject({ EVENT: body, JOB_UUID: text });
    // Clients say it of base64 as well: the supervisor looks for itself.
    expect(variablesOf(text).EVENT_CONTENT_TYPE).toBe(type === 'application/json' ? undefined : type);
    expect(variablesOf(text)).not.toHaveProperty('EVENT_OBJECT');
    expect(store.asked).toEqual([]);
  });

  test('up to its length', async () => {
    const { text } = await post('x'.repeat(longestValue('EVENT')));
    expect(variablesOf(text).EVENT).toHaveLength(longestValue('EVENT'));
    expect(store.asked).toEqual([]);
  });

  test('each request makes a Job of its own', async () => {
    const names = await Promise.all([post('1'), post('1'), post('1')]);
    expect(new Set(names.map(({ text }) => text)).size).toBe(3);
    expect(jobs()).toHaveLength(3);
  });
});

describe('what no variable holds goes through the store', () => {
  test.each([
    ['text that is too long', Buffer.from('x'.repeat(longestValue('EVENT') + 1)), 1],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 1, 2]), 1],
    ['a NUL', Buffer.from('a\0b'), 1],
    ['a body of one part', randomBytes(5 * MEBIBYTE), 1],
    ['a body of several', randomBytes(12 * MEBIBYTE + 7), 5],
  ])('%s', async (_, body, requests) => {
    const { status, text } = await post(body, { 'content-type': 'image/png' });
    expect(status).toBe(201);
    const at = `oscar-bodies/cowsay/${text}`;
    expect(variablesOf(text)).toMatchObject({ EVENT_OBJECT: `minio.default/${at}`, EVENT_CONTENT_TYPE: 'image/png' });
    expect(variablesOf(text)).not.toHaveProperty('EVENT');
    expect(store.objects.get(at)?.equals(body)).toBe(true);
    expect(store.asked).toHaveLength(requests);
  });

  test('a store in trouble for a moment', async () => {
    store.fault(answer(503), { matches: method('PUT'), times: 2 });
    expect(await post(Buffer.from([0]))).toMatchObject({ status: 201 });
  });

  test('without its bucket: 503 that says so, no secret told, and no Job', async () => {
    store.buckets.delete('oscar-bodies');
    const { status, text, headers } = await post(Buffer.from([0]));
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(text).toMatch(/the store does not take it: .*NoSuchBucket/);
    expect(text).not.toContain(KEYS.secretKey);
    expect(jobs()).toEqual([]);
  });

  test('so many at a time, and a part of each in memory', async () => {
    const bodies = Array.from({ length: 20 }, () => randomBytes(5 * MEBIBYTE + 1));
    const most = { uploads: 0 };
    const watch = setInterval(() => (most.uploads = Math.max(most.uploads, store.uploads.size)), 1);
    const answers = await Promise.all(bodies.map((body) => post(body)));
    clearInterval(watch);
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 201));
    expect(most.uploads).toBeGreaterThan(0);
    expect(most.uploads).toBeLessThanOrEqual(8);
  });

  test('a large one that breaks off leaves nothing', async () => {
    store.fault(answer(403), { matches: method('PUT', /partNumber=2/) });
    expect(await post(randomBytes(12 * MEBIBYTE))).toMatchObject({ status: 503 });
    expect(store.uploads.size).toBe(0);
    expect(store.objects.size).toBe(0);
    expect(jobs()).toEqual([]);
  });

  test('over the limit, said beforehand or not', async () => {
    const body = Buffer.alloc(26 * MEBIBYTE);
    expect(await post(body)).toMatchObject({ status: 413, text: expect.stringMatching(/26214400 bytes/) });
    const chunked = await post(body, { 'transfer-encoding': 'chunked' });
    expect(chunked).toMatchObject({ status: 413 });
    await eventually(() => store.uploads.size === 0);
    expect(jobs()).toEqual([]);
  });
});

test.each([
  [{ 'content-encoding': 'gzip' }, /Content-Encoding/],
  [{ 'content-type': 'multipart/form-data; boundary=x' }, /form of several parts/],
])('what no supervisor reads is refused at once: %j', async (headers, reason) => {
  expect(await post('x', headers)).toMatchObject({ status: 400, text: expect.stringMatching(reason) });
  expect(jobs()).toEqual([]);
});

describe('while Kubernetes is in trouble', () => {
  test('503, and to come again', async () => {
    manager.kubernetes.faults.answer({ ...JOBS, times: 4 }, 500);
    expect(await post('x')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  });

  test('what it refuses for good is told: 502', async () => {
    manager.kubernetes.faults.answer({ ...JOBS, times: 1 }, 422);
    expect(await post('x')).toMatchObject({
      status: 502,
      text: expect.stringMatching(/Kubernetes refuses this Job for good/),
    });
  });

  test('an answer that got lost after the Job was stored: there is one Job', async () => {
    manager.kubernetes.faults.dropAfter({ ...JOBS, times: 1 });
    expect(await post('x')).toMatchObject({ status: 201 });
    expect(jobs()).toHaveLength(1);
  });
});

test('who asks for it', async () => {
  const ask = (path: string, token?: string) =>
    manager.ask('POST', path, { body: 'x', headers: token ? { authorization: `Bearer ${token}` } : {} });
  expect(await ask('/job/cowsay')).toMatchObject({ status: 401 });
  expect(await ask('/job/cowsay', tokenOf('other'))).toMatchObject({ status: 401 });
  expect(await ask('/job/none', tokenOf('cowsay'))).toMatchObject({ status: 401 });
  expect(await manager.asAdmin('POST', '/job/none', 'x')).toMatchObject({ status: 404 });
  expect(await manager.asAdmin('POST', '/job/cowsay', 'x')).toMatchObject({ status: 201 });
  expect(jobs()).toHaveLength(1);
});
