import { getText, listPages } from '../../../../src/programs/provisioner/store/objects';
import { StoreError, storeTime } from '../../../../src/programs/provisioner/store/store';
import { Answer, fakeStore, KEYS, s3Error } from './fake-store';

const GET = { what: 'GET of the bucket', method: 'GET', bucket: 'in' } as const;
const stops: (() => void)[] = [];
const start = async (...given: Parameters<typeof fakeStore>) => {
  const fake = await fakeStore(...given);
  stops.push(fake.stop);
  return fake;
};
afterEach(() => stops.splice(0).forEach((stop) => stop()));

describe('a call', () => {
  test.each([
    ['the store itself', { ...GET, bucket: '' }, 'GET /'],
    ['a bucket', GET, 'GET /in/'],
    ['what a bucket has', { ...GET, query: { notification: '' } }, 'GET /in/?notification='],
    ['an object', { ...GET, key: 'a b/ü' }, 'GET /in/a%20b/%C3%BC'],
  ])('for %s', async (_, call, line) => {
    const { store, calls } = await start(() => ({ status: 200, body: 'text' }));
    expect(await store.call(call)).toMatchObject({ status: 200, text: 'text' });
    expect(calls).toEqual([line]);
  });

  test('is made again while the store is busy or away, more and more slowly', async () => {
    const passing: Answer[] = [s3Error(503, 'SlowDownWrite'), { status: 500 }, (response) => response.destroy()];
    const { store, calls, waits, warnings } = await start((_, before) => passing[before] ?? { status: 200 });
    expect((await store.call(GET)).status).toBe(200);
    expect(calls).toHaveLength(4);
    [250, 500, 1000].forEach((most, index) => {
      expect(waits[index]).toBeGreaterThanOrEqual(most / 2);
      expect(waits[index]).toBeLessThanOrEqual(most);
    });
    expect(warnings[0]).toMatch(/^GET of the bucket: .*503 SlowDownWrite.*; trying again in 0\.\d s$/);
  });

  test('is made again when its answer breaks off', async () => {
    const cut: Answer = (response) => {
      response.writeHead(200, { 'content-length': '10' }).write('12345', () => response.destroy());
    };
    const { store } = await start((_, before) => (before === 0 ? cut : { status: 200, body: 'whole' }));
    expect((await store.call(GET)).text).toBe('whole');
  });

  test('is not made for ever', async () => {
    const { store, calls } = await start(() => s3Error(503, 'SlowDown'));
    await expect(store.call(GET)).rejects.toThrow(/GET of the bucket: .*503 SlowDown "words" \(tried 5 times\)/);
    expect(calls).toHaveLength(5);
  });

  test('is made twice while the store is known to be away, and as often as ever once it has answered', async () => {
    const state = { isAway: true };
    const { store, calls } = await start(() => (state.isAway ? s3Error(503, 'SlowDown') : s3Error(404, 'NoSuchKey')));
    const tries = async () => {
      const before = calls.length;
      await store.call(GET).catch(() => undefined);
      return calls.length - before;
    };
    expect([await tries(), await tries(), await tries()]).toEqual([5, 2, 2]);
    state.isAway = false;
    expect(await tries()).toBe(1);
    state.isAway = true;
    expect(await tries()).toBe(5);
  });

  test('that is refused is not made again; the error has the code, and no secret even if the store tells it', async () => {
    const { store, calls } = await start(() => s3Error(400, 'Odd', `you signed with ${KEYS.secretKey}`));
    const error = await store.call(GET).catch((one: Error) => one);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'Odd', status: 400 });
    expect(String(error)).toMatch(/GET of the bucket: .*400 Odd "you signed with \*\*\*"/);
    expect(calls).toHaveLength(1);
  });

  test('takes no endless answer', async () => {
    const { store } = await start(() => ({ status: 200, body: 'x'.repeat(17 * 1024 * 1024) }));
    await expect(store.call(GET)).rejects.toThrow("the store's answer is longer than");
  });
});

test("the store's time is its answer's", () => {
  const answer = (date?: string) => ({ status: 200, text: '', headers: { date } });
  expect(storeTime(answer('Tue, 24 Nov 2026 15:00:01 GMT'))).toBe('2026-11-24T15:00:01.000Z');
  for (const date of [undefined, 'soon']) expect(() => storeTime(answer(date))).toThrow('tells no time');
});

describe('objects', () => {
  const page = (key: string, more: string) =>
    `<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>${key}</Key></Contents>${more}</ListBucketResult>`;
  const listed = async (body: string) => {
    const { store } = await start(() => ({ status: 200, body }));
    const keys: string[] = [];
    for await (const all of listPages(store, 'in', '')) keys.push(...all.map(({ key }) => key));
    return keys;
  };

  test('are listed by their names as they were', async () => {
    expect(await listed(page('a+b%2Bc%3C%0A', '<IsTruncated>false</IsTruncated>'))).toEqual(['a b+c<\n']);
  });

  test('are not listed for ever by a store that goes in circles', async () => {
    const circle = '<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>';
    await expect(listed(page('a', circle))).rejects.toThrow(
      'list of "in/": the store says that there is more, and not',
    );
    await expect(listed(page('a', '<IsTruncated>true</IsTruncated>'))).rejects.toThrow('there is more, and not where');
    await expect(listed(page('%ff', ''))).rejects.toThrow('holds a key that can\'t be decoded: "%ff"');
  });

  test('of a bucket that is missing are not taken for missing themselves', async () => {
    const { store } = await start((call) => s3Error(404, call.includes('none') ? 'NoSuchBucket' : 'NoSuchKey'));
    expect(await getText(store, 'in', 'key')).toBeUndefined();
    await expect(getText(store, 'none', 'key')).rejects.toThrow('NoSuchBucket');
  });
});
