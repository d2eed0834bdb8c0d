import fc from 'fast-check';
import { certificates } from './support/certificate';
import { MEBIBYTE, pattern, transfer } from './support/files';
import { resolveLocalhost } from './support/names';
import { S3Fixture } from './support/s3-fixture';
import { S3Server } from './support/s3-server';
import { answer } from './support/server';

const s3 = new S3Fixture();

describe('one request', () => {
  test.each([0, 1, 1024, MEBIBYTE + 1, 16 * MEBIBYTE])('up and down: %i bytes', async (bytes) => {
    const content = pattern(bytes);
    expect(await s3.upload(content, 'bucket/a')).toBe(bytes);
    expect(s3.server.objects.get('bucket/a')!.equals(content)).toBe(true);
    expect(await s3.download('bucket/a')).toBe(bytes);
    expect(s3.folder.read('down').equals(content)).toBe(true);
    expect(s3.server.asked).toEqual(['PUT /bucket/a', 'GET /bucket/a']);
  });

  test('an object is bytes and no more', async () => {
    await s3.upload(Buffer.from('a'));
    expect(s3.server.requests[0].headers).toMatchObject({
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
    await s3.upload(Buffer.from(key), `bucket/${key}`);
    expect([...s3.server.objects.keys()]).toEqual([`bucket/${key}`]);
    await s3.download(`bucket/${key}`);
    expect(s3.folder.read('down').toString()).toBe(key);
  });

  test('any key: signed as Amazon says, and the same on both sides', async () => {
    let count = 0;
    const key = fc.string({ unit: 'grapheme', minLength: 1 });
    const check = async (name: string) => {
      s3.server.objects.clear();
      await s3.upload(Buffer.from(name), `bucket/${name}`);
      expect([...s3.server.objects.keys()]).toEqual([`bucket/${name}`]);
      await s3.storage.download(`bucket/${name}`, s3.folder.file(`down${count++}`), transfer());
    };
    await fc.assert(fc.asyncProperty(key, check), { numRuns: 200 });
  });

  test.each(['', 'bucket', 'bucket/', '/key', 'bucket/\ud800'])('not the path of an object: %j', async (path) => {
    await expect(s3.download(path)).rejects.toThrow(/not the path of an object/);
    expect(s3.server.asked).toEqual([]);
  });
});

describe('addresses and signatures', () => {
  beforeEach(resolveLocalhost);

  test('virtual-host style', async () => {
    s3.server.domain = `localhost:${s3.server.port}`;
    s3.open({ endpoint: `http://localhost:${s3.server.port}`, pathStyle: false });
    await s3.upload(Buffer.from('x'), 'bucket/a b');
    expect(s3.server.asked).toEqual(['PUT /a%20b']);
    expect(s3.server.requests[0].headers.host).toBe(`bucket.localhost:${s3.server.port}`);
    expect([...s3.server.objects.keys()]).toEqual(['bucket/a b']);
  });

  test('a bucket whose name could be another host stays in the path', async () => {
    s3.server.buckets.add('evil.example@x');
    s3.open({ pathStyle: false });
    await s3.upload(Buffer.from('x'), 'evil.example@x/a');
    expect(s3.server.asked).toEqual(['PUT /evil.example%40x/a']);
  });

  describe('with TLS', () => {
    const { ca, server: identity } = certificates(['localhost', 'bucket.localhost'], ['127.0.0.1']);
    beforeEach(async () => {
      await s3.serve(new S3Server(identity));
      s3.open({ endpoint: `https://127.0.0.1:${s3.server.port}`, tls: { verify: true, ca: ca.cert } });
    });

    test('the content is not hashed', async () => {
      await s3.upload(Buffer.from('x'));
      expect(s3.server.requests[0].headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
      await s3.download('bucket/out');
    });

    test('a bucket with dots stays in the path, another one does not', async () => {
      s3.server.domain = `localhost:${s3.server.port}`;
      s3.server.buckets.add('a.b');
      const endpoint = `https://localhost:${s3.server.port}`;
      s3.open({ endpoint, pathStyle: false, tls: { verify: true, ca: ca.cert } });
      await s3.upload(Buffer.from('x'), 'a.b/c');
      await s3.upload(Buffer.from('x'), 'bucket/c');
      expect(s3.server.asked).toEqual(['PUT /a.b/c', 'PUT /c']);
    });
  });

  test('a session token', async () => {
    s3.server.sessionToken = 'FwoGZXIvYXdzE//token+==';
    await expect(s3.upload(Buffer.from('x'))).rejects.toThrow('the session token is not valid (InvalidToken)');
    s3.open({ sessionToken: s3.server.sessionToken });
    await s3.upload(Buffer.from('x'));
  });

  test.each([
    [
      'with the region in the body',
      (to: string) => answer(400, {}, `<Code>AuthorizationHeaderMalformed</Code><Region>${to}</Region>`),
    ],
    ['with the region in a header', (to: string) => answer(301, { 'x-amz-bucket-region': to })],
  ])('a bucket in another region is asked for there, %s', async (_, refusal) => {
    s3.open({ region: 'us-east-1' });
    s3.server.fault(refusal(s3.server.region), {
      matches: ({ headers }) => headers.authorization!.includes('us-east-1'),
      times: 9,
    });
    await s3.upload(pattern(100));
    expect(s3.server.objects.get('bucket/out')!.equals(pattern(100))).toBe(true);
    await s3.upload(pattern(100));
    expect(s3.server.asked).toHaveLength(3);
  });

  test.each(['us-east-1', 'evil.example/', 'eu-test-1'])('a region that is no help: %j', async (region) => {
    s3.server.fault(answer(301, { 'x-amz-bucket-region': region }), { times: 9 });
    s3.open({ region: 'us-east-1' });
    await expect(s3.download()).rejects.toThrow(/the provider answers 301/);
  });
});

describe('large files', () => {
  test.each([
    [16 * MEBIBYTE + 1, 2],
    [32 * MEBIBYTE, 2],
    [48 * MEBIBYTE + 3, 4],
  ])('%i bytes go in %i parts', async (bytes, parts) => {
    const content = pattern(bytes);
    expect(await s3.upload(content)).toBe(bytes);
    expect(s3.server.objects.get('bucket/out')!.equals(content)).toBe(true);
    expect(s3.server.asked.filter((asked) => asked.includes('partNumber'))).toHaveLength(parts);
    expect(s3.server.uploads.size).toBe(0);
  });

  test('at most four parts at once', async () => {
    let running = 0;
    let most = 0;
    s3.server.server.on('request', count).on('checkContinue', count);
    function count(request: { url?: string }, response: { on(event: 'finish', done: () => void): void }) {
      if (!request.url!.includes('partNumber')) return;
      most = Math.max(most, ++running);
      response.on('finish', () => running--);
    }
    await s3.upload(pattern(90 * MEBIBYTE));
    expect(most).toBe(4);
  });

  test('an odd key, again', async () => {
    await s3.upload(pattern(17 * MEBIBYTE), 'bucket/a +%/ñ/./b');
    expect([...s3.server.objects.keys()]).toEqual(['bucket/a +%/ñ/./b']);
  });
});
