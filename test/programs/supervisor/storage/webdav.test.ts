import { HttpClient } from '../../../../src/programs/supervisor/storage/http';
import type { WebdavSettings } from '../../../../src/programs/supervisor/storage/storage';
import { WebdavStorage } from '../../../../src/programs/supervisor/storage/webdav';
import { MEBIBYTE, pattern, TestFolder, transfer } from './support/files';
import { answer, bodyOf, cutAfter, cutConnection, Handler, method, TestServer } from './support/server';
import { skipWaits } from './support/waits';
import { WebdavServer } from './support/webdav-server';

let folder: TestFolder;
let server: WebdavServer;
let storage: WebdavStorage;
const others: TestServer[] = [];
beforeEach(async () => {
  skipWaits();
  folder = new TestFolder();
  server = await new WebdavServer().start();
  storage = open();
});
afterEach(async () => {
  jest.restoreAllMocks();
  storage.close();
  await Promise.all([server, ...others.splice(0)].map((each) => each.stop()));
  folder.remove();
});

function open(more: Partial<WebdavSettings> = {}): WebdavStorage {
  const settings: WebdavSettings = { type: 'webdav', url: root(server), tls: { verify: true }, ...more };
  return new WebdavStorage(settings, new HttpClient(settings.tls));
}
const root = ({ port }: TestServer) => `http://127.0.0.1:${port}`;

const upload = (content: Buffer, path = 'out') => storage.upload(folder.write('up', content), path, transfer());
const download = (path = 'in') => storage.download(path, folder.file('down'), transfer());

describe('files', () => {
  test.each([0, 1, 1024, 20 * MEBIBYTE])('up and down: %i bytes', async (bytes) => {
    const content = pattern(bytes);
    expect(await upload(content)).toBe(bytes);
    expect(server.files.get('/out')!.equals(content)).toBe(true);
    expect(await download('out')).toBe(bytes);
    expect(folder.read('down').equals(content)).toBe(true);
    expect(server.asked).toEqual(['PUT /out', 'GET /out']);
  });

  test.each(['a b', 'a+b', '100%', 'a%2Fb', 'ñ日本😀', `it's "<&>"`, 'a?b#c;d', 'a\\b', '...', 'x'.repeat(250)])(
    'name %j',
    async (name) => {
      await upload(Buffer.from(name), name);
      expect([...server.files.keys()]).toEqual([`/${name}`]);
      await download(`/${name}`);
      expect(folder.read('down').toString()).toBe(name);
    },
  );

  test('a folder on the server is in the URL', async () => {
    server.collections.add('/remote.php').add('/remote.php/dav');
    storage = open({ url: `${root(server)}/remote.php/dav` });
    await upload(Buffer.from('x'), '/a//b/c');
    expect([...server.files.keys()]).toEqual(['/remote.php/dav/a/b/c']);
  });

  test.each(['', '/', '//', 'a/../b', './a', 'a/..', 'a\ud800'])('not the path of a file: %j', async (path) => {
    await expect(upload(Buffer.from('x'), path)).rejects.toThrow(/not the path of a file/);
    expect(server.asked).toEqual([]);
  });

  test.each([404, 403, 423, 507, 405, 401])('download: %i', async (status) => {
    server.fault(answer(status));
    await expect(download()).rejects.toMatchObject({
      kind: 'storage',
      message: expect.stringMatching(`\\(${status}\\)$`),
    });
    expect(folder.names()).toEqual([]);
  });
});

