import { appendFileSync, utimesSync } from 'node:fs';
import { MEBIBYTE, pattern, transfer } from './support/files';
import { S3Fixture } from './support/s3-fixture';
import { KEYS } from './support/s3-server';
import { answer, bodyOf, cutAfter, cutConnection, method } from './support/server';
import { skipWaits } from './support/waits';

const s3 = new S3Fixture();

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
    s3.server.fault(fault, { times: 5 });
    const { warn, warnings } = transfer();
    await s3.storage.upload(s3.folder.write('up', pattern(MEBIBYTE)), 'bucket/out', { warn });
    expect(s3.server.objects.get('bucket/out')!.equals(pattern(MEBIBYTE))).toBe(true);
    expect([s3.server.asked.length, warnings.length]).toEqual([6, 5]);
    expect(warnings.join()).not.toContain(KEYS.secretKey);
  });

  test('Retry-After is waited for', async () => {
    s3.server.fault(slowDown);
    await s3.upload(pattern(10));
    expect(waits).toEqual([2000]);
  });

  test('what lasts is told', async () => {
    s3.server.fault(slowDown, { times: 6 });
    await expect(s3.upload(pattern(10))).rejects.toThrow(
      `upload of "bucket/out" (minio, http://127.0.0.1:${s3.server.port}): the provider answers 503 SlowDown (tried 6 times)`,
    );
  });

  const parts = method('PUT', /partNumber/);
  const begin = method('POST', /uploads/);
  const complete = method('POST', /uploadId/);
  test.each([
    ['the beginning', answer(500), begin],
    ['parts, 503', slowDown, parts],
    ['parts, cut at once', cutConnection, parts],
    ['parts, cut in the body', cutAfter(5_000_000), method('PUT', /partNumber=[12]&/)],
    ['the end', answer(500), complete],
    ['the end, cut', cutConnection, complete],
    ['the end, 200 with an error', answer(200, {}, '\n <Error><Code>InternalError</Code></Error>'), complete],
    ['the end, 200 with half an answer', answer(200, {}, '\n <CompleteMulti'), complete],
  ])('upload in parts: %s', async (_, fault, matches) => {
    s3.server.fault(fault, { matches, times: 4 });
    const content = pattern(33 * MEBIBYTE);
    await s3.upload(content);
    expect(s3.server.objects.get('bucket/out')!.equals(content)).toBe(true);
  });

  test('the end is reached, but its answer lost', async () => {
    s3.server.fault(
      async (request, response) => {
        const lost = { writeHead: () => ({ end: () => response.destroy() }) } as never;
        const id = new URL(request.url!, 'http://x').searchParams.get('uploadId')!;
        s3.server.complete(id, (await bodyOf(request)).toString(), lost);
      },
      { matches: complete },
    );
    await s3.upload(pattern(20 * MEBIBYTE));
    expect(s3.server.asked.slice(-2)).toEqual([expect.stringContaining('POST'), 'HEAD /bucket/out']);
    expect(s3.server.objects.get('bucket/out')).toHaveLength(20 * MEBIBYTE);
  });

  test('the upload is gone, and the object another one', async () => {
    s3.server.objects.set('bucket/out', Buffer.alloc(20 * MEBIBYTE));
    s3.server.fault((request) => (s3.server.uploads.clear(), request.socket.destroy()), { matches: complete });
    await expect(s3.upload(pattern(20 * MEBIBYTE))).rejects.toThrow(/404 NoSuchUpload/);
    expect(s3.server.objects.get('bucket/out')!.equals(Buffer.alloc(20 * MEBIBYTE))).toBe(true);
  });

  test.each([
    ['500', answer(500)],
    ['cut', cutConnection],
  ])('download: %s', async (_, fault) => {
    s3.server.objects.set('bucket/in', pattern(1000));
    s3.server.fault(fault, { times: 5 });
    expect(await s3.download()).toBe(1000);
  });
});

