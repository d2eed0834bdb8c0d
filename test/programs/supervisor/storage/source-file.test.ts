import { appendFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import type { Body } from '../../../../src/programs/supervisor/storage/http';
import { SourceFile } from '../../../../src/programs/supervisor/storage/source-file';
import { MEBIBYTE, pattern, TestFolder } from './support/files';

let folder: TestFolder;
let source: SourceFile | undefined;
beforeEach(() => (folder = new TestFolder()));
afterEach(async () => {
  await source?.close();
  source = undefined;
  folder.remove();
});

const open = async (content: Buffer) => (source = await SourceFile.open(folder.write('file', content)));

async function read(body: Body): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body.chunks()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

test.each([0, 1, 1023, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE + 7])(
  '%i bytes come as they are',
  async (bytes) => {
    const content = pattern(bytes);
    const file = await open(content);
    expect(file.bytes).toBe(bytes);
    expect((await read(file.part())).equals(content)).toBe(true);
  },
);

test('a part, any number of times', async () => {
  const content = pattern(3 * MEBIBYTE);
  const part = (await open(content)).part(MEBIBYTE - 5, MEBIBYTE + 10);
  expect(part.bytes).toBe(MEBIBYTE + 10);
  const expected = content.subarray(MEBIBYTE - 5, 2 * MEBIBYTE + 5);
  expect((await read(part)).equals(expected)).toBe(true);
  expect((await read(part)).equals(expected)).toBe(true);
});

test('SHA-256', async () => {
  const file = await open(Buffer.from('abc'));
  expect(await file.sha256(file.part())).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

const later = new Date(Date.now() + 10_000);
test.each<[string, (path: string) => void]>([
  ['grows', (path) => appendFileSync(path, 'x')],
  ['shrinks', (path) => truncateSync(path, 100)],
  ['is emptied', (path) => truncateSync(path, 0)],
  [
    'is written anew, as long as before',
    (path) => (writeFileSync(path, Buffer.alloc(1000)), utimesSync(path, later, later)),
  ],
  [
    'is written anew, and its time set back',
    (path) => (writeFileSync(path, Buffer.alloc(1000)), utimesSync(path, new Date(1), new Date(1))),
  ],
])('a file that %s never comes whole', async (_, change) => {
  const file = await open(pattern(1000));
  change(folder.file('file'));
  const message = /file was changed while it was uploaded/;
  await expect(read(file.part())).rejects.toThrow(message);
  await expect(file.checkUnchanged()).rejects.toMatchObject({ kind: 'storage' });
});

test('a file that changes after its first chunk', async () => {
  const file = await open(pattern(3 * MEBIBYTE)); // 12 chunks
  const seen: number[] = [];
  const reading = (async () => {
    for await (const chunk of file.part().chunks()) {
      if (seen.push(chunk.length) === 1) appendFileSync(folder.file('file'), 'x');
    }
  })();
  await expect(reading).rejects.toThrow(/changed/);
  expect(seen.length).toBeLessThan(12);
});

test('a file that is not there', async () => {
  await expect(SourceFile.open(folder.file('none'))).rejects.toMatchObject({
    kind: 'storage',
    message: expect.stringMatching(/none can't be read: ENOENT/),
  });
});