describe('collections', () => {
  test('those that are there are not asked for', async () => {
    server.collections.add('/a').add('/a/b');
    await upload(Buffer.from('x'), 'a/b/c');
    expect(server.asked).toEqual(['PUT /a/b/c']);
  });

  test('those that are missing are made, from the lowest that is there', async () => {
    server.collections.add('/a');
    await upload(Buffer.from('x'), 'a/b b/c/d');
    expect([...server.collections]).toEqual(['/', '/a', '/a/b b', '/a/b b/c']);
    expect(server.asked).toEqual([
      'PUT /a/b%20b/c/d',
      'MKCOL /a/b%20b/c/',
      'MKCOL /a/b%20b/',
      'MKCOL /a/b%20b/c/',
      'PUT /a/b%20b/c/d',
    ]);
  });

  test('a server that says 404 where the collection is missing', async () => {
    server.fault(answer(404));
    await upload(Buffer.from('x'), 'a/b');
    expect(server.files.has('/a/b')).toBe(true);
  });

  test('somebody else makes them at the same time', async () => {
    server.fault((_, response) => (server.collections.add('/a'), response.writeHead(405).end()), {
      matches: method('MKCOL'),
    });
    await upload(Buffer.from('x'), 'a/b');
    expect(server.asked).toEqual(['PUT /a/b', 'MKCOL /a/', 'PUT /a/b']);
  });

  test('many uploads at once', async () => {
    const file = folder.write('up', 'x');
    const paths = Array.from({ length: 20 }, (_, i) => `a/b/c/${i}`);
    await Promise.all(paths.map((path) => storage.upload(file, path, transfer())));
    expect([...server.files.keys()].sort()).toEqual(paths.map((path) => `/${path}`).sort());
  });

  test('one that two make at once: Apache forbids it to one of them, who asks again', async () => {
    server.fault(answer(403), { matches: method('MKCOL') });
    expect(await upload(Buffer.from('x'), 'a/b')).toBe(1);
  });

  test('one that may not be made', async () => {
    server.fault(answer(403), { matches: method('MKCOL'), times: 2 });
    await expect(upload(Buffer.from('x'), 'a/b')).rejects.toThrow(/making its collection: access is denied/);
  });

  test('one whose name a file has', async () => {
    server.files.set('/a', Buffer.from(''));
    await expect(upload(Buffer.from('x'), 'a/b')).rejects.toThrow(
      /its collection is missing and could not be made \(409\)/,
    );
  });

  test('the root itself is missing', async () => {
    storage = open({ url: `${root(server)}/none` });
    await expect(upload(Buffer.from('x'), 'a')).rejects.toThrow(/\(409\)/);
    expect(server.asked.filter((asked) => asked.startsWith('MKCOL'))).toEqual([]);
  });
});

describe('what passes', () => {
  test.each([
    ['500', answer(500)],
    ['503', answer(503)],
    ['cut', cutConnection],
    ['cut in the body', cutAfter(100_000)],
  ])('upload: %s', async (_, fault) => {
    server.fault(fault, { times: 5 });
    await upload(pattern(MEBIBYTE));
    expect(server.files.get('/out')!.equals(pattern(MEBIBYTE))).toBe(true);
  });
});

describe('credentials', () => {
  test.each([
    ['basic', { login: 'user', password: 'pässword:1' }, 'Basic dXNlcjpww6Rzc3dvcmQ6MQ=='],
    ['bearer', { token: 'abc.def' }, 'Bearer abc.def'],
    ['none', undefined, undefined],
  ])('%s', async (_, auth, header) => {
    server.authorization = header;
    storage = open({ auth });
    await upload(Buffer.from('x'), 'a/b');
    await download('a/b');
  });

  test('wrong ones', async () => {
    server.authorization = 'Basic other';
    storage = open({ auth: { login: 'user', password: 'SECRET' } });
    const { message } = await upload(Buffer.from('x')).catch((error) => error);
    expect(message).toMatch(/^upload of "out" \(webdav, .*\): the credentials are refused.*\(401\)$/);
    expect(message).not.toContain('SECRET');
  });

  const repeat: Handler = ({ headers: { authorization = '' } }, response) => {
    const [, plain] = authorization.split(' ');
    response.writeHead(400, `no ${authorization}, ${Buffer.from(plain, 'base64').toString('latin1')}`).end();
  };
  test.each([
    ['a token', { token: 'cGxhaW4' }, /answers 400 "no Bearer \*\*\*, plain" \(400\)$/],
    ['a password', { login: 'user', password: 'SECRET:1' }, /"no Basic \*\*\*, user:\*\*\*" \(400\)$/],
    ['not in ASCII', { login: 'user', password: 'pässwörd' }, /"no Basic \*\*\*, user:\*\*\*" \(400\)$/],
  ])('a server that repeats them: %s is not told', async (_, auth, message) => {
    server.fault(repeat);
    storage = open({ auth });
    await expect(upload(Buffer.from('x'))).rejects.toThrow(message);
  });
});

