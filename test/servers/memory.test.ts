import { rmSync } from 'node:fs';
import { buildTransfer, transferMemory, Work } from '../programs/supervisor/storage/support/transfer';
import { Apache, LOGIN } from './support/apache';
import { ContentFolder, digestOf, MEBIBYTE } from './support/content';
import { RealS3, startMinio } from './support/s3';

const LIMIT_MIB = 120;
const GIBIBYTE = 1024 * MEBIBYTE;

let folder: ContentFolder;
let program: string;
let plain: RealS3;
let secure: RealS3;
let apache: Apache;
let file: string;
let digest: string;
beforeAll(async () => {
  folder = new ContentFolder();
  program = folder.file('transfer.cjs');
  buildTransfer(program);
  plain = await startMinio();
  secure = await startMinio({ tls: true });
  apache = await Apache.start();
  file = await folder.random(GIBIBYTE + 1);
  digest = await digestOf(file);
});
afterAll(async () => {
  await Promise.all([plain.stop(), secure.stop(), apache.stop()]);
  folder.remove();
});

test.each<[string, () => Work['settings'], string]>([
  ['MinIO', () => plain.settings(), 'bucket/large'],
  ['MinIO with TLS', () => secure.settings(), 'bucket/large'],
  ['WebDAV', () => ({ type: 'webdav', url: apache.url, auth: LOGIN, tls: { verify: true } }), 'basic/large'],
  [
    'WebDAV with TLS',
    () => ({ type: 'webdav', url: apache.secureUrl, auth: LOGIN, tls: { verify: true, ca: apache.ca } }),
    'basic/large',
  ],
])(`1 GiB, up and down, in less than ${LIMIT_MIB} MiB: %s`, async (_, settings, path) => {
  expect(await transferMemory(program, { settings: settings(), jobs: [{ up: file, path }] })).toBeLessThan(LIMIT_MIB);
  const down = folder.file();
  expect(await transferMemory(program, { settings: settings(), jobs: [{ down, path }] })).toBeLessThan(LIMIT_MIB);
  expect(await digestOf(down)).toBe(digest);
  rmSync(down);
});

test(`four files of 1 GiB at once, up, in less than ${LIMIT_MIB} MiB`, async () => {
  const jobs = [1, 2, 3, 4].map((i) => ({ up: file, path: `bucket/${i}` }));
  expect(await transferMemory(program, { settings: plain.settings(), jobs })).toBeLessThan(LIMIT_MIB);
});
