import { truncateSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MEBIBYTE, TestFolder } from './support/files';
import { TestServer } from './support/server';
import { buildTransfer, transferMemory } from './support/transfer';

const BYTES = 512 * MEBIBYTE;
/** Node itself takes 45 to 55. */
const LIMIT_MIB = 100;

let folder: TestFolder;
let server: TestServer;
let program: string;
beforeAll(async () => {
  folder = new TestFolder();
  program = folder.file('transfer.cjs');
  buildTransfer(program);
  const chunk = Buffer.alloc(MEBIBYTE);
  server = await new TestServer(async (request, response) => {
    if (request.method === 'PUT') {
      response.writeContinue();
      request.resume().once('end', () => response.writeHead(201).end());
      return;
    }
    response.writeHead(200, { 'content-length': BYTES });
    const content = Readable.from(
      (function* () {
        for (let sent = 0; sent < BYTES; sent += chunk.length) yield chunk;
      })(),
    );
    await pipeline(content, response).catch(() => {});
  }).start();
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const settings = () => ({ type: 'webdav', url: `http://127.0.0.1:${server.port}`, tls: { verify: true } }) as const;

test('a download of half a gigabyte', async () => {
  const jobs = [{ down: folder.file('down'), path: 'a' }];
  expect(await transferMemory(program, { settings: settings(), jobs })).toBeLessThan(LIMIT_MIB);
}, 120_000);

test('four uploads of half a gigabyte at once', async () => {
  const up = folder.file('up');
  writeFileSync(up, '');
  truncateSync(up, BYTES);
  const jobs = ['a', 'b', 'c', 'd'].map((path) => ({ up, path }));
  expect(await transferMemory(program, { settings: settings(), jobs })).toBeLessThan(LIMIT_MIB);
}, 120_000);
