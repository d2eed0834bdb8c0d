import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BucketStore } from './support/bucket-store';
import { Gate } from './support/gate';
import { Ended, place, Service, ServiceProps } from './support/supervisor';

const COPY = '#!/bin/sh\ncp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/result"\n';
const WRONG_SECRET = 'Another-secret-of-nobody-77aa';
const MIB = 2 ** 20;
/** Six tries have pauses of 6.2 s at most. */
const LONGER_THAN_A_CALL_WAITS_MS = 10_000;

let store: BucketStore;
let gate: Gate;
beforeAll(async () => {
  store = await BucketStore.start('uploads', 'results');
  gate = await Gate.before(store.port);
});
afterAll(async () => {
  await gate.close();
  await store.remove();
});
beforeEach(() => store.empty('results'));

const services: Service[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.remove()));
  gate.reset();
});
function serviceOf(script: string, more: Partial<ServiceProps> = {}): Service {
  const service = new Service({ script, port: gate.port, keys: store.root, ...more });
  services.push(service);
  return service;
}

async function expectFailure(ended: Ended, code: number, ...words: (string | RegExp)[]): Promise<void> {
  const said = ended.stderr + ended.stdout.toString();
  for (const word of words) expect(said).toMatch(word);
  expect(ended.code).toBe(code);
  for (const secret of [store.root.secretKey, WRONG_SECRET, 'Signature=']) expect(said).not.toContain(secret);
  expect(said).not.toMatch(/^ {4}at /m);
  expect(await store.list('results')).toEqual([]);
}

test('a script that fails gives its code, and nothing is uploaded', async () => {
  const event = await store.upload('uploads/a', 'x');
  const script = `${COPY}echo the reason\nexit 3\n`;
  await expectFailure(await serviceOf(script).run(event), 3, 'the reason', 'exit code 3');
});

test('a script that kills itself', async () => {
  const event = await store.upload('uploads/a', 'x');
  await expectFailure(await serviceOf(`${COPY}kill -9 $$\n`).run(event), 137, 'SIGKILL');
});

test('the object is gone', async () => {
  const event = await store.upload('uploads/gone', 'x');
  await store.delete('uploads/gone');
  await expectFailure(await serviceOf(COPY).run(event), 1, 'there is no such object', '"uploads/gone"');
});

test('the bucket of the event is gone', async () => {
  const event = (await store.upload('uploads/a', 'x')).replaceAll('"uploads"', '"elsewhere"');
  await expectFailure(await serviceOf(COPY).run(event), 1, 'there is no such bucket', 'elsewhere/a');
});

test('the bucket of the output is missing', async () => {
  const event = await store.upload('uploads/a', 'x');
  const service = serviceOf(COPY, { definition: { output: [place('missing/folder')] } });
  await expectFailure(await service.run(event), 1, 'there is no such bucket', 'missing/folder/result');
});

test('one output of two is missing: the invocation failed', async () => {
  const event = await store.upload('uploads/a', 'x');
  const service = serviceOf(COPY, { definition: { output: [place('missing'), place('results')] } });
  const { code, stderr } = await service.run(event);
  expect([code, stderr]).toEqual([1, expect.stringContaining('there is no such bucket')]);
});

test.each([
  ['secret', { secretKey: WRONG_SECRET }, 'the secret key is not the one that belongs to the access key'],
  ['access key', { accessKey: 'nobody' }, 'the access key is not known there'],
])('a wrong %s', async (_, wrong, words) => {
  const event = await store.upload('uploads/a', 'x');
  await expectFailure(await serviceOf(COPY, { keys: { ...store.root, ...wrong } }).run(event), 1, words);
});

test('SIGTERM while the script runs', async () => {
  const supervisor = serviceOf(`${COPY}echo it runs\nsleep 600\n`).start(await store.upload('uploads/a', 'x'));
  await supervisor.says('it runs');
  supervisor.terminate();
  await expectFailure(await supervisor.ended, 143, 'SIGTERM');
});

test.each([
  ['the input is fetched', /^GET/, 'down' as const],
  ['the result is stored', /^PUT/, 'up' as const],
])('SIGTERM while %s', async (_, request, direction) => {
  const supervisor = serviceOf(COPY).start(await store.upload('uploads/a', randomBytes(4 * MIB)));
  await gate.hold(request, direction, 2 * MIB);
  supervisor.terminate();
  await expectFailure(await supervisor.ended, 143, 'SIGTERM');
});

test('SIGTERM in the middle of an upload in parts leaves no parts', async () => {
  const supervisor = serviceOf(COPY).start(await store.upload('uploads/a', randomBytes(40 * MIB)));
  await gate.hold(/partNumber=2/, 'up', 2 * MIB);
  supervisor.terminate();
  await expectFailure(await supervisor.ended, 143, 'SIGTERM');
  expect(gate.requests.at(-1)).toMatch(/^DELETE .*uploadId=/);
});

describe('a store that is away for seconds is waited for', () => {
  test.each([
    ['the input is fetched', /^GET/, 'down' as const],
    ['the result is stored', /^PUT .*partNumber=1/, 'up' as const],
    ['an upload in parts is completed', /^POST .*uploadId=/, 'up' as const],
  ])('while %s', async (_, request, direction) => {
    const content = randomBytes(40 * MIB);
    const supervisor = serviceOf(COPY).start(await store.upload('uploads/a', content));
    await gate.hold(request, direction, direction === 'down' ? 20 * MIB : 0);
    await store.down();
    gate.reset();
    await sleep(1500);
    await store.up();
    const { code, stderr } = await supervisor.ended;
    if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
    expect(stderr).toContain('trying again');
    expect((await store.get('results/result'))!.equals(content)).toBe(true);
  });

  test('and one that is away for longer than a call may take is waited for by a Job', async () => {
    const event = await store.upload('uploads/a', 'x');
    await store.down();
    const supervisor = serviceOf(COPY).start(event);
    await sleep(LONGER_THAN_A_CALL_WAITS_MS);
    await store.up();
    const { code, stderr } = await supervisor.ended;
    if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
    expect(stderr).toContain('trying again');
    expect((await store.get('results/result'))?.toString()).toBe('x');
  });
});

test('what breaks again and again on its way comes whole', async () => {
  const content = randomBytes(12 * MIB);
  const event = await store.upload('uploads/a', content);
  const cuts = [/^GET/, /^GET/, /^PUT/, /^PUT/].map((request, i) => {
    return gate.hold(request, i < 2 ? 'down' : 'up', 5 * MIB).then(() => gate.cut());
  });
  const { code, stderr } = await serviceOf(COPY).run(event);
  await Promise.all(cuts);
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
  expect((await store.get('results/result'))!.equals(content)).toBe(true);
});
