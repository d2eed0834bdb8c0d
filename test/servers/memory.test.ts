import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { buildSync } from 'esbuild';
import { Apache, LOGIN } from './support/apache';
import { ContentFolder, digestOf, MEBIBYTE } from './support/content';
import { RealS3, startMinio } from './support/s3';
import type { Work } from './support/transfer';

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
  const entryPoints = [`${__dirname}/support/transfer.ts`];
  buildSync({ entryPoints, bundle: true, platform: 'node', target: 'node20', minify: true, outfile: program });
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

/** @returns the most memory that it took, in MiB */
function transfer(work: Work): number {
  return Number(execFileSync(process.execPath, [program], { input: JSON.stringify(work), encoding: 'utf8' }));
}

test.each<[string, () => Work['settings'], string]>([
  ['MinIO', () => plain.settings(), 'bucket/large'],
  ['MinIO with TLS', () => secure.settings(), 'bucket/large'],
  ['WebDAV', () => ({ type: 'webdav', url: apache.url, auth: LOGIN, tls: { verify: true } }), 'basic/large'],
  [
    'WebDAV with TLS',
    () => ({ type: 'webdav', url: apache.secureUrl, auth: LOGIN, tls: { verify: true, ca: apache.ca } }),
    'basic/large',
  ],
])(`1 GiB, up and down, in less than ${LIMIT_MIB} MiB: %s`, (_, settings, path) => {
  expect(transfer({ settings: settings(), jobs: [{ up: file, path }] })).toBeLessThan(LIMIT_MIB);
  const down = folder.file();
  expect(transfer({ settings: settings(), jobs: [{ down, path }] })).toBeLessThan(LIMIT_MIB);
  return expect(digestOf(down).finally(() => rmSync(down))).resolves.toBe(digest);
});

test(`four files of 1 GiB at once, up, in less than ${LIMIT_MIB} MiB`, () => {
  const jobs = [1, 2, 3, 4].map((i) => ({ up: file, path: `bucket/${i}` }));
  expect(transfer({ settings: plain.settings(), jobs })).toBeLessThan(LIMIT_MIB);
});
