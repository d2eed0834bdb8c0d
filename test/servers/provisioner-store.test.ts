import {
  deleteMany,
  exists,
  getText,
  ListedObject,
  listPages,
  putText,
} from '../../src/programs/provisioner/store/objects';
import { Store, storeTime } from '../../src/programs/provisioner/store/store';
import { RealS3, startMinio, startVersity } from './support/s3';

/** Keys that break a list, an XML reader, a signature or a query, where they are taken for something else. */
const HOSTILE = [
  'a b',
  'a+b',
  'a%2Bb',
  'a&amp;b',
  '<Key>x</Key>',
  ']]>',
  '"quotes"\'',
  'ünïcödé-日本-🦆',
  '?notification=',
  '#',
  'tab\tnew\nline',
  '$(id);`id`',
  '{{x}}',
  'a=b',
];

describe.each([
  ['MinIO', startMinio],
  ['Versity', startVersity],
])('objects of a real store: %s', (_, start) => {
  let server: RealS3;
  let store: Store;
  const warnings: string[] = [];
  beforeAll(async () => {
    server = await start();
    const { endpoint, region, accessKey, secretKey } = server.settings();
    const log = (_: string, message: string) => void warnings.push(message);
    store = new Store({ endpoint, region, verify: true }, { accessKey, secretKey }, log);
  });
  afterAll(async () => {
    store?.close();
    await server?.stop();
  });
  const all = async (prefix: string, pageSize: number) => {
    const pages: (readonly ListedObject[])[] = [];
    for await (const page of listPages(store, 'bucket', prefix, { pageSize })) pages.push(page);
    return pages;
  };

  test('are written, listed in pages, read, and deleted, whatever their names', async () => {
    for (const key of HOSTILE) await putText(store, 'bucket', `hostile/${key}`, `content of ${key}`);
    await putText(store, 'bucket', 'other', '');
    const pages = await all('hostile/', 5);
    expect(pages.map((page) => page.length)).toEqual([5, 5, 4]);
    expect(new Set(pages.flat().map(({ key }) => key))).toEqual(new Set(HOSTILE.map((key) => `hostile/${key}`)));
    for (const { key, size, lastModified, etag } of pages.flat()) {
      const content = `content of ${key.slice('hostile/'.length)}`;
      expect((await getText(store, 'bucket', key))?.text).toBe(content);
      expect(size).toBe(Buffer.byteLength(content));
      expect(etag).toMatch(/^[0-9a-f]{32}$/);
      expect(Math.abs(Date.parse(lastModified) - Date.now())).toBeLessThan(60_000);
    }
    // XML has no control characters but these; records, which are what is deleted, have none.
    await deleteMany(store, 'bucket', [...pages.flat().map(({ key }) => key), 'hostile/never']);
    expect(await all('hostile/', 5)).toEqual([[]]);
    expect(await exists(store, 'bucket', 'other')).toBe(true);
  });

  test('that are missing are no error, and a missing bucket is one', async () => {
    expect(await getText(store, 'bucket', 'missing')).toBeUndefined();
    expect(await exists(store, 'bucket', 'missing')).toBe(false);
    await expect(getText(store, 'no-such-bucket', 'missing')).rejects.toThrow(
      'GET of "no-such-bucket/missing": there is no such bucket (NoSuchBucket)',
    );
  });

  test('are written once where nobody may overwrite them', async () => {
    expect(await putText(store, 'bucket', 'once', 'first', { ifMissing: true })).toBe(true);
    expect(await putText(store, 'bucket', 'once', 'second', { ifMissing: true })).toBe(false);
    expect((await getText(store, 'bucket', 'once'))?.text).toBe('first');
  });

  test("tell the store's time", async () => {
    const answer = await store.call({ what: 'HEAD of the bucket', method: 'HEAD', bucket: 'bucket' });
    expect(Math.abs(Date.parse(storeTime(answer)) - Date.now())).toBeLessThan(5_000);
  });
});
