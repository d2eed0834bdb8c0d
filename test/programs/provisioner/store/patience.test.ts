import { STORE_TRIES, storePauseMs } from '../../../../src/programs/provisioner/store/patience';

describe('the pauses of a call', () => {
  test('are two to four minutes in all, whatever chance says', () => {
    const pauses = Array.from({ length: STORE_TRIES - 1 }, (_, index) => storePauseMs(index + 1));
    const seconds = pauses.reduce((sum, ms) => sum + ms, 0) / 1000;
    expect(seconds).toBeGreaterThan(110);
    expect(seconds).toBeLessThan(240);
  });

  test('are as long as the store asks for, but no more than 16 s', () => {
    expect(storePauseMs(1, 5000)).toBe(5000);
    expect(storePauseMs(1, 60_000)).toBe(16_000);
    expect(storePauseMs(10, 1)).toBeGreaterThanOrEqual(8000);
  });
});
