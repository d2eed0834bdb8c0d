import { randomBytes } from 'node:crypto';
import { completionRecord } from '../../src/contract';
import { SETTINGS, tokenOf, WEBHOOK_TOKEN } from '../programs/manager/running';
import { definition, INPUT } from '../programs/manager/services';
import { BucketStore } from './support/bucket-store';
import { ManagerProcess, StampedJob, until } from './support/manager';
import { place, Service } from './support/supervisor';

const MEBIBYTE = 1024 * 1024;
/** Long enough for a store to have sent an event that it would send. */
const WATCHED_MS = 5_000;
const SCRIPT = '#!/bin/sh\ncp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/result"\n';

let manager: ManagerProcess;
let store: BucketStore;
let service: Service;
beforeAll(async () => {
  manager = await ManagerProcess.create();
  manager.declare(definition('copies', { input: [{ ...INPUT, path: 'uploads/in' }] }));
  const short = { retries: 3, deadlineSeconds: 3600, ttlSeconds: 0 };
  manager.declare(definition('short', { input: [{ ...INPUT, path: 'uploads/short' }], job: short }));
  const { bodiesBucket, recordsBucket } = SETTINGS;
  store = await BucketStore.startFor(manager.target, 'uploads', 'results', bodiesBucket, recordsBucket);
  await store.tellOf('uploads', 'in', 'short', 'nobody');
  await manager.start(store);
  const places = { input: [place('uploads/in'), place('uploads/short')], output: [place('results')] };
  service = new Service({ script: SCRIPT, port: store.port, keys: store.root, definition: places });
});
afterAll(async () => {
  await service.remove();
  await store.remove();
  await manager.remove();
});
afterEach(() => store.empty('results'));

const jobOf = (key: string) => manager.jobs.find(({ variables }) => variables.EVENT?.includes(`"uploads/${key}"`));
const deadLetters = async () => JSON.parse(await manager.asAdmin('/system/dead-letters')).dead_letters;

async function expectResult({ variables }: StampedJob, content: Buffer): Promise<void> {
  const { code, stderr } = await service.startJob(variables).ended;
  if (code !== 0) throw new Error(`the supervisor ended with ${code}:\n${stderr}`);
  expect(await store.list('results')).toEqual(['result']);
  expect((await store.get('results/result'))!.equals(content)).toBe(true);
}

test('an upload, through to its result', async () => {
  const content = randomBytes(100_003);
  await store.put('uploads/in/$(A) ü+.bin', content);
  await until('the Job is stored', () => jobOf('in/$(A) ü+.bin') !== undefined);
  await expectResult(jobOf('in/$(A) ü+.bin')!, content);
});

test('an event for nobody is a dead letter, and keeps none behind it waiting', async () => {
  await store.put('uploads/nobody/here', 'x');
  await store.put('uploads/in/behind', 'x');
  await until('the Job behind it is stored', () => jobOf('in/behind') !== undefined);
  await until('the queue is empty', () => store.queued === 0);
  const expected = { bucket: 'uploads', key: 'nobody/here', problem: 'no service is bound to this place' };
  expect(await deadLetters()).toContainEqual(expect.objectContaining(expected));
});

test('events that come with a wrong token wait in the store until it is right', async () => {
  manager.secret('webhook/token', 'n'.repeat(64));
  await until('it is known', async () => (await manager.ask('POST', '/events', bearer('n'.repeat(64)))).status === 200);
  await store.put('uploads/in/refused', 'x');
  await until('it was refused', async () => refusedIn(await manager.asAdmin('/metrics')) > 0, WATCHED_MS);
  expect(jobOf('in/refused')).toBeUndefined();
  expect(store.queued).toBe(1);
  manager.secret('webhook/token', WEBHOOK_TOKEN);
  await until('the Job is stored', () => jobOf('in/refused') !== undefined);
  await until('the queue is empty', () => store.queued === 0);
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const refusedIn = (metrics: string) =>
  Number(/^oscar_manager_refused_logins_total\{as="webhook"\} (\d+)/m.exec(metrics)?.[1] ?? 0);

test("an event that comes again when its Job is removed makes no second one: its file's record is there", async () => {
  await store.put('uploads/short/a b.txt', 'x');
  await until('the Job is stored', () => jobOf('short/a b.txt') !== undefined);
  const job = jobOf('short/a b.txt')!;
  await expectResult(job, Buffer.from('x'));
  expect(await store.list(SETTINGS.recordsBucket)).toContain(completionRecord('short', job.name));
  manager.kubernetes.objects.delete('Job', SETTINGS.servicesNamespace, job.name);
  const event = () => manager.ask('POST', '/events', bearer(WEBHOOK_TOKEN), Buffer.from(job.variables.EVENT));
  expect((await event()).status).toBe(200);
  expect(jobOf('short/a b.txt')).toBeUndefined();
  await store.empty(SETTINGS.recordsBucket);
  expect((await event()).status).toBe(200);
  expect(jobOf('short/a b.txt')?.name).toBe(job.name);
});

test('an event of another kind of store makes the same Job', async () => {
  await store.put('uploads/in/ü +.txt', 'x');
  await until('the Job is stored', () => jobOf('in/ü +.txt') !== undefined);
  const { name, variables } = jobOf('in/ü +.txt')!;
  const event = JSON.parse(variables.EVENT);
  for (const record of event.Records) {
    record.eventSource = 'aws:s3';
    record.s3.object.sequencer = '0055AED6DCD90281E5';
  }
  manager.kubernetes.objects.delete('Job', SETTINGS.servicesNamespace, name);
  const sent = await manager.ask('POST', '/events', bearer(WEBHOOK_TOKEN), Buffer.from(JSON.stringify(event)));
  expect([sent.status, jobOf('in/ü +.txt')?.name]).toEqual([200, name]);
});

test.each([0, 1, 5 * MEBIBYTE, 20 * MEBIBYTE + 1])('a Job by hand, with a binary body of %d bytes', async (bytes) => {
  const content = Buffer.alloc(bytes, randomBytes(MEBIBYTE));
  // No text: such a body is no variable's, however short.
  if (bytes > 0) content[0] = 0xff;
  const headers = { ...bearer(tokenOf('copies')), 'content-type': 'application/octet-stream' };
  const { status, body } = await manager.ask('POST', '/job/copies', headers, content);
  expect([status, body.toString()]).toEqual([201, expect.stringMatching(/^copies-[0-9a-f]{20}$/)]);
  const job = manager.jobs.find(({ name }) => name === body.toString())!;
  if (bytes === 0) expect(job.variables).toMatchObject({ EVENT: '' });
  else {
    const path = `${SETTINGS.bodiesBucket}/copies/${job.name}`;
    expect(job.variables).toMatchObject({
      EVENT_OBJECT: `minio.default/${path}`,
      EVENT_CONTENT_TYPE: 'application/octet-stream',
    });
    expect(job.variables).not.toHaveProperty('EVENT');
    expect((await store.get(path))!.equals(content)).toBe(true);
  }
  await expectResult(job, content);
});

test('no Job is made of a body that the store does not take', async () => {
  const before = manager.jobs.length;
  await store.down();
  const answer = await manager.ask('POST', '/job/copies', bearer(tokenOf('copies')), Buffer.alloc(MEBIBYTE, 0xff));
  await store.up();
  expect([answer.status, answer.body.toString()]).toEqual([503, expect.stringContaining('the store does not take it')]);
  expect(manager.jobs).toHaveLength(before);
});
