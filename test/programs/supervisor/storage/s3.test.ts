import { appendFileSync, utimesSync } from 'node:fs';
import fc from 'fast-check';
import { HttpClient } from '../../../../src/programs/supervisor/storage/http';
import { S3Storage } from '../../../../src/programs/supervisor/storage/s3';
import { S3Client } from '../../../../src/programs/supervisor/storage/s3-client';
import type { S3Settings } from '../../../../src/programs/supervisor/storage/storage';
import { certificates } from './support/certificate';
import { MEBIBYTE, pattern, TestFolder, transfer } from './support/files';
import { resolveLocalhost } from './support/names';
import { KEYS, S3Server } from './support/s3-server';
import { answer, bodyOf, cutAfter, cutConnection, method } from './support/server';
import { skipWaits } from './support/waits';

let folder: TestFolder;
let server: S3Server;
let storage: S3Storage;
beforeEach(async () => {
  folder = new TestFolder();
  server = await new S3Server().start();
  storage = open();
});
afterEach(async () => {
  jest.restoreAllMocks();
  storage.close();
  await server.stop();
  folder.remove();
});

function open(more: Partial<S3Settings> = {}, limits?: ConstructorParameters<typeof HttpClient>[1]): S3Storage {
  const settings: S3Settings = {
    type: 'minio',
    endpoint: `http://127.0.0.1:${server.port}`,
    region: server.region,
    pathStyle: true,
    ...KEYS,
    tls: { verify: true },
    ...more,
  };
  return new S3Storage(settings, new S3Client(settings, new HttpClient(settings.tls, limits)));
}

const upload = (content: Buffer, path = 'bucket/out') => storage.upload(folder.write('up', content), path, transfer());
const download = (path = 'bucket/in') => storage.download(path, folder.file('down'), transfer());

describe('one request', () => {
  test.each([0, 1, 1024, MEBIBYTE + 1, 16 * MEBIBYTE])('up and down: %i bytes', async (bytes) => {
    const content = pattern(bytes);
    expect(await upload(content, 'bucket/a')).toBe(bytes);
    expect(server.objects.get('bucket/a')!.equals(content)).toBe(true);
    expect(await download('bucket/a')).toBe(bytes);
    expect(folder.read('down').equals(content)).toBe(true);
    expect(server.asked).toEqual(['PUT /bucket/a', 'GET /bucket/a']);
  });

  test('an object is bytes and no more', async () => {
    await upload(Buffer.from('a'));
    expect(server.requests[0].headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1',
    });
  });

  test.each([
    'a b',
    'a+b',
    'a%2Fb',
    '100%',
    'ñandú/日本語/😀',
    'e\u0301',
    `it's "quoted" <&>`,
    'a?b#c&d=e;f:g@h$i,j!(k)*',
    'a\\b',
    'tab\tnew\nline\u0001',
    'a//b',
    '/a',
    'a/',
    './a',
    '../../etc/passwd',
    'a/./b/../c',
    '...',
    'x'.repeat(900),
    '日'.repeat(340),
  ])('key %j', async (key) => {
    await upload(Buffer.from(key), `bucket/${key}`);
    expect([...server.objects.keys()]).toEqual([`bucket/${key}`]);
    await download(`bucket/${key}`);
    expect(folder.read('down').toString()).toBe(key);
  });

  test('any key: signed as Amazon says, and the same on both sides', async () => {
    let count = 0;
    const key = fc.string({ unit: 'grapheme', minLength: 1 });
    const check = async (name: string) => {
      server.objects.clear();
      await upload(Buffer.from(name), `bucket/${name}`);
      expect([...server.objects.keys()]).toEqual([`bucket/${name}`]);
      await storage.download(`bucket/${name}`, folder.file(`down${count++}`), transfer());
    };
    await fc.assert(fc.asyncProperty(key, check), { numRuns: 200 });
  });

  test.each(['', 'bucket', 'bucket/', '/key', 'bucket/\ud800'])('not the path of an object: %j', async (path) => {
    await expect(download(path)).rejects.toThrow(/not the path of an object/);
    expect(server.asked).toEqual([]);
  });
});

