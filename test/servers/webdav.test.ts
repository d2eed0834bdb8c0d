import { openStorage } from '../../src/programs/supervisor/storage';
import type { Storage, WebdavSettings } from '../../src/programs/supervisor/storage/storage';
import { Apache, LOGIN, TOKEN } from './support/apache';
import { ContentFolder, digestOf, MEBIBYTE } from './support/content';

let apache: Apache;
let folder: ContentFolder;
beforeAll(async () => {
  folder = new ContentFolder();
  apache = await Apache.start();
});
afterAll(async () => {
  await apache.stop();
  folder.remove();
});

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
async function using<T>(more: Partial<WebdavSettings>, work: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = await openStorage({ type: 'webdav', url: apache.url, tls: { verify: true, ca: apache.ca }, ...more });
  return work(storage).finally(() => storage.close());
}

describe.each([
  ['HTTP', () => apache.url],
  ['HTTPS', () => apache.secureUrl],
])('%s', (scheme, url) => {
  test.each([0, 1, 1024, 16 * MEBIBYTE + 1, 200 * MEBIBYTE])('%i bytes', async (bytes) => {
    const file = await folder.random(bytes);
    const path = `${scheme}/${bytes}`;
    const back = await using({ url: `${url()}/basic`, auth: LOGIN }, async (storage) => {
      expect(await upload(storage, file, path)).toBe(bytes);
      return download(storage, path);
    });
    expect(await digestOf(apache.file(`basic/${path}`))).toBe(await digestOf(file));
    expect(await digestOf(back)).toBe(await digestOf(file));
  });
});

test.each([
  'a b',
  'a+b',
  '100%',
  'a%20b',
  'ñ日本😀',
  `it's "quoted" <&>`,
  'a?b#c;d:e@f',
  'a\\b',
  '...',
  '~a',
  'x'.repeat(240),
])('name %j', async (name) => {
  const file = folder.text(name);
  const path = `names/${name}/${name}`;
  const back = await using({ auth: LOGIN }, async (storage) => {
    await upload(storage, file, `/basic/${path}`);
    return download(storage, `/basic/${path}`);
  });
  expect(apache.has(`basic/${path}`)).toBe(true);
  expect(await digestOf(back)).toBe(await digestOf(file));
});

test('a file is written anew', async () => {
  const [first, second] = [await folder.random(MEBIBYTE), await folder.random(10)];
  await using({ auth: LOGIN }, async (storage) => {
    await upload(storage, first, 'basic/again');
    await upload(storage, second, 'basic/again');
  });
  expect(await digestOf(apache.file('basic/again'))).toBe(await digestOf(second));
});

test('twenty files at once into collections that nobody has made', async () => {
  const paths = Array.from({ length: 20 }, (_, i) => `basic/many/${i % 3}/deep/er/${i}`);
  await using({ auth: LOGIN }, (storage) => Promise.all(paths.map((path) => upload(storage, folder.text(path), path))));
  expect(paths.filter((path) => !apache.has(path))).toEqual([]);
});

describe('credentials', () => {
  test('a token', async () => {
    await using({ auth: { token: TOKEN } }, (storage) => upload(storage, folder.text('x'), 'bearer/a/b'));
    expect(apache.has('bearer/a/b')).toBe(true);
  });

  test.each([
    ['none', 'basic', undefined, /credentials are refused/],
    ['a wrong password', 'basic', { login: LOGIN.login, password: 'SECRET' }, /credentials are refused/],
    ['a wrong token', 'bearer', { token: 'SECRET' }, /access is denied/],
  ])('%s', async (_, place, auth, message) => {
    const large = await folder.random(50 * MEBIBYTE);
    for (const file of [folder.text('x'), large]) {
      const { message: told } = await using({ auth }, (storage) => upload(storage, file, `${place}/refused`)).catch(
        (error) => error,
      );
      expect(told).toMatch(message);
      expect(told).not.toContain('SECRET');
    }
    expect(apache.has(`${place}/refused`)).toBe(false);
  });
});

test('no such file', async () => {
  const missing = using({ auth: LOGIN }, (storage) => download(storage, 'basic/none'));
  await expect(missing).rejects.toThrow(/there is nothing at this path \(404\)/);
});

test('TLS: not without its authority', async () => {
  const refused = using({ url: apache.secureUrl, tls: { verify: true } }, (storage) => download(storage, 'open/a'));
  await expect(refused).rejects.toThrow(/TLS certificate can't be trusted/);
});

describe.each([301, 302, 307, 308])('a door that redirects by %i', (status) => {
  test.each([
    ['HTTP to HTTPS', () => apache.url],
    ['HTTPS to HTTP', () => apache.secureUrl],
  ])('%s', async (_, url) => {
    const file = await folder.random(30 * MEBIBYTE);
    const back = await using({ url: `${url()}/door${status}`, auth: LOGIN }, async (storage) => {
      await upload(storage, file, `${status} ñ`);
      return download(storage, `${status} ñ`);
    });
    expect(await digestOf(apache.file(`open/${status} ñ`))).toBe(await digestOf(file));
    expect(await digestOf(back)).toBe(await digestOf(file));
  });
});
