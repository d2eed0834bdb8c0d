import { storeKeys, waitForStore } from '../../../src/programs/provisioner/wait-for-store';
import { lines, noWait } from './api';
import { Answer, fakeStore, KEYS, s3Error } from './store/fake-store';

const credentials = { secretName: 'minio', keys: { accessKey: 'rootUser', secretKey: 'rootPassword' } };

describe('the store', () => {
  const waiting = async (answer: (before: number) => Answer) => {
    const fake = await fakeStore((_, before) => answer(before));
    try {
      await waitForStore({ ...fake.declared, external: false, credentials }, KEYS, lines().log, noWait);
      return fake.calls;
    } finally {
      fake.stop();
    }
  };

  test('is waited for until it answers', async () => {
    const calls = await waiting((before) => (before < 30 ? { status: 503 } : { status: 200 }));
    expect(calls).toHaveLength(31);
    expect(new Set(calls)).toEqual(new Set(['GET /']));
  });

  test('is not waited for for ever', async () => {
    await expect(waiting(() => ({ status: 503 }))).rejects.toThrow(/the store at http:.*503 \(tried 60 times\)/);
  });

  test('that lets these keys list no buckets knows them', async () => {
    expect(await waiting(() => s3Error(403, 'AccessDenied'))).toHaveLength(1);
  });

  test.each([['InvalidAccessKeyId'], ['SignatureDoesNotMatch']])('that answers %s needs other keys', async (code) => {
    await expect(waiting(() => s3Error(403, code))).rejects.toThrow(
      `(${code}). Fix: put the store's own keys into the Secret "minio"`,
    );
  });
});

describe("the store's keys", () => {
  const declared = { endpoint: 'http://minio', region: '', verify: true, external: false, credentials };
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const read = (since: number, data: Record<string, string>) => {
    let asked = 0;
    const call = async (_: 'GET', path: string) => {
      expect(path).toBe('/api/v1/namespaces/oscar/secrets/minio');
      return ++asked < since ? { status: 404, body: {} } : { status: 200, body: { data } };
    };
    return storeKeys('oscar', declared, { call }, noWait);
  };

  test('are those of a Secret, which may come later', async () => {
    const data = { rootUser: base64('root'), rootPassword: base64('pässword') };
    expect(await read(5, data)).toEqual({ accessKey: 'root', secretKey: 'pässword' });
  });

  test.each([['rootUser'], ['rootPassword']])(
    'with a line break at the end of %s are refused, and not told',
    async (key) => {
      const data = { rootUser: base64('root'), rootPassword: base64('password'), [key]: base64('told-nobody\n') };
      const failure = await read(1, data).catch((error: Error) => error);
      expect(String(failure)).toMatch(
        `secret oscar/minio: "${key}" has a line break or another control character in it`,
      );
      expect(String(failure)).not.toContain('told-nobody');
    },
  );

  test('that are missing are told by name, without the others', async () => {
    await expect(read(1, { rootUser: base64('root') })).rejects.toThrow('secret oscar/minio has no "rootPassword"');
    await expect(read(1, { rootUser: base64('root'), rootPassword: '' })).rejects.toThrow('has no "rootPassword"');
    await expect(read(Infinity, {})).rejects.toThrow("secret oscar/minio can't be read: 404");
  });
});
