import { createHash, randomBytes } from 'node:crypto';
import { SUPERVISOR_HEALTH_PATH, SUPERVISOR_PORT } from '../../src/contract';
import { Answer, BucketStore, exchange } from './support/bucket-store';
import { Service, Supervisor } from './support/supervisor';

const AT_ONCE = 4;
const REQUESTS = 20;
const TIME_LIMIT_SECONDS = 8;

/** Says who it is, counts who runs beside it, and sends its input back under the name of the input. */
const SCRIPT = `#!/bin/sh
set -e
name=$(basename "$INPUT_FILE_PATH")
: >"/oscar/beside/$$"
ls /oscar/beside | wc -l >>/oscar/most
sleep 0.2
rm "/oscar/beside/$$"
case $name in
  fails*) echo the reason; exit 3 ;;
  sleeps*) touch "$TMP_OUTPUT_DIR/never"; sleep 600 ;;
esac
cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/$name"
`;

let store: BucketStore;
let service: Service;
let supervisor: Supervisor;
beforeAll(async () => {
  store = await BucketStore.start('uploads', 'results');
  const invocation = { timeoutSeconds: TIME_LIMIT_SECONDS, maxInflight: AT_ONCE };
  service = new Service({ script: SCRIPT, port: store.port, keys: store.root, definition: { invocation } });
  service.write('beside/.hidden', '');
  supervisor = service.serve();
  await supervisor.says('listening on port');
  expect((await exchange('GET', SUPERVISOR_PORT, SUPERVISOR_HEALTH_PATH)).status).toBe(200);
});
afterAll(async () => {
  await service.remove();
  await store.remove();
});
afterEach(() => store.empty('results'));

/** As MinIO posts its events. */
const postEvent = (event: string) =>
  exchange('POST', SUPERVISOR_PORT, '/', { 'content-type': 'application/json' }, Buffer.from(event));
const postBytes = (body: Buffer) =>
  exchange(
    'POST',
    SUPERVISOR_PORT,
    '/run',
    { 'content-type': 'application/octet-stream', accept: 'application/octet-stream' },
    body,
  );

function expectOk({ status, body }: Answer): Buffer {
  if (status !== 200) throw new Error(`it answers ${status}: ${body.toString()}\n${supervisor.stderr}`);
  return body;
}

test('an event of MinIO', async () => {
  const content = randomBytes(3_000_001);
  const said = expectOk(await postEvent(await store.upload('uploads/a + ü.bin', content)));
  expect((await store.get('results/a + ü.bin'))!.equals(content)).toBe(true);
  expect(said.toString()).toContain('stored "a + ü.bin"');
  expect(said.toString()).not.toContain(store.root.secretKey);
});

test('an event with nothing to do', async () => {
  const event = await store.eventOf(() => store.delete('uploads/nothing'));
  expect(expectOk(await postEvent(event)).toString()).toContain('skipped');
  expect(await store.list('results')).toEqual([]);
});

test('bodies: bytes as they are, base64, JSON; their results are stored and answered', async () => {
  const content = randomBytes(1_000_003);
  expect(expectOk(await postBytes(content)).equals(content)).toBe(true);
  const base64 = expectOk(await exchange('POST', SUPERVISOR_PORT, '/run', {}, Buffer.from(content.toString('base64'))));
  expect(Buffer.from(base64.toString(), 'base64').equals(content)).toBe(true);
  const json = expectOk(await exchange('POST', SUPERVISOR_PORT, '/run', {}, Buffer.from('{"a": 1}')));
  expect(Buffer.from(json.toString(), 'base64').toString()).toBe('{"a": 1}');
  expect(await store.list('results')).toHaveLength(3);
});

test('twenty at once, four of them running: each gets its own', async () => {
  service.write('most', '');
  const contents = Array.from({ length: REQUESTS }, (_, i) => randomBytes(200_000 + i));
  const events: string[] = [];
  for (const [i, content] of contents.entries()) {
    if (i % 2 === 0) events.push(await store.upload(`uploads/file ${i}`, content));
  }
  await Promise.all(
    contents.map(async (content, i) => {
      if (i % 2 === 0) return void expectOk(await postEvent(events[i / 2]));
      const answer = expectOk(await postBytes(content));
      expect(digestOf(answer)).toBe(digestOf(content));
    }),
  );
  for (const [i, content] of contents.entries()) {
    if (i % 2 === 0) expect(digestOf((await store.get(`results/file ${i}`))!)).toBe(digestOf(content));
  }
  const beside = service.read('most').trim().split('\n').map(Number);
  expect(beside).toHaveLength(REQUESTS);
  expect(Math.max(...beside)).toBe(AT_ONCE);
});

test('a script that fails is told of, and nothing is stored', async () => {
  const { status, body } = await postEvent(await store.upload('uploads/fails', 'x'));
  expect(status).toBe(500);
  expect(JSON.parse(body.toString())).toEqual({
    code: 3,
    reason: expect.stringContaining('exit code 3'),
    output: 'the reason',
    invocation: expect.stringMatching(/^[0-9a-f]{8}$/),
  });
  expect(await store.list('results')).toEqual([]);
});

test('an object that is not there', async () => {
  const event = await store.upload('uploads/gone', 'x');
  await store.delete('uploads/gone');
  const { status, body } = await postEvent(event);
  expect(status).toBe(500);
  expect(JSON.parse(body.toString())).toMatchObject({
    code: 1,
    reason: expect.stringContaining('there is no such object'),
  });
  expect(body.toString()).not.toContain(store.root.secretKey);
});

test('a script that takes too long is ended, and nothing is stored', async () => {
  const { status, body } = await postEvent(await store.upload('uploads/sleeps', 'x'));
  expect(status).toBe(500);
  expect(JSON.parse(body.toString())).toMatchObject({ code: 124 });
  expect(await store.list('results')).toEqual([]);
});

test('a store that is away meanwhile is waited for', async () => {
  const content = randomBytes(1000);
  const event = await store.upload('uploads/patient', content);
  await store.down();
  const answer = postEvent(event);
  // At once: it asks for some seconds, and a store that starts takes one or two of them.
  await supervisor.says('trying again in');
  await store.up();
  expectOk(await answer);
  expect((await store.get('results/patient'))!.equals(content)).toBe(true);
});

test('and one that stays away is told of', async () => {
  const event = await store.upload('uploads/impatient', 'x');
  await store.down();
  const { status, body } = await postEvent(event).finally(() => store.up());
  expect(status).toBe(500);
  const { code, reason } = JSON.parse(body.toString()) as { code: number; reason: string };
  expect(code).toBe(1);
  expect(reason).toContain('tried 6 times');
  expect(body.toString()).not.toContain(store.root.secretKey);
  expect(await store.list('results')).toEqual([]);
});

// The last: it ends the server.
test('at SIGTERM what runs is finished and stored', async () => {
  const content = randomBytes(1000);
  const answer = postEvent(await store.upload('uploads/last', content));
  await supervisor.says('object 1 of 1, "uploads/last"');
  supervisor.terminate();
  expectOk(await answer);
  expect((await store.get('results/last'))!.equals(content)).toBe(true);
  const { code, stderr } = await supervisor.ended;
  expect(code).toBe(0);
  expect(stderr).not.toContain(store.root.secretKey);
});

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
