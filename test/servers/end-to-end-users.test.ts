import { randomBytes } from 'node:crypto';
import { BucketStore, Keys } from './support/bucket-store';
import { Gate } from './support/gate';
import { Ended, place, Service } from './support/supervisor';

const MIB = 2 ** 20;
const COPY = '#!/bin/sh\ncp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/"\n';

let store: BucketStore;
let gate: Gate;
/** These two rights, on these two prefixes. */
let least: Keys;
/** May remove parts as well. */
let tidy: Keys;
beforeAll(async () => {
  store = await BucketStore.start('inbox', 'results', 'inbox-alice', 'inboxes');
  gate = await Gate.before(store.port);
  const may = (prefix: string, ...actions: string[]) => ({
    Effect: 'Allow',
    Action: actions,
    Resource: [`arn:aws:s3:::${prefix}*`],
  });
  const read = may('inbox/in/', 's3:GetObject');
  least = await store.addUser('platform.least', [read, may('results/out/', 's3:PutObject')]);
  const write = may('results/out/', 's3:PutObject', 's3:AbortMultipartUpload');
  tidy = await store.addUser('platform.tidy', [read, write]);
});
afterAll(async () => {
  await gate.close();
  await store.remove();
});

const services: Service[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.remove()));
  gate.reset();
  for (const bucket of ['results', 'inbox-alice']) await store.empty(bucket);
});
function serviceOf(keys: Keys, definition: object): Service {
  const service = new Service({ script: COPY, port: gate.port, keys, definition });
  services.push(service);
  return service;
}

function expectSuccess({ code, stderr }: Ended): void {
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
  expect(stderr).not.toMatch(/WARNING|ERROR/);
}

describe('a user who may read the input’s folder and write the output’s', () => {
  const definition = { input: [place('inbox/in')], output: [place('results/out')] };

  test.each([
    ['empty', 0],
    ['small', 1000],
    ['in one request, just', 16 * MIB],
    ['in parts', 16 * MIB + 1],
    ['in many parts', 100 * MIB + 77],
  ])('is enough for a file that is %s', async (_, bytes) => {
    const content = randomBytes(bytes);
    expectSuccess(await serviceOf(least, definition).run(await store.upload('inbox/in/a file', content)));
    expect((await store.get('results/out/a file'))!.equals(content)).toBe(true);
  });

  test('is told so where it isn’t: another folder to read', async () => {
    const event = await store.upload('inbox/elsewhere/secret', 'x');
    const { code, stderr } = await serviceOf(least, definition).run(event);
    expect(code).toBe(1);
    expect(stderr).toContain('access is denied');
    expect(stderr).toContain('inbox/elsewhere/secret');
    expect(stderr).not.toContain(least.secretKey);
  });

  test.each([
    ['at once', 10],
    ['in parts', 17 * MIB],
  ])('is told so where it isn’t: another folder to write, %s', async (_, bytes) => {
    const event = await store.upload('inbox/in/a', randomBytes(bytes));
    const { code, stderr } = await serviceOf(least, { ...definition, output: [place('results/other')] }).run(event);
    expect(code).toBe(1);
    expect(stderr).toContain('access is denied');
    expect(stderr).toContain('results/other/a');
    expect(await store.list('results')).toEqual([]);
  });

  const partsThatStay = () => store.mc('ls', '--incomplete', '--recursive', 'oscar/results');

  test('leaves parts behind when it is ended in the middle, and says so', async () => {
    const supervisor = serviceOf(least, definition).start(await store.upload('inbox/in/a', randomBytes(40 * MIB)));
    await gate.hold(/^PUT .*partNumber=2/, 'up', 2 * MIB);
    supervisor.terminate();
    const { code, stderr } = await supervisor.ended;
    expect([code, stderr]).toEqual([143, expect.stringContaining('parts of it could not be removed')]);
    expect(await store.list('results')).toEqual([]);
    expect(await partsThatStay()).toContain('"out/a"');
  });

  test('leaves none with the right to abort uploads', async () => {
    const supervisor = serviceOf(tidy, definition).start(await store.upload('inbox/in/b', randomBytes(40 * MIB)));
    await gate.hold(/^PUT .*partNumber=2/, 'up', 2 * MIB);
    supervisor.terminate();
    const { code, stderr } = await supervisor.ended;
    expect([code, stderr]).toEqual([143, expect.not.stringContaining('could not')]);
    expect(await partsThatStay()).not.toContain('"out/b"');
  });

  test('can’t see that an upload was done whose answer got lost: the same event again makes it right', async () => {
    const content = randomBytes(20 * MIB);
    const event = await store.upload('inbox/in/c', content);
    const service = serviceOf(least, definition);
    const supervisor = service.start(event);
    await gate.hold(/^POST .*uploadId=/, 'down', 0);
    gate.cut();
    const { code, stderr } = await supervisor.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('NoSuchUpload')]);
    expectSuccess(await service.run(event));
    expect((await store.get('results/out/c'))!.equals(content)).toBe(true);
  });
});

describe('isolation_level: user', () => {
  const definition = {
    isolation_level: 'user' as const,
    input: [place('inbox/in')],
    output: [place('results/out'), place('results')],
  };
  beforeAll(async () => {
    await store.mc('event', 'add', 'oscar/inbox-alice', 'arn:minio:sqs::OSCAR:webhook', '--event', 'put');
    await store.mc('event', 'add', 'oscar/inboxes', 'arn:minio:sqs::OSCAR:webhook', '--event', 'put');
  });

  test('what comes from a user’s bucket goes back there, into the outputs’ folders', async () => {
    const event = await store.upload('inbox-alice/in/file +', 'of alice');
    expectSuccess(await serviceOf(store.root, definition).run(event));
    expect(await store.list('inbox-alice')).toEqual(['file +', 'in/file +', 'out/file +']);
    expect((await store.get('inbox-alice/out/file +'))!.toString()).toBe('of alice');
    expect(await store.list('results')).toEqual([]);
  });

  test.each(['inbox', 'inboxes'])('what comes from %s goes where the outputs say', async (bucket) => {
    expectSuccess(await serviceOf(store.root, definition).run(await store.upload(`${bucket}/in/file`, 'of all')));
    expect(await store.list('results')).toEqual(['file', 'out/file']);
    expect(await store.list('inbox-alice')).toEqual([]);
  });

  test('without it, a bucket of such a name is one like any other', async () => {
    const service = serviceOf(store.root, { ...definition, isolation_level: 'service' });
    expectSuccess(await service.run(await store.upload('inbox-alice/in/file', 'of alice')));
    expect(await store.list('results')).toEqual(['file', 'out/file']);
    expect(await store.list('inbox-alice')).toEqual(['in/file']);
  });
});
