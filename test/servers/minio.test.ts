import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from 'aws4';
import { openStorage } from '../../src/programs/supervisor/storage';
import type { S3Settings } from '../../src/programs/supervisor/storage/storage';
import { ContentFolder, digestOf, MEBIBYTE } from './support/content';
import { startProxy } from './support/proxy';
import { RealS3, startMinio } from './support/s3';

let minio: RealS3;
let folder: ContentFolder;
beforeAll(async () => {
  folder = new ContentFolder();
  minio = await startMinio();
});
afterAll(async () => {
  await minio.stop();
  folder.remove();
});

const warnings: string[] = [];
const transfer = { warn: (message: string) => void warnings.push(message) };
beforeEach(() => void warnings.splice(0));

describe('a user of its own', () => {
  const login = { accessKey: 'service.one', secretKey: 'not-a-secret-either' };
  beforeAll(async () => {
    const allow = (actions: string[], ...paths: string[]) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: paths.map((path) => `arn:aws:s3:::bucket/${path}/*`),
    });
    const rights = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
    const policy = { Version: '2012-10-17', Statement: [allow(['s3:GetObject'], 'in'), allow(rights, 'out')] };
    await minio.mc('admin', 'policy', 'create', 'test', 'one', folder.text(JSON.stringify(policy)));
    await minio.mc('admin', 'user', 'add', 'test', login.accessKey, login.secretKey);
    await minio.mc('admin', 'policy', 'attach', 'test', 'one', '--user', login.accessKey);
    await minio.mc('cp', folder.text('input'), 'test/bucket/in/a');
  });

  const tests = (settings: () => S3Settings) => {
    test('reads and writes where it may, in parts too', async () => {
      const storage = await openStorage(settings());
      const back = folder.file();
      expect(await storage.download('bucket/in/a', back, transfer)).toBe(5);
      const file = await folder.random(40 * MEBIBYTE);
      await storage.upload(file, 'bucket/out/a', transfer);
      expect(await digestOf(await minio.content('bucket/out/a', folder.file()))).toBe(await digestOf(file));
      storage.close();
    });

    test('and nowhere else', async () => {
      const storage = await openStorage(settings());
      const denied = /access is denied: .* \(AccessDenied\)/;
      await expect(storage.download('bucket/out/a', folder.file(), transfer)).rejects.toThrow(denied);
      await expect(storage.upload(folder.text('x'), 'bucket/in/a', transfer)).rejects.toThrow(denied);
      const large = await folder.random(17 * MEBIBYTE);
      await expect(storage.upload(large, 'bucket/in/a', transfer)).rejects.toThrow(denied);
      expect(warnings).toEqual([]);
      storage.close();
    });
  };

  describe('by its keys', () => tests(() => minio.settings(login)));

  describe('by a session of the security token service', () => {
    let session: Partial<S3Settings>;
    beforeAll(async () => {
      const xml = await assumeRole(minio.port, login);
      const text = (name: string) => new RegExp(`<${name}>(.*)</${name}>`).exec(xml)![1];
      session = {
        accessKey: text('AccessKeyId'),
        secretKey: text('SecretAccessKey'),
        sessionToken: text('SessionToken'),
      };
    });
    tests(() => minio.settings(session));

    test('not without its token', async () => {
      const storage = await openStorage(minio.settings({ ...session, sessionToken: undefined }));
      const { message } = await storage.download('bucket/in/a', folder.file(), transfer).catch((error) => error);
      expect(message).toMatch(/\((InvalidAccessKeyId|InvalidTokenId)\)$/);
      expect(message).not.toContain(session.secretKey);
      storage.close();
    });
  });
});

test.each([
  ['early', 5 * MEBIBYTE],
  ['in its middle', 70 * MEBIBYTE],
])('MinIO loses its power %s and comes back: uploads and downloads go on', async (_, after) => {
  const file = await folder.random(150 * MEBIBYTE);
  const digest = await digestOf(file);
  const cutting = async (work: (settings: S3Settings) => Promise<unknown>) => {
    let back: Promise<void> | undefined;
    const proxy = await startProxy(minio.port, after, () => (back = outage()));
    await work(minio.settings({ endpoint: `http://127.0.0.1:${proxy.port}` }));
    proxy.stop();
    expect(back).toBeDefined();
    await back;
    expect(warnings.splice(0)).not.toEqual([]);
  };
  await cutting(async (settings) => {
    const storage = await openStorage(settings);
    await storage.upload(file, 'bucket/power', transfer);
    storage.close();
  });
  expect(await digestOf(await minio.content('bucket/power', folder.file()))).toBe(digest);
  expect(await minio.unfinished()).toEqual([]);
  await cutting(async (settings) => {
    const storage = await openStorage(settings);
    const down = folder.file();
    await storage.download('bucket/power', down, transfer);
    expect(await digestOf(down)).toBe(digest);
    storage.close();
  });
});

async function outage(): Promise<void> {
  await minio.server.end('SIGKILL');
  await sleep(300);
  await minio.server.start();
}

test('an upload that is cancelled leaves nothing', async () => {
  const controller = new AbortController();
  const proxy = await startProxy(minio.port, 40 * MEBIBYTE, () => controller.abort());
  const storage = await openStorage(minio.settings({ endpoint: `http://127.0.0.1:${proxy.port}` }));
  const file = await folder.random(150 * MEBIBYTE);
  const uploaded = storage.upload(file, 'bucket/cancelled', { ...transfer, signal: controller.signal });
  await expect(uploaded).rejects.toMatchObject({ kind: 'cancelled' });
  expect(await minio.unfinished()).toEqual([]);
  expect(await minio.keys()).not.toContain('cancelled');
  storage.close();
  proxy.stop();
});

test('a full bucket is told', async () => {
  await minio.mc('mb', 'test/small');
  await minio.mc('quota', 'set', 'test/small', '--size', '1MiB');
  const storage = await openStorage(minio.settings());
  const file = await folder.random(2 * MEBIBYTE);
  await expect(storage.upload(file, 'small/a', transfer)).rejects.toThrow(/the bucket is full: its quota is used up/);
  storage.close();
});

function assumeRole(port: number, login: { accessKey: string; secretKey: string }): Promise<string> {
  const body = 'Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600';
  const signed = sign(
    { service: 'sts', region: 'us-east-1', host: `127.0.0.1:${port}`, method: 'POST', path: '/', body },
    { accessKeyId: login.accessKey, secretAccessKey: login.secretKey },
  );
  return new Promise((resolve, reject) => {
    const headers = signed.headers as Record<string, string>;
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(text));
    });
    sent.on('error', reject).end(body);
  });
}
