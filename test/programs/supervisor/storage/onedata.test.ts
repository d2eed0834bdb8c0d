import { HttpClient } from '../../../../src/programs/supervisor/storage/http';
import { OnedataStorage } from '../../../../src/programs/supervisor/storage/onedata';
import type { OnedataSettings } from '../../../../src/programs/supervisor/storage/storage';
import { CdmiServer } from './support/cdmi-server';
import { MEBIBYTE, pattern, TestFolder, transfer } from './support/files';
import { answer, cutAfter, cutConnection, Handler, method } from './support/server';
import { skipWaits } from './support/waits';

describe.each([
  ['the standard', { oneprovider: false }],
  ['Oneprovider', { oneprovider: true }],
])('by %s', (_, manners) => {
  let folder: TestFolder;
  let server: CdmiServer;
  let storage: OnedataStorage;
  beforeEach(async () => {
    skipWaits();
    folder = new TestFolder();
    server = await new CdmiServer(manners).start();
    storage = open();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    storage.close();
    await server.stop();
    folder.remove();
  });

  function open(more: Partial<OnedataSettings> = {}): OnedataStorage {
    const settings: OnedataSettings = {
      type: 'onedata',
      url: `http://127.0.0.1:${server.port}`,
      space: 'my space',
      token: server.token,
      tls: { verify: true },
      ...more,
    };
    return new OnedataStorage(settings, new HttpClient(settings.tls));
  }

  const upload = (content: Buffer, path = 'out') => storage.upload(folder.write('up', content), path, transfer());
  const download = (path = 'in') => storage.download(path, folder.file('down'), transfer());

  test.each([0, 1, 1024, 5 * MEBIBYTE])('up and down: %i bytes', async (bytes) => {
    const content = pattern(bytes);
    expect(await upload(content)).toBe(bytes);
    expect(server.objects.get('/my space/out')!.equals(content)).toBe(true);
    expect(server.requests[0].headers).toMatchObject({ 'content-type': 'application/octet-stream' });
    // With it, the body would have to be JSON (clause 8).
    expect(server.requests[0].headers['x-cdmi-specification-version']).toBeUndefined();
    expect(await download('out')).toBe(bytes);
    expect(folder.read('down').equals(content)).toBe(true);
    expect(server.asked[0]).toBe('PUT /cdmi/my%20space/out');
  });

  test.each(['a b', 'a+b', '100%', 'ñ日本😀', 'a?b#c;d', 'a:b', `it's "<&>"`])('name %j', async (name) => {
    await upload(Buffer.from(name), name);
    expect([...server.objects.keys()]).toEqual([`/my space/${name}`]);
    await download(`/${name}`);
    expect(folder.read('down').toString()).toBe(name);
  });

  test.each(['', '/', '../a', 'a/./b', 'a\ud800'])('not the path of a file: %j', async (path) => {
    await expect(upload(Buffer.from('x'), path)).rejects.toThrow(/not the path of a file/);
    expect(server.asked).toEqual([]);
  });

  test('an object that is there is written anew', async () => {
    await upload(pattern(2000));
    await upload(pattern(1000));
    expect(server.objects.get('/my space/out')!.equals(pattern(1000))).toBe(true);
  });

  describe('containers', () => {
    test('those that are there are not asked for', async () => {
      server.containers.add('/my space/a/');
      await upload(pattern(1), 'a/b');
      expect(server.asked).toEqual(['PUT /cdmi/my%20space/a/b']);
    });

    test('those that are missing are made, from the lowest that is there', async () => {
      server.containers.add('/my space/a/');
      await upload(pattern(1), 'a/b/c c/d');
      expect([...server.containers]).toEqual(['/my space/', '/my space/a/', '/my space/a/b/', '/my space/a/b/c c/']);
      expect(server.objects.has('/my space/a/b/c c/d')).toBe(true);
      expect(server.asked).toEqual([
        'PUT /cdmi/my%20space/a/b/c%20c/d',
        'GET /cdmi/my%20space/a/b/c%20c/?objectType',
        'GET /cdmi/my%20space/a/b/?objectType',
        'GET /cdmi/my%20space/a/?objectType',
        'PUT /cdmi/my%20space/a/b/',
        'PUT /cdmi/my%20space/a/b/c%20c/',
        'PUT /cdmi/my%20space/a/b/c%20c/d',
      ]);
    });

    test('many uploads at once', async () => {
      const file = folder.write('up', 'x');
      const paths = Array.from({ length: 20 }, (_, i) => `a/b/c/${i}`);
      await Promise.all(paths.map((path) => storage.upload(file, path, transfer())));
      expect([...server.objects.keys()].sort()).toEqual(paths.map((path) => `/my space/${path}`).sort());
    });

    test('no such space', async () => {
      storage = open({ space: 'other' });
      await expect(upload(pattern(1), 'a/b')).rejects.toThrow(/making its container/);
    });

    test('one that may not be made', async () => {
      server.fault(answer(403), { matches: method('PUT', /\/$/) });
      await expect(upload(pattern(1), 'a/b')).rejects.toThrow(/making its container: access is denied/);
    });
  });

  const half: Handler = (_, response) => {
    const content = server.objects.get('/my space/in')!;
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
  };
  const plain = ({ headers, method: name }: { headers: object; method?: string }) =>
    name === 'GET' && !('x-cdmi-specification-version' in headers);

  describe('downloads that break', () => {
    beforeEach(() => server.put('/my space/in', pattern(10_000)));

    test('go on where they broke', async () => {
      server.fault(half, { matches: plain });
      expect(await download()).toBe(10_000);
      expect(folder.read('down').equals(pattern(10_000))).toBe(true);
      expect(server.requests.at(-1)!.headers.range).toBe('bytes=1000-');
    });

    test('begin again when the object was changed', async () => {
      const change: Handler = (request, response) => {
        void half(request, response);
        server.put('/my space/in', pattern(10_000).reverse());
      };
      server.fault(change, { matches: plain });
      await download();
      expect(folder.read('down').equals(pattern(10_000).reverse())).toBe(true);
      expect(server.requests.at(-1)!.headers.range).toBeUndefined();
    });

    test.each(['no JSON', '{}', '[]', 'null', '{"metadata":null}'])(
      'begin again when nothing tells (%s)',
      async (text) => {
        server.fault(answer(200, {}, text), { matches: (request) => !plain(request), times: 2 });
        server.fault(half, { matches: plain });
        await download();
        expect(folder.read('down').equals(pattern(10_000))).toBe(true);
        expect(server.requests.at(-1)!.headers.range).toBeUndefined();
      },
    );
  });

  test.each([
    ['500', answer(500)],
    ['cut', cutConnection],
    ['cut in the body', cutAfter(100_000)],
  ])('what passes: %s', async (_, fault) => {
    server.fault(fault, { times: 5 });
    await upload(pattern(MEBIBYTE));
    expect(server.objects.get('/my space/out')!.equals(pattern(MEBIBYTE))).toBe(true);
  });

  describe('an upload that fails for good', () => {
    /** Half a mebibyte of the body gets into the object. */
    const writeThen =
      (end: Handler): Handler =>
      (request, response) => {
        if (request.headers.expect) response.writeContinue();
        let read = 0;
        request.on('data', (chunk: Buffer) => {
          if (read >= MEBIBYTE / 2) return;
          read += chunk.length;
          server.put('/my space/out', pattern(read));
          if (read >= MEBIBYTE / 2) void end(request, response);
        });
      };

    test('leaves no half of an object', async () => {
      server.put('/my space/out', Buffer.from('half'));
      server.fault(cutAfter(100_000), { times: 6 });
      await expect(upload(pattern(MEBIBYTE))).rejects.toThrow(/tried 6 times/);
      expect(server.objects.size).toBe(0);
    });

    test('leaves no half of an object when a later try is refused', async () => {
      server.fault(writeThen((request) => request.socket.destroy()));
      server.fault(answer(403));
      await expect(upload(pattern(MEBIBYTE))).rejects.toThrow(/access is denied/);
      expect(server.asked.at(-1)).toBe('DELETE /cdmi/my%20space/out');
      expect(server.objects.size).toBe(0);
    });

    test.each([400, 403, 507])('leaves no half of an object when it is refused (%i) on the way', async (status) => {
      const refuse = writeThen((_, response) => response.writeHead(status).end());
      // 400 may be a missing container: it is tried again when that is there.
      server.fault(refuse, { times: status === 400 ? 2 : 1 });
      await expect(upload(pattern(MEBIBYTE))).rejects.toThrow(String(status));
      expect(server.asked.at(-1)).toBe('DELETE /cdmi/my%20space/out');
      expect(server.objects.size).toBe(0);
    });

    test('half of an object that may not be removed is told', async () => {
      const warn = jest.fn();
      server.fault(writeThen((_, response) => response.writeHead(403).end()));
      server.fault(answer(403), { matches: method('DELETE') });
      const uploading = storage.upload(folder.write('up', pattern(MEBIBYTE)), 'out', { warn });
      await expect(uploading).rejects.toThrow(/access is denied/);
      const told = 'what was written of it could not be removed: the provider answers 403';
      expect(warn).toHaveBeenCalledWith(expect.stringContaining(told));
    });

    test('an empty file writes nothing that could be half', async () => {
      server.put('/my space/out', Buffer.from('earlier'));
      server.fault(answer(403));
      await expect(upload(Buffer.alloc(0))).rejects.toThrow(/access is denied/);
      expect(server.objects.get('/my space/out')!.toString()).toBe('earlier');
    });

    test.each([
      ['refused', answer(403), 1],
      ['unreachable', cutConnection, 6],
    ])('leaves what was there, if nothing was written: %s', async (_, fault, times) => {
      server.put('/my space/out', Buffer.from('earlier'));
      server.fault(fault, { times });
      await expect(upload(pattern(MEBIBYTE))).rejects.toThrow();
      expect(server.objects.get('/my space/out')!.toString()).toBe('earlier');
    });
  });

  test('a wrong token is not told', async () => {
    storage = open({ token: 'SECRET' });
    const { message } = await download().catch((error) => error);
    expect(message).toMatch(/^download of "in" \(onedata, http:.*, space "my space"\): the token is refused \(401\)$/);
    server.fault(answer(400, {}, 'who is SECRET?'), { matches: plain });
    expect((await download().catch((error) => error)).message).toMatch(/answers 400 "who is \*\*\*\?"$/);
  });

  test('no such file', async () => {
    await expect(download()).rejects.toThrow('there is no such file, or no such space (404)');
    expect(folder.names()).toEqual([]);
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
});
