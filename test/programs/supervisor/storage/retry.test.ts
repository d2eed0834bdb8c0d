import { InvocationError } from '../../../../src/programs/supervisor/failure';
import {
  mayPass,
  PATIENT_TRIES,
  patiently,
  PassingError,
  pauseMs,
} from '../../../../src/programs/supervisor/storage/retry';
import { transfer } from './support/files';
import { skipWaits } from './support/waits';

let waits: number[];
beforeEach(() => (waits = skipWaits()));
afterEach(() => jest.restoreAllMocks());

const failing = (times: number, error: Error) => {
  let left = times;
  return jest.fn(async () => {
    if (left-- > 0) throw error;
    return 'done';
  });
};

describe('patience', () => {
  test('six tries, with pauses that double and vary by half', async () => {
    const attempt = failing(6, new PassingError('the server is busy'));
    const { warn, warnings } = transfer();
    const tried = patiently('upload of "a"', { warn }, attempt);
    await expect(tried).rejects.toThrow(
      new InvocationError('storage', 'upload of "a": the server is busy (tried 6 times)'),
    );
    await expect(tried).rejects.toMatchObject({ kind: 'storage' });
    expect(attempt).toHaveBeenCalledTimes(6);
    const longest = [200, 400, 800, 1600, 3200];
    expect(waits).toHaveLength(longest.length);
    waits.forEach((wait, i) => {
      expect(wait).toBeGreaterThanOrEqual(longest[i] / 2);
      expect(wait).toBeLessThanOrEqual(longest[i]);
    });
    expect(warnings).toHaveLength(5);
    expect(warnings[0]).toMatch(/^upload of "a": the server is busy; trying again in 0\.[12] s$/);
  });

  test('five failures, then success', async () => {
    const attempt = failing(5, new PassingError('busy'));
    await expect(patiently('it', transfer(), attempt)).resolves.toBe('done');
  });

  test('who has time waits for five minutes, with pauses of fifteen seconds at most', async () => {
    const tried = patiently('it', { ...transfer(), tries: PATIENT_TRIES }, failing(99, new PassingError('busy')));
    await expect(tried).rejects.toThrow(`it: busy (tried ${PATIENT_TRIES} times)`);
    const seconds = waits.reduce((sum, ms) => sum + ms / 1000, 0);
    // Half of each pause is random.
    expect(seconds).toBeGreaterThan(200);
    expect(seconds).toBeLessThanOrEqual(401);
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
  });

  test('tries that moved bytes are not counted', async () => {
    const attempt = failing(30, new PassingError('broke', { progress: true }));
    await expect(patiently('it', transfer(), attempt)).resolves.toBe('done');
    expect(Math.max(...waits)).toBeLessThanOrEqual(200);
  });

  test.each([
    ['what the server asks for', 7_000, 7_000],
    ['at most 30 s', 3_600_000, 30_000],
  ])('pauses: %s', async (_, asked, waited) => {
    await patiently('it', transfer(), failing(1, new PassingError('busy', { pauseMs: asked })));
    expect(waits).toEqual([waited]);
  });

  test('anything else is thrown as it is, at once', async () => {
    const error = new InvocationError('storage', 'no such object');
    const attempt = failing(1, error);
    await expect(patiently('it', transfer(), attempt)).rejects.toBe(error);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test('cancelled before it begins', async () => {
    const attempt = failing(0, new Error());
    const tried = patiently('it', transfer(AbortSignal.abort()), attempt);
    await expect(tried).rejects.toMatchObject({ kind: 'cancelled' });
    expect(attempt).not.toHaveBeenCalled();
  });

  test('cancelled in a pause', async () => {
    jest.restoreAllMocks();
    const controller = new AbortController();
    const attempt = failing(9, new PassingError('busy', { pauseMs: 30_000 }));
    const warn = () => void setImmediate(() => controller.abort());
    const tried = patiently('it', { signal: controller.signal, warn }, attempt);
    await expect(tried).rejects.toMatchObject({ kind: 'cancelled' });
    expect(attempt).toHaveBeenCalledTimes(1);
  });
});

test.each([
  [408, true],
  [425, true],
  [429, true],
  [499, true],
  [500, true],
  [502, true],
  [503, true],
  [504, true],
  [599, true],
  [200, false],
  [301, false],
  [400, false],
  [403, false],
  [404, false],
  [409, false],
  [412, false],
  [501, false],
  [505, false],
  [507, false],
])('a status of %i may pass: %s', (status, passes) => expect(mayPass(status)).toBe(passes));

test.each([
  [undefined, undefined],
  ['3', 3_000],
  ['0', undefined],
  ['Sun, 22 Nov 2026 10:00:05 GMT', 5_000],
  ['Sun, 22 Nov 2026 09:00:00 GMT', undefined],
  ['soon', undefined],
  ['-1', undefined],
])('Retry-After: %s', (value, ms) => {
  expect(pauseMs(value, Date.parse('2026-11-22T10:00:00Z'))).toBe(ms);
});
