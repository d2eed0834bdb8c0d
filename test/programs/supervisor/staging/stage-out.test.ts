import type { StorageOutput } from '../../../../src/contract';
import type { Definition } from '../../../../src/programs/supervisor/definition';
import { InvocationError } from '../../../../src/programs/supervisor/failure';
import type { EventObject } from '../../../../src/programs/supervisor/input/input';
import type { OutputFile } from '../../../../src/programs/supervisor/invocation';
import { Log } from '../../../../src/programs/supervisor/log';
import { stageOut, uploadsOf } from '../../../../src/programs/supervisor/staging/stage-out';
import type { Storage } from '../../../../src/programs/supervisor/storage/storage';

const place = (storage_provider: string, path: string, filters: Partial<StorageOutput> = {}): StorageOutput => ({
  ...{ storage_provider, path, prefix: [], suffix: [] },
  ...filters,
});
const DEFINITION: Definition = {
  name: 'test',
  logLevel: 'INFO',
  fileStageIn: false,
  isolationLevel: 'service',
  input: [],
  output: [],
  providers: {},
  timeoutSeconds: 1,
  maxInflight: 1,
};
const file = (name: string): OutputFile => ({ name, path: `/w/output/${name}`, bytes: 10 });

describe('where files go', () => {
  const targets = (files: string[], definition: Partial<Definition>, object?: EventObject) =>
    uploadsOf(files.map(file), { ...DEFINITION, ...definition }, object).map(
      ({ file: { name }, provider, path }) => `${name} → ${provider} ${path}`,
    );

  test('each output that takes them', () => {
    const output = [
      place('minio.default', 'bucket/out', { suffix: ['.txt'] }),
      place('onedata.x', 'folder', { prefix: ['a'] }),
      place('s3.default', 'other'),
    ];
    expect(targets(['a.txt', 'sub/b.txt', 'a.png'], { output })).toEqual([
      'a.txt → minio.default bucket/out/a.txt',
      'sub/b.txt → minio.default bucket/out/sub/b.txt',
      'a.txt → onedata.x folder/a.txt',
      'a.png → onedata.x folder/a.png',
      'a.txt → s3.default other/a.txt',
      'sub/b.txt → s3.default other/sub/b.txt',
      'a.png → s3.default other/a.png',
    ]);
  });

  test('a place that two outputs name is written once', () => {
    const output = [place('minio.default', 'b/out'), place('minio.default', 'b/out', { suffix: ['.txt'] })];
    expect(targets(['a.txt'], { output })).toEqual(['a.txt → minio.default b/out/a.txt']);
  });

  test("a provider's root", () => {
    expect(targets(['a'], { output: [place('webdav.x', '')] })).toEqual(['a → webdav.x a']);
  });

  const input = [place('minio.default', 'photos/in'), place('s3.aws', 'lake/in')];
  const object = (type: EventObject['type'], path: string, providerId?: string): EventObject => ({
    ...{ type, path, key: path, name: 'x', time: '', event: '{}' },
    ...(providerId && { providerId }),
  });

  test.each([
    ['user', 'minio', 'photos-alice/in/x', undefined, 'minio.default photos-alice/out/a'],
    ['user', 'minio', 'photos-a-b/x', undefined, 'minio.default photos-a-b/out/a'],
    ['service', 'minio', 'photos-alice/in/x', undefined, 'minio.default results/out/a'],
    // Not a user's bucket.
    ['user', 'minio', 'photos/in/x', undefined, 'minio.default results/out/a'],
    ['user', 'minio', 'photos-/in/x', undefined, 'minio.default results/out/a'],
    ['user', 'minio', 'photosalice/in/x', undefined, 'minio.default results/out/a'],
    ['user', 'minio', 'lake-alice/in/x', undefined, 'minio.default results/out/a'],
    // Another provider than the output's.
    ['user', 's3', 'lake-alice/in/x', 'aws', 'minio.default results/out/a'],
    ['user', 'minio', 'photos-alice/in/x', 'other', 'minio.default results/out/a'],
    // Nothing with buckets.
    ['user', 'webdav', 'photos-alice/in/x', undefined, 'minio.default results/out/a'],
  ] as const)('isolation_level %s, %s %s (%s)', (isolationLevel, type, path, providerId, target) => {
    const definition = { input, output: [place('minio.default', 'results/out')], isolationLevel };
    expect(targets(['a'], definition, object(type, path, providerId))).toEqual([`a → ${target}`]);
  });

  test('isolation_level user: each output keeps its folder; other providers keep their bucket', () => {
    const output = [place('minio.default', 'results/a/b'), place('minio.default', 'r'), place('s3.aws', 'lake/out')];
    const isolated = { input, output, isolationLevel: 'user' } as const;
    expect(targets(['f'], isolated, object('minio', 'photos-alice/in/x'))).toEqual([
      'f → minio.default photos-alice/a/b/f',
      'f → minio.default photos-alice/f',
      'f → s3.aws lake/out/f',
    ]);
  });

  test('isolation_level user: an input whose name begins with another one is no user’s', () => {
    const two = [place('minio.default', 'photos/in'), place('minio.default', 'photos-raw/in')];
    const isolated = { input: two, output: [place('minio.default', 'results/out')], isolationLevel: 'user' } as const;
    expect(targets(['a'], isolated, object('minio', 'photos-raw/in/x'))).toEqual(['a → minio.default results/out/a']);
    expect(targets(['a'], isolated, object('minio', 'photos-raw-ann/in/x'))).toEqual([
      'a → minio.default photos-raw-ann/out/a',
    ]);
  });

  test('isolation_level user: data has no user', () => {
    const output = [place('minio.default', 'results/out')];
    expect(targets(['a'], { input, output, isolationLevel: 'user' })).toEqual(['a → minio.default results/out/a']);
  });
});

