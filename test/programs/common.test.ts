import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, get } from 'node:http';
import { AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ProgramError, run } from '../../src/programs/common/fail';
import { serve } from '../../src/programs/common/http';
import { readSettings } from '../../src/programs/common/settings';

let output: string;
beforeEach(() => {
  output = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    output += String(chunk);
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());

describe('settings', () => {
  const shape = { name: 'string', port: 'number', inner: { list: 'array', on: 'boolean' } } as const;
  const good = { name: 'a', port: 1, inner: { list: [], on: false }, more: 'is fine' };
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'oscar-settings-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const read = (content: string) => {
    writeFileSync(join(folder, 'settings.json'), content);
    return readSettings(shape, folder);
  };

  test('come as they stand', () => expect(read(JSON.stringify(good))).toEqual(good));

  test('come gzipped, where they are long', () => {
    writeFileSync(join(folder, 'settings.json.gz'), gzipSync(JSON.stringify(good)));
    expect(readSettings(shape, folder)).toEqual(good);
  });

  test('a broken gzip is told with its name', () => {
    writeFileSync(join(folder, 'settings.json.gz'), 'no gzip');
    expect(() => readSettings(shape, folder)).toThrow(/settings can't be read/);
  });

  test.each([
    ['no JSON', '{', /settings\.json is no JSON/],
    ['a list', '[]', /the settings must be: object, not: array/],
    ['nothing', 'null', /the settings must be: object, not: null/],
    ['a missing field', JSON.stringify({ ...good, name: undefined }), /"name" is missing \(string\)/],
    ['a wrong type', JSON.stringify({ ...good, port: '1' }), /"port" must be: number, not: string/],
    [
      'a wrong type inside',
      JSON.stringify({ ...good, inner: { list: {}, on: true } }),
      /"inner.list" must be: array, not: object/,
    ],
  ])('refused: %s', (_, content, message) => {
    expect(() => read(content)).toThrow(message);
    expect(() => read(content)).toThrow(ProgramError);
  });

  test('a missing file is told with its name', () => {
    expect(() => readSettings(shape, join(folder, 'none'))).toThrow(/can't be read.*settings\.json/);
  });
});

describe('run', () => {
  afterEach(() => (process.exitCode = undefined));
  const failing = (error: unknown) =>
    run(() => {
      throw error;
    });

  test.each([
    [undefined, 0],
    [0, 0],
    [3, 3],
  ])('main returns %s: exit code %s', async (returned, code) => {
    await run(() => returned);
    expect(process.exitCode).toBe(code);
  });

  test('what somebody else has to put right is one sentence', async () => {
    await failing(new ProgramError('the disk is full'));
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ level: 'error', message: 'the disk is full' });
  });

  test('a defect shows its place', async () => {
    await failing(new TypeError('oops'));
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(output).message).toMatch(/TypeError: oops\n {4}at /);
  });
});

describe('serve', () => {
  const freePort = () =>
    new Promise<number>((resolve) => {
      const server = createServer().listen(0, () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });
  const ask = (port: number) =>
    new Promise<number | undefined>((resolve, reject) => {
      get({ port, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      }).on('error', reject);
    });
  const listening = async (port: number) => {
    while (!output.includes('listening')) await new Promise((resolve) => setTimeout(resolve, 5));
    return port;
  };

  test('after SIGTERM what runs may end, and nothing new is taken', async () => {
    const port = await freePort();
    const server = createHttpServer((_, response) => setTimeout(() => response.end('late'), 250));
    const served = serve(server, port);
    await listening(port);
    const answer = ask(port);
    await once(server, 'request');
    (process as NodeJS.EventEmitter).emit('SIGTERM', 'SIGTERM');
    await expect(answer).resolves.toBe(200);
    await served;
    await expect(ask(port)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('a port in use is an error, not silence', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, resolve));
    const { port } = other.address() as AddressInfo;
    await expect(serve(createHttpServer(), port)).rejects.toThrow(/EADDRINUSE/);
    await new Promise((resolve) => other.close(resolve));
  });
});