describe('addresses and signatures', () => {
  beforeEach(resolveLocalhost);

  test('virtual-host style', async () => {
    server.domain = `localhost:${server.port}`;
    storage = open({ endpoint: `http://localhost:${server.port}`, pathStyle: false });
    await upload(Buffer.from('x'), 'bucket/a b');
    expect(server.asked).toEqual(['PUT /a%20b']);
    expect(server.requests[0].headers.host).toBe(`bucket.localhost:${server.port}`);
    expect([...server.objects.keys()]).toEqual(['bucket/a b']);
  });

  test('a bucket whose name could be another host stays in the path', async () => {
    server.buckets.add('evil.example@x');
    storage = open({ pathStyle: false });
    await upload(Buffer.from('x'), 'evil.example@x/a');
    expect(server.asked).toEqual(['PUT /evil.example%40x/a']);
  });

  describe('with TLS', () => {
    const { ca, server: identity } = certificates(['localhost', 'bucket.localhost'], ['127.0.0.1']);
    beforeEach(async () => {
      await server.stop();
      server = await new S3Server(identity).start();
      storage = open({ endpoint: `https://127.0.0.1:${server.port}`, tls: { verify: true, ca: ca.cert } });
    });

    test('the content is not hashed', async () => {
      await upload(Buffer.from('x'));
      expect(server.requests[0].headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
      await download('bucket/out');
    });

    test('a bucket with dots stays in the path, another one does not', async () => {
      server.domain = `localhost:${server.port}`;
      server.buckets.add('a.b');
      const endpoint = `https://localhost:${server.port}`;
      storage = open({ endpoint, pathStyle: false, tls: { verify: true, ca: ca.cert } });
      await upload(Buffer.from('x'), 'a.b/c');
      await upload(Buffer.from('x'), 'bucket/c');
      expect(server.asked).toEqual(['PUT /a.b/c', 'PUT /c']);
    });
  });

  test('a session token', async () => {
    server.sessionToken = 'FwoGZXIvYXdzE//token+==';
    await expect(upload(Buffer.from('x'))).rejects.toThrow('the session token is not valid (InvalidToken)');
    storage = open({ sessionToken: server.sessionToken });
    await upload(Buffer.from('x'));
  });

  test.each([
    [
      'with the region in the body',
      (to: string) => answer(400, {}, `<Code>AuthorizationHeaderMalformed</Code><Region>${to}</Region>`),
    ],
    ['with the region in a header', (to: string) => answer(301, { 'x-amz-bucket-region': to })],
  ])('a bucket in another region is asked for there, %s', async (_, refusal) => {
    storage = open({ region: 'us-east-1' });
    server.fault(refusal(server.region), {
      matches: ({ headers }) => headers.authorization!.includes('us-east-1'),
      times: 9,
    });
    await upload(pattern(100));
    expect(server.objects.get('bucket/out')!.equals(pattern(100))).toBe(true);
    await upload(pattern(100));
    expect(server.asked).toHaveLength(3);
  });

  test.each(['us-east-1', 'evil.example/', 'eu-test-1'])('a region that is no help: %j', async (region) => {
    server.fault(answer(301, { 'x-amz-bucket-region': region }), { times: 9 });
    storage = open({ region: 'us-east-1' });
    await expect(download()).rejects.toThrow(/the provider answers 301/);
  });
});

describe('large files', () => {
  test.each([
    [16 * MEBIBYTE + 1, 2],
    [32 * MEBIBYTE, 2],
    [100 * MEBIBYTE + 3, 7],
  ])('%i bytes go in %i parts', async (bytes, parts) => {
    const content = pattern(bytes);
    expect(await upload(content)).toBe(bytes);
    expect(server.objects.get('bucket/out')!.equals(content)).toBe(true);
    expect(server.asked.filter((asked) => asked.includes('partNumber'))).toHaveLength(parts);
    expect(server.uploads.size).toBe(0);
  });

  test('at most four parts at once', async () => {
    let running = 0;
    let most = 0;
    server.server.on('request', count).on('checkContinue', count);
    function count(request: { url?: string }, response: { on(event: 'finish', done: () => void): void }) {
      if (!request.url!.includes('partNumber')) return;
      most = Math.max(most, ++running);
      response.on('finish', () => running--);
    }
    await upload(pattern(100 * MEBIBYTE));
    expect(most).toBe(4);
  });

  test('an odd key, again', async () => {
    await upload(pattern(17 * MEBIBYTE), 'bucket/a +%/ñ/./b');
    expect([...server.objects.keys()]).toEqual(['bucket/a +%/ñ/./b']);
  });
});

describe('what passes', () => {
  let waits: number[];
  beforeEach(() => (waits = skipWaits()));

  const slowDown = answer(503, { 'retry-after': '2' }, '<Error><Code>SlowDown</Code></Error>');
  test.each([
    ['500', answer(500)],
    ['503 SlowDown', slowDown],
    ['429', answer(429)],
    ['408', answer(408)],
    ['a body that was cut', answer(400, {}, '<Error><Code>IncompleteBody</Code></Error>')],
    ['a cut connection', cutConnection],
    ['a connection cut in the body', cutAfter(100_000)],
  ])('upload: %s', async (_, fault) => {
    server.fault(fault, { times: 5 });
    const { warn, warnings } = transfer();
    await storage.upload(folder.write('up', pattern(MEBIBYTE)), 'bucket/out', { warn });
    expect(server.objects.get('bucket/out')!.equals(pattern(MEBIBYTE))).toBe(true);
    expect([server.asked.length, warnings.length]).toEqual([6, 5]);
    expect(warnings.join()).not.toContain(KEYS.secretKey);
  });

  test('Retry-After is waited for', async () => {
    server.fault(slowDown);
    await upload(pattern(10));
    expect(waits).toEqual([2000]);
  });

  test('what lasts is told', async () => {
    server.fault(slowDown, { times: 6 });
    await expect(upload(pattern(10))).rejects.toThrow(
      `upload of "bucket/out" (minio, http://127.0.0.1:${server.port}): the provider answers 503 SlowDown (tried 6 times)`,
    );
  });

  const parts = method('PUT', /partNumber/);
  const begin = method('POST', /uploads/);
  const complete = method('POST', /uploadId/);
  test.each([
    ['the beginning', answer(500), begin],
    ['parts, 503', slowDown, parts],
    ['parts, cut at once', cutConnection, parts],
    ['parts, cut in the body', cutAfter(5_000_000), parts],
    ['the end', answer(500), complete],
    ['the end, cut', cutConnection, complete],
    ['the end, 200 with an error', answer(200, {}, '\n <Error><Code>InternalError</Code></Error>'), complete],
    ['the end, 200 with half an answer', answer(200, {}, '\n <CompleteMulti'), complete],
  ])('upload in parts: %s', async (_, fault, matches) => {
    server.fault(fault, { matches, times: 4 });
    const content = pattern(40 * MEBIBYTE);
    await upload(content);
    expect(server.objects.get('bucket/out')!.equals(content)).toBe(true);
  });

  test('the end is reached, but its answer lost', async () => {
    server.fault(
      async (request, response) => {
        const lost = { writeHead: () => ({ end: () => response.destroy() }) } as never;
        const id = new URL(request.url!, 'http://x').searchParams.get('uploadId')!;
        server.complete(id, (await bodyOf(request)).toString(), lost);
      },
      { matches: complete },
    );
    await upload(pattern(20 * MEBIBYTE));
    expect(server.asked.slice(-2)).toEqual([expect.stringContaining('POST'), 'HEAD /bucket/out']);
    expect(server.objects.get('bucket/out')).toHaveLength(20 * MEBIBYTE);
  });

  test('the upload is gone, and the object another one', async () => {
    server.objects.set('bucket/out', Buffer.alloc(20 * MEBIBYTE));
    server.fault((request) => (server.uploads.clear(), request.socket.destroy()), { matches: complete });
    await expect(upload(pattern(20 * MEBIBYTE))).rejects.toThrow(/404 NoSuchUpload/);
    expect(server.objects.get('bucket/out')!.equals(Buffer.alloc(20 * MEBIBYTE))).toBe(true);
  });

  test.each([
    ['500', answer(500)],
    ['cut', cutConnection],
  ])('download: %s', async (_, fault) => {
    server.objects.set('bucket/in', pattern(1000));
    server.fault(fault, { times: 5 });
    expect(await download()).toBe(1000);
  });
});

describe('what does not pass', () => {
  const at = () => `(minio, http://127.0.0.1:${server.port})`;

  test.each([
    [
      'a missing object',
      () => download(),
      () => `download of "bucket/in" ${at()}: there is no such object (NoSuchKey)`,
    ],
    [
      'a missing bucket',
      () => download('none/in'),
      () => `download of "none/in" ${at()}: there is no such bucket (NoSuchBucket)`,
    ],
    [
      'a bucket to upload to',
      () => upload(pattern(1), 'none/a'),
      () => `upload of "none/a" ${at()}: there is no such bucket (NoSuchBucket)`,
    ],
  ])('%s', async (_, work, message) => {
    await expect(work()).rejects.toMatchObject({ kind: 'storage', message: message() });
    expect(server.asked).toHaveLength(1);
    expect(folder.names()).not.toContain('down');
  });

  test.each([
    ['accessKey', 'the access key is not known there (InvalidAccessKeyId)'],
    ['secretKey', 'the secret key is not the one that belongs to the access key (SignatureDoesNotMatch)'],
  ])('a wrong %s', async (field, words) => {
    storage = open({ [field]: 'WRONGbutSECRET' });
    const failed = await upload(pattern(1)).catch((error) => error);
    expect(failed.message).toBe(`upload of "bucket/out" ${at()}: ${words}`);
  });

  test.each([
    ['AccessDenied', 403, /access is denied/],
    ['RequestTimeTooSkewed', 403, /clock/],
    ['ExpiredToken', 400, /session token has expired/],
    ['XMinioStorageFull', 507, /the provider is full/],
    ['EntityTooLarge', 400, /larger than the provider takes/],
    ['NewlyInvented', 418, /the provider answers 418 NewlyInvented "no"/],
    ['__proto__', 400, /the provider answers 400 __proto__ "no"/],
  ])('%s', async (code, status, message) => {
    server.fault(answer(status, {}, `<Error><Code>${code}</Code><Message>no</Message></Error>`));
    await expect(upload(pattern(1))).rejects.toThrow(message);
  });

  test('secrets that a provider repeats', async () => {
    const said = `<Error><Code>Odd${KEYS.secretKey}</Code><Message>${KEYS.accessKey}\n${KEYS.secretKey}</Message></Error>`;
    server.fault(answer(400, {}, said));
    const { message } = await upload(pattern(1)).catch((error) => error);
    expect(message).toMatch(/400 Odd\*\*\* "\*\*\*\\n\*\*\*"$/);
  });

  test('a part for good: the others end, and nothing stays', async () => {
    const matches = method('PUT', /partNumber=3&/);
    server.fault(answer(403, {}, '<Error><Code>AccessDenied</Code></Error>'), { matches });
    await expect(upload(pattern(160 * MEBIBYTE))).rejects.toThrow(/access is denied/);
    expect(server.uploads.size).toBe(0);
    expect(server.objects.size).toBe(0);
    expect(server.asked.at(-1)).toMatch(/^DELETE .*uploadId/);
    expect(server.asked.length).toBeLessThan(10);
  });

  test('the end with an error that came with 200', async () => {
    const matches = method('POST', /uploadId/);
    server.fault(answer(200, {}, '<?xml?>\n<Error><Code>AccessDenied</Code></Error>'), { matches });
    await expect(upload(pattern(20 * MEBIBYTE))).rejects.toThrow(/access is denied/);
    expect(server.uploads.size).toBe(0);
  });

  test('the end with too few parts', async () => {
    const matches = method('POST', /uploadId/);
    const said =
      '<CompleteMultipartUploadResult><ETag>"d41d8cd98f00b204e9800998ecf8427e-1"</ETag></CompleteMultipartUploadResult>';
    server.fault(answer(200, {}, said), { matches });
    await expect(upload(pattern(20 * MEBIBYTE))).rejects.toThrow('the provider put 1 parts together, not 2');
  });

  test('an abort that fails is told, and hides nothing', async () => {
    server.fault(answer(403), { matches: method('PUT') });
    server.fault(answer(403), { matches: method('DELETE') });
    const { warn, warnings } = transfer();
    const uploaded = storage.upload(folder.write('up', pattern(17 * MEBIBYTE)), 'bucket/out', { warn });
    await expect(uploaded).rejects.toThrow(/access is denied/);
    expect(warnings.join()).toMatch(/parts of it could not be removed: .*access is denied/);
  });

  test.each([
    ['in one request', 10 * MEBIBYTE],
    ['in parts', 40 * MEBIBYTE],
  ])('a file that changes while it goes %s', async (_, bytes) => {
    const file = folder.write('up', pattern(bytes));
    server.fault(
      async (request, response) => {
        appendFileSync(file, 'x');
        await bodyOf(request, response).catch(() => {});
        response.end();
      },
      { matches: method('PUT') },
    );
    await expect(storage.upload(file, 'bucket/out', transfer())).rejects.toThrow(
      /up was changed while it was uploaded/,
    );
    expect(server.objects.size).toBe(0);
    expect(server.uploads.size).toBe(0);
  });

  test('a file that changes before the last request', async () => {
    const file = folder.write('up', pattern(17 * MEBIBYTE));
    const real = server.server.listeners('checkContinue')[0] as (...all: unknown[]) => void;
    let parts = 0;
    server.server.removeAllListeners('checkContinue').on('checkContinue', (request, response) => {
      real(request, response);
      response.on('finish', () => ++parts === 1 && utimesSync(file, 1, 1));
    });
    await expect(storage.upload(file, 'bucket/out', transfer())).rejects.toThrow(/changed/);
    expect(server.objects.size).toBe(0);
  });

  test.each([
    ['upload in one request', 10 * MEBIBYTE],
    ['upload in parts', 40 * MEBIBYTE],
  ])('cancelled: %s', async (_, bytes) => {
    const controller = new AbortController();
    server.fault(() => controller.abort(), { matches: method('PUT') });
    const uploaded = storage.upload(folder.write('up', pattern(bytes)), 'bucket/out', transfer(controller.signal));
    await expect(uploaded).rejects.toMatchObject({ kind: 'cancelled' });
    expect([server.objects.size, server.uploads.size]).toEqual([0, 0]);
  });
});