describe('uploads', () => {
  let log: string;
  const stage = (upload: Storage['upload'], signal = new AbortController().signal) => {
    log = '';
    const storage: Storage = { upload, download: () => Promise.reject(new Error('not asked')), close: () => undefined };
    const definition = { ...DEFINITION, output: [place('minio.default', 'b/out', { suffix: ['.txt'] })] };
    const providers = { storage: () => Promise.resolve(storage) };
    return { definition, providers, log: new Log('00000000', 'INFO', (text) => (log += text)), signal };
  };
  const texts = (count: number) => Array.from({ length: count }, (_, i) => file(`${i}.txt`));
  const aborted = async (signal?: AbortSignal) => {
    if (!signal?.aborted) await new Promise((resolve) => signal?.addEventListener('abort', resolve));
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test('are told with their bytes and time', async () => {
    expect(
      await stageOut(
        texts(2),
        stage(async () => 7),
      ),
    ).toBe(14);
    expect(log).toMatch(/INFO .* stored "0\.txt" in minio\.default as "b\/out\/0\.txt": 7 bytes in \d+\.\d{3} s\n/);
  });

  test('are four at a time', async () => {
    let running = 0;
    let most = 0;
    const done: string[] = [];
    const upload: Storage['upload'] = async (_, path) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      done.push(path);
      return 1;
    };
    expect(await stageOut(texts(25), stage(upload))).toBe(25);
    expect(most).toBe(4);
    expect(new Set(done).size).toBe(25);
  });

  test('a failure ends the others, and is what the invocation fails with', async () => {
    const begun: string[] = [];
    let ended = 0;
    const upload: Storage['upload'] = async (_, path, { signal }) => {
      begun.push(path);
      await turn();
      if (path.endsWith('/1.txt')) throw new InvocationError('storage', 'access denied');
      await aborted(signal);
      ended++;
      throw new InvocationError('cancelled', 'ended');
    };
    await expect(stageOut(texts(10), stage(upload))).rejects.toMatchObject({
      kind: 'storage',
      exitCode: 1,
      message: '"1.txt" can\'t be stored in minio.default: access denied',
    });
    expect(begun).toHaveLength(4);
    expect(ended).toBe(3);
  });

  test('end with their invocation', async () => {
    const abort = new AbortController();
    const upload: Storage['upload'] = async (_, __, { signal }) => {
      await aborted(signal);
      throw new InvocationError('cancelled', 'ended');
    };
    const ended = stageOut(texts(10), stage(upload, abort.signal));
    abort.abort(new InvocationError('cancelled', 'ended by SIGTERM', 143));
    await expect(ended).rejects.toMatchObject({ kind: 'cancelled', exitCode: 143, message: 'ended by SIGTERM' });
  });

  test('what no output takes is told', async () => {
    expect(
      await stageOut(
        [file('a.txt'), file('b.png')],
        stage(async () => 1),
      ),
    ).toBe(1);
    expect(log).toContain('WARNING - [00000000] 1 of 2 files match no output: they are not stored');
  });

  test('a defect keeps its place', async () => {
    const broken = () => Promise.reject(new TypeError('undefined is not a function'));
    await expect(stageOut(texts(1), stage(broken))).rejects.toMatchObject({
      kind: 'internal',
      message: expect.stringContaining('unexpected: undefined is not a function'),
      cause: expect.any(TypeError),
    });
  });
});