describe('redirects', () => {
  let pool: WebdavServer;
  beforeEach(async () => {
    pool = await new WebdavServer().start();
    others.push(pool);
    server.authorization = 'Bearer SECRET';
    storage = open({ auth: { token: 'SECRET' } });
  });

  const toPool = (status: number) => answer(status, { location: `${root(pool)}/pool/x%20y?token=POOL` });

  test.each([301, 302, 307, 308])('%i: a body goes to its last place only, credentials never', async (status) => {
    pool.collections.add('/pool');
    let sent = 0;
    server.fault((request, response) => {
      request.on('data', (chunk) => (sent += chunk.length));
      void toPool(status)(request, response);
    });
    await upload(pattern(1000), 'a');
    expect(pool.files.get('/pool/x y')!.equals(pattern(1000))).toBe(true);
    expect(pool.asked).toEqual(['PUT /pool/x%20y?token=POOL']);
    expect(pool.requests[0].headers.authorization).toBeUndefined();
    expect(sent).toBe(0);
    server.fault(toPool(status));
    await download('a');
    expect(pool.requests[1].headers.authorization).toBeUndefined();
    expect(folder.read('down').equals(pattern(1000))).toBe(true);
  });

  test('on the same server they stay', async () => {
    server.fault(answer(302, { location: '/elsewhere' }));
    await upload(pattern(10), 'a');
    expect([...server.files.keys()]).toEqual(['/elsewhere']);
  });

  test('the same host at another port is another server', async () => {
    server.fault(answer(307, { location: `${root(pool)}/a` }));
    pool.authorization = 'Bearer SECRET';
    await expect(upload(pattern(10), 'a')).rejects.toThrow(/\(401\)/);
  });

  test('a pool that fails is asked for anew at the door', async () => {
    server.fault(toPool(307), { times: 2 });
    pool.fault(answer(503));
    pool.collections.add('/pool');
    await upload(pattern(10), 'a');
    expect(server.asked).toEqual(['PUT /a', 'PUT /a']);
  });

  test('a pool that can’t be reached: its address is told, not what the door wrote behind it', async () => {
    const address = root(pool);
    server.fault(toPool(307), { times: 6 });
    await others.pop()!.stop();
    const failed = await upload(pattern(10), 'a').catch((error) => error);
    expect(failed.message).toContain(`: ${address}: the connection was refused (tried 6 times)`);
    expect(failed.message).not.toContain('POOL');
  });

  test('five are followed, six not', async () => {
    const hop = answer(302, { location: '/next' });
    server.fault(hop, { times: 5 });
    await upload(pattern(10), 'a');
    server.fault(hop, { times: 6 });
    await expect(upload(pattern(10), 'a')).rejects.toThrow(/more than 5 redirects/);
  });

  test.each(['ftp://127.0.0.1/x', 'http://', 'file:///etc/passwd', undefined])('to %s', async (location) => {
    server.fault(answer(302, location === undefined ? {} : { location }));
    await expect(download()).rejects.toThrow(/redirects it to no web address/);
  });

  test('of a collection that is made: not followed', async () => {
    server.fault(answer(301, { location: root(pool) }), { matches: method('MKCOL') });
    await expect(upload(pattern(1), 'a/b')).rejects.toThrow(/making its collection: the server answers 301/);
    expect(pool.asked).toEqual([]);
  });
});

test('a large body that is refused is not sent', async () => {
  let sent = 0;
  server.fault((request, response) => {
    request.on('data', (chunk) => (sent += chunk.length));
    response.writeHead(507).end();
  });
  await expect(upload(pattern(10 * MEBIBYTE))).rejects.toThrow('the server is full (507)');
  expect(sent).toBe(0);
});

test('a file that changes while it goes', async () => {
  const file = folder.write('up', pattern(10 * MEBIBYTE));
  server.fault(async (request, response) => {
    folder.write('up', 'other');
    await bodyOf(request, response).catch(() => {});
  });
  await expect(storage.upload(file, 'a', transfer())).rejects.toThrow(/was changed/);
  expect(server.files.size).toBe(0);
});

test.each(['upload', 'download'])('cancelled: %s', async (what) => {
  const controller = new AbortController();
  server.fault(() => controller.abort());
  const { signal } = controller;
  const work =
    what === 'upload'
      ? storage.upload(folder.write('up', pattern(MEBIBYTE)), 'a', transfer(signal))
      : storage.download('a', folder.file('down'), transfer(signal));
  await expect(work).rejects.toMatchObject({ kind: 'cancelled' });
});
