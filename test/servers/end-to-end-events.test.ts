import { randomBytes } from 'node:crypto';
import { BucketStore } from './support/bucket-store';
import { Service } from './support/supervisor';

/** What the script knows of its input, and the input itself. */
const SCRIPT = `#!/bin/sh
set -e
cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/content"
printf %s "$STORAGE_OBJECT_KEY" >"$TMP_OUTPUT_DIR/key"
basename "$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/name"
printf %s "$EVENT" >"$TMP_OUTPUT_DIR/event"
printf %s "$EVENT_TIME" >"$TMP_OUTPUT_DIR/time"
`;

let store: BucketStore;
let service: Service;
beforeAll(async () => {
  store = await BucketStore.start('uploads', 'results');
  service = new Service({ script: SCRIPT, port: store.port, keys: store.root });
});
afterAll(async () => {
  await service.remove();
  await store.remove();
});
beforeEach(() => store.empty('results'));

async function expectResults(key: string, content: Buffer): Promise<void> {
  expect(await store.list('results')).toEqual(['content', 'event', 'key', 'name', 'time']);
  const text = async (name: string) => (await store.get(`results/${name}`))!.toString('utf8');
  expect((await store.get('results/content'))!.equals(content)).toBe(true);
  expect(await text('key')).toBe(key);
  expect(await text('name')).toBe(`${key.slice(key.lastIndexOf('/') + 1)}\n`);
  const { Records: records } = JSON.parse(await text('event'));
  expect(records).toHaveLength(1);
  expect(records[0].eventSource).toBe('minio:s3');
  expect(await text('time')).toBe(records[0].eventTime);
}

async function expectSuccess(event: string): Promise<string> {
  const { code, stdout, stderr } = await service.run(event);
  expect(stderr).not.toContain(store.root.secretKey);
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}\nof ${event}`);
  expect(stdout.toString()).toBe('');
  return stderr;
}

const KEYS: string[] = [
  'plain.bin',
  'with spaces and  two.bin',
  'a+b++c.bin',
  '100% %2F %41.bin',
  'größer → 日本 🙂.bin',
  'é (decomposed).bin',
  'nested/deeper/file.bin',
  'nested folder+%/fi le.bin',
  'quotes \' and " & <xml> $HOME `id`;#?=,:@!*()[]{}|~^.bin',
  '.hidden',
  '-n',
  'no-extension',
];

describe.each(KEYS)('an upload of "%s"', (key) => {
  const content = randomBytes(100_003);

  test('its event, as MinIO sent it', async () => {
    await expectSuccess(await store.upload(`uploads/${key}`, content));
    await expectResults(key, content);
  });

  test.each([
    ['as an object', (event: string) => ({ event: JSON.parse(event), storage_provider: 'default' })],
    ['as a text', (event: string) => ({ event, storage_provider: 'minio.default' })],
  ])('wrapped %s', async (_, wrap) => {
    await expectSuccess(JSON.stringify(wrap(await store.upload(`uploads/${key}`, content))));
    await expectResults(key, content);
  });
});

test('an empty object', async () => {
  await expectSuccess(await store.upload('uploads/empty', ''));
  await expectResults('empty', Buffer.alloc(0));
});

test('an upload in parts', async () => {
  const parts = [randomBytes(5 * 1024 * 1024), randomBytes(77)];
  const event = await store.eventOf(async () => {
    const begun = await store.must('POST', '/uploads/in-parts?uploads=');
    const id = /<UploadId>([^<]*)</.exec(begun.body.toString())![1];
    for (const [i, part] of parts.entries()) {
      await store.must('PUT', `/uploads/in-parts?partNumber=${i + 1}&uploadId=${encodeURIComponent(id)}`, part);
    }
    const listed = await store.must('GET', `/uploads/in-parts?uploadId=${encodeURIComponent(id)}`);
    const etags = [...listed.body.toString().matchAll(/<ETag>([^<]*)</g)].map(([, etag]) => etag);
    const xml = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
    const document = Buffer.from(`<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>`);
    await store.must('POST', `/uploads/in-parts?uploadId=${encodeURIComponent(id)}`, document);
  });
  expect(event).toContain('s3:ObjectCreated:CompleteMultipartUpload');
  await expectSuccess(event);
  await expectResults('in-parts', Buffer.concat(parts));
});

test('a copy', async () => {
  const content = randomBytes(1000);
  await store.upload('uploads/original file', content);
  const event = await store.eventOf(() =>
    store.put('uploads/copied file', '', { 'x-amz-copy-source': '/uploads/original%20file' }),
  );
  expect(event).toContain('s3:ObjectCreated:Copy');
  await expectSuccess(event);
  await expectResults('copied file', content);
});

describe('nothing is done with', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['a folder marker', () => store.put('uploads/folder/', ''), 's3:ObjectCreated:Put'],
    ['a delete', () => store.delete('uploads/there'), 's3:ObjectRemoved:Delete'],
    ['new tags', () => store.mc('tag', 'set', 'oscar/uploads/there', 'a=b'), 's3:ObjectCreated:PutTagging'],
    ['removed tags', () => store.mc('tag', 'remove', 'oscar/uploads/there'), 's3:ObjectCreated:DeleteTagging'],
  ])('%s', async (_, action, name) => {
    await store.upload('uploads/there', 'x');
    const event = await store.eventOf(action);
    expect(event).toContain(`"${name}"`);
    const wrapped = JSON.stringify({ event, storage_provider: 'default' });
    for (const body of [event, wrapped]) {
      const log = await expectSuccess(body);
      expect(log).toContain('skipped');
      expect(log).toContain('the script is not run');
    }
    expect(await store.list('results')).toEqual([]);
  });
});

test('several records at once, each with its own results', async () => {
  const keys = ['one', 'two +', 'three%'];
  const events: string[] = [];
  for (const key of keys) events.push(await store.upload(`uploads/${key}`, `content of ${key}`));
  const removed = await store.eventOf(() => store.delete('uploads/removed'));
  const event = { Records: [...events, removed].flatMap((text) => JSON.parse(text).Records) };
  const named = new Service({
    script: '#!/bin/sh\ncp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/"\n',
    port: store.port,
    keys: store.root,
  });
  try {
    const { code, stderr } = await named.run(JSON.stringify(event));
    expect([code, stderr]).toEqual([0, expect.stringContaining('skipped')]);
  } finally {
    await named.remove();
  }
  expect(await store.list('results')).toEqual([...keys].sort());
  for (const key of keys) expect((await store.get(`results/${key}`))!.toString()).toBe(`content of ${key}`);
});
