import { openStorage } from '../../src/programs/supervisor/storage';
import type { S3Settings, Storage } from '../../src/programs/supervisor/storage/storage';
import { resolveLocalhost } from '../programs/supervisor/storage/support/names';
import { ContentFolder, digestOf, MEBIBYTE } from './support/content';
import { RealS3, startMinio, startVersity } from './support/s3';

const folder = new ContentFolder();
afterAll(() => folder.remove());

/** Nothing of what is done here has to be tried twice. */
const transfer = {
  warn(message: string): void {
    throw new Error(message);
  },
};
const upload = (storage: Storage, file: string, path: string) => storage.upload(file, path, transfer);
async function download(storage: Storage, path: string): Promise<string> {
  const file = folder.file();
  await storage.download(path, file, transfer);
  return file;
}
async function using<T>(settings: S3Settings, work: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = await openStorage(settings);
  return work(storage).finally(() => storage.close());
}

describe.each([
  ['MinIO', startMinio],
  ["Versity's gateway", startVersity],
])('%s', (name, start) => {
  let s3: RealS3;
  let storage: Storage;
  beforeAll(async () => {
    s3 = await start();
    storage = await openStorage(s3.settings());
  });
  afterAll(async () => {
    storage.close();
    await s3.stop();
  });

  const sizes = [0, 1, 1024, 16 * MEBIBYTE - 1, 16 * MEBIBYTE, 16 * MEBIBYTE + 1, 100 * MEBIBYTE];
  test.each(sizes)('%i bytes', async (bytes) => {
    const file = await folder.random(bytes);
    expect(await upload(storage, file, `bucket/size/${bytes}`)).toBe(bytes);
    const digest = await digestOf(file);
    // As another client sees it, and as we do.
    expect(await digestOf(await s3.content(`bucket/size/${bytes}`, folder.file()))).toBe(digest);
    expect(await digestOf(await download(storage, `bucket/size/${bytes}`))).toBe(digest);
    expect(await s3.unfinished()).toEqual([]);
  });

  test('an object is written anew, longer and shorter', async () => {
    for (const bytes of [10, 20 * MEBIBYTE, 5]) {
      const file = await folder.random(bytes);
      await upload(storage, file, 'bucket/again');
      expect(await digestOf(await download(storage, 'bucket/again'))).toBe(await digestOf(file));
    }
  });

  test('sixteen files at once', async () => {
    const files = await Promise.all(Array.from({ length: 16 }, (_, i) => folder.random(i * MEBIBYTE * 2)));
    await Promise.all(files.map((file, i) => upload(storage, file, `bucket/many/${i}`)));
    const back = await Promise.all(files.map((_, i) => download(storage, `bucket/many/${i}`)));
    for (const [i, file] of files.entries()) expect(await digestOf(back[i])).toBe(await digestOf(file));
  });

  test.each([
    'a b',
    'a+b',
    '100%',
    'a%2Fb',
    'a%20b',
    'ñandú/日本語/😀',
    'e\u0301',
    `it's "quoted"`,
    '<a>&b',
    'a?b#c&d=e;f:g@h$i,j!(k)*',
    '[a]{b}^`|~',
    ' a ',
    'a/ /b',
    '...',
    '.hidden',
    'tab\there',
    'a\\b',
    // 900 bytes.
    `${'x'.repeat(224)}/${'y'.repeat(224)}/${'z'.repeat(224)}/${'w'.repeat(225)}`,
  ])('key %j', async (key) => {
    const file = folder.text(key);
    await upload(storage, file, `bucket/key/${key}`);
    expect(await s3.keys()).toContain(`key/${key}`);
    expect(await digestOf(await download(storage, `bucket/key/${key}`))).toBe(await digestOf(file));
  });

  test.each(['one', 'in parts'])('an odd key, %s', async (how) => {
    const file = await folder.random(how === 'one' ? 1 : 17 * MEBIBYTE);
    await upload(storage, file, `bucket/${how}/a +%/ñ "&".txt`);
    expect(await digestOf(await download(storage, `bucket/${how}/a +%/ñ "&".txt`))).toBe(await digestOf(file));
  });

  test.each(['x//y', 'x/./y', 'x/../y'])(
    'key %j: taken and given back, or refused for its name; the signature holds',
    async (key) => {
      const file = folder.text(key);
      const path = `bucket/${name.length}/${key}`;
      const refusal = await upload(storage, file, path).catch((error: Error) => error.message);
      if (typeof refusal === 'string') expect(refusal).toMatch(/the provider takes no object of this name/);
      else expect(await digestOf(await download(storage, path))).toBe(await digestOf(file));
    },
  );

  describe('refusals', () => {
    test.each([
      ['no such object', () => download(storage, 'bucket/none'), /there is no such object \(NoSuchKey\)/],
      ['no such bucket, down', () => download(storage, 'none/none'), /there is no such bucket \(NoSuchBucket\)/],
      ['no such bucket, up', () => upload(storage, folder.text('x'), 'none/none'), /there is no such bucket/],
    ])('%s', async (_, work, message) => {
      await expect(work()).rejects.toMatchObject({ kind: 'storage', message: expect.stringMatching(message) });
    });

    test('no such bucket, in parts', async () => {
      const file = await folder.random(17 * MEBIBYTE);
      await expect(upload(storage, file, 'none/none')).rejects.toThrow(/there is no such bucket/);
    });

    test.each([
      ['accessKey', /the access key is not known there/],
      ['secretKey', /the secret key is not the one that belongs to the access key/],
    ])('a wrong %s', async (field, message) => {
      const settings = s3.settings({ [field]: 'WRONGbutSECRET' });
      const failed = (work: (storage: Storage) => Promise<unknown>) =>
        using(settings, work).catch((error: Error) => error);
      for (const work of [
        (other: Storage) => download(other, 'bucket/again'),
        (other: Storage) => upload(other, folder.text('x'), 'bucket/x'),
        async (other: Storage) => upload(other, await folder.random(17 * MEBIBYTE), 'bucket/x'),
      ]) {
        const error = await failed(work);
        expect(error).toMatchObject({ kind: 'storage', message: expect.stringMatching(message) });
        expect(String(error)).not.toContain('SECRET');
      }
    });

    test('another region is found', async () => {
      const file = folder.text('x');
      await using(s3.settings({ region: 'eu-west-1' }), (other) => upload(other, file, 'bucket/region'));
      expect(await s3.keys()).toContain('region');
    });
  });

  describe('with TLS', () => {
    let secure: RealS3;
    beforeAll(async () => {
      secure = await start({ tls: true, hosts: ['bucket'] });
    });
    afterAll(() => secure.stop());
    afterEach(() => jest.restoreAllMocks());

    test('by its own authority, in one request and in parts', async () => {
      for (const bytes of [1000, 40 * MEBIBYTE]) {
        const file = await folder.random(bytes);
        const back = await using(secure.settings(), async (other) => {
          await upload(other, file, 'bucket/a b');
          return download(other, 'bucket/a b');
        });
        expect(await digestOf(back)).toBe(await digestOf(file));
      }
    });

    test('not without', async () => {
      const refused = using(secure.settings({ tls: { verify: true } }), (other) => download(other, 'bucket/a b'));
      await expect(refused).rejects.toThrow(/TLS certificate can't be trusted \(.*\)\. Fix: .*`ca\.crt`/);
    });

    test('any, without verification', async () => {
      await using(secure.settings({ tls: { verify: false } }), (other) =>
        upload(other, folder.text('x'), 'bucket/any'),
      );
      expect(await secure.keys()).toContain('any');
    });

    test('in virtual-host style', async () => {
      resolveLocalhost();
      const settings = secure.settings({ endpoint: secure.endpoint('localhost'), pathStyle: false });
      const file = await folder.random(17 * MEBIBYTE);
      const back = await using(settings, async (other) => {
        await upload(other, file, 'bucket/host/a b');
        return download(other, 'bucket/host/a b');
      });
      expect(await digestOf(back)).toBe(await digestOf(file));
      expect(await secure.keys()).toContain('host/a b');
    });
  });
});
