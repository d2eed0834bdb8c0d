import { Attempts } from '../../../../src/programs/manager/auth/attempts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** How long the next wrong login of a client waits. */
async function delayOf(attempts: Attempts, address: string): Promise<number> {
  const from = performance.now();
  const done = attempts.failed(address, from).then(() => performance.now() - from);
  await jest.advanceTimersByTimeAsync(5_000);
  return done;
}

test('each wrong login waits twice as long, up to 4 s', async () => {
  const attempts = new Attempts();
  const delays: number[] = [];
  for (let i = 0; i < 7; i++) delays.push(await delayOf(attempts, 'a'));
  expect(delays).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
  await expect(delayOf(attempts, 'b')).resolves.toBe(250);
});

test('is forgotten after a while', async () => {
  const attempts = new Attempts();
  for (let i = 0; i < 5; i++) await delayOf(attempts, 'a');
  await jest.advanceTimersByTimeAsync(5 * 60_000);
  await expect(delayOf(attempts, 'a')).resolves.toBe(250);
});

test('how long the check took is not to be seen', async () => {
  const attempts = new Attempts();
  const came = performance.now();
  await jest.advanceTimersByTimeAsync(100);
  const done = attempts.failed('a', came).then(() => performance.now() - came);
  await jest.advanceTimersByTimeAsync(1_000);
  await expect(done).resolves.toBe(250);
});

test('what is not counted waits as long as the first that is', async () => {
  const attempts = new Attempts();
  const came = performance.now();
  await jest.advanceTimersByTimeAsync(100);
  const done = attempts.leastWait(came).then(() => performance.now() - came);
  await jest.advanceTimersByTimeAsync(1_000);
  await expect(done).resolves.toBe(250);
});

test('sixteen wait, and no more', async () => {
  const attempts = new Attempts();
  for (let i = 0; i < 15; i++) void attempts.failed('a', performance.now());
  expect(attempts.isTooMany('a')).toBe(false);
  void attempts.failed('a', performance.now());
  expect(attempts.isTooMany('a')).toBe(true);
  expect(attempts.isTooMany('b')).toBe(false);
  await jest.advanceTimersByTimeAsync(4_000);
  expect(attempts.isTooMany('a')).toBe(false);
});

test('memory is bounded', () => {
  const attempts = new Attempts();
  for (let i = 0; i < 10_100; i++) void attempts.failed(`address ${i}`, performance.now());
  expect(attempts.size).toBe(10_000);
});