describe('what does not pass', () => {
  const at = () => `(minio, http://127.0.0.1:${s3.server.port})`;

  test.each([
    [
      'a missing object',
      () => s3.download(),
      () => `download of "bucket/in" ${at()}: there is no such object (NoSuchKey)`,
    ],
    [
      'a missing bucket',
      () => s3.download('none/in'),
      () => `download of "none/in" ${at()}: there is no such bucket (NoSuchBucket)`,
    ],
    [
      'a bucket to upload to',
      () => s3.upload(pattern(1), 'none/a'),
      () => `upload of "none/a" ${at()}: there is no such bucket (NoSuchBucket)`,
    ],
  ])('%s', async (_, work, message) => {
    await expect(work()).rejects.toMatchObject({ kind: 'storage', message: message() });
    expect(s3.server.asked).toHaveLength(1);
    expect(s3.folder.names()).not.toContain('down');
  });

  test.each([
    ['accessKey', 'the access key is not known there (InvalidAccessKeyId)'],
    ['secretKey', 'the secret key is not the one that belongs to the access key (SignatureDoesNotMatch)'],
  ])('a wrong %s', async (field, words) => {
    s3.open({ [field]: 'WRONGbutSECRET' });
    const failed = await s3.upload(pattern(1)).catch((error) => error);
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
    s3.server.fault(answer(status, {}, `<Error><Code>${code}</Code><Message>no</Message></Error>`));
    await expect(s3.upload(pattern(1))).rejects.toThrow(message);
  });

  test('secrets that a provider repeats', async () => {
    const said = `<Error><Code>Odd${KEYS.secretKey}</Code><Message>${KEYS.accessKey}\n${KEYS.secretKey}</Message></Error>`;
    s3.server.fault(answer(400, {}, said));
    const { message } = await s3.upload(pattern(1)).catch((error) => error);
    expect(message).toMatch(/400 Odd\*\*\* "\*\*\*\\n\*\*\*"$/);
  });

  test('a part for good: the others end, and nothing stays', async () => {
    const matches = method('PUT', /partNumber=3&/);
    s3.server.fault(answer(403, {}, '<Error><Code>AccessDenied</Code></Error>'), { matches });
    await expect(s3.upload(pattern(130 * MEBIBYTE))).rejects.toThrow(/access is denied/);
    expect(s3.server.uploads.size).toBe(0);
    expect(s3.server.objects.size).toBe(0);
    expect(s3.server.asked.at(-1)).toMatch(/^DELETE .*uploadId/);
    expect(s3.server.asked.length).toBeLessThan(10);
  });

  test('the end with an error that came with 200', async () => {
    const matches = method('POST', /uploadId/);
    s3.server.fault(answer(200, {}, '<?xml?>\n<Error><Code>AccessDenied</Code></Error>'), { matches });
    await expect(s3.upload(pattern(20 * MEBIBYTE))).rejects.toThrow(/access is denied/);
    expect(s3.server.uploads.size).toBe(0);
  });

  test('the end with too few parts', async () => {
    const matches = method('POST', /uploadId/);
    const said =
      '<CompleteMultipartUploadResult><ETag>"d41d8cd98f00b204e9800998ecf8427e-1"</ETag></CompleteMultipartUploadResult>';
    s3.server.fault(answer(200, {}, said), { matches });
    await expect(s3.upload(pattern(20 * MEBIBYTE))).rejects.toThrow('the provider put 1 parts together, not 2');
  });

  test('an abort that fails is told, and hides nothing', async () => {
    s3.server.fault(answer(403), { matches: method('PUT') });
    s3.server.fault(answer(403), { matches: method('DELETE') });
    const { warn, warnings } = transfer();
    const uploaded = s3.storage.upload(s3.folder.write('up', pattern(17 * MEBIBYTE)), 'bucket/out', { warn });
    await expect(uploaded).rejects.toThrow(/access is denied/);
    expect(warnings.join()).toMatch(/parts of it could not be removed: .*access is denied/);
  });

  test.each([
    ['in one request', 10 * MEBIBYTE],
    ['in parts', 33 * MEBIBYTE],
  ])('a file that changes while it goes %s', async (_, bytes) => {
    const file = s3.folder.write('up', pattern(bytes));
    s3.server.fault(
      async (request, response) => {
        appendFileSync(file, 'x');
        await bodyOf(request, response).catch(() => {});
        response.end();
      },
      { matches: method('PUT') },
    );
    await expect(s3.storage.upload(file, 'bucket/out', transfer())).rejects.toThrow(
      /up was changed while it was uploaded/,
    );
    expect(s3.server.objects.size).toBe(0);
    expect(s3.server.uploads.size).toBe(0);
  });

  test('a file that changes before the last request', async () => {
    const file = s3.folder.write('up', pattern(17 * MEBIBYTE));
    const real = s3.server.server.listeners('checkContinue')[0] as (...all: unknown[]) => void;
    let parts = 0;
    s3.server.server.removeAllListeners('checkContinue').on('checkContinue', (request, response) => {
      real(request, response);
      response.on('finish', () => ++parts === 1 && utimesSync(file, 1, 1));
    });
    await expect(s3.storage.upload(file, 'bucket/out', transfer())).rejects.toThrow(/changed/);
    expect(s3.server.objects.size).toBe(0);
  });

  test.each([
    ['upload in one request', 10 * MEBIBYTE],
    ['upload in parts', 33 * MEBIBYTE],
  ])('cancelled: %s', async (_, bytes) => {
    const controller = new AbortController();
    s3.server.fault(() => controller.abort(), { matches: method('PUT') });
    const uploaded = s3.storage.upload(
      s3.folder.write('up', pattern(bytes)),
      'bucket/out',
      transfer(controller.signal),
    );
    await expect(uploaded).rejects.toMatchObject({ kind: 'cancelled' });
    expect([s3.server.objects.size, s3.server.uploads.size]).toEqual([0, 0]);
  });
});
