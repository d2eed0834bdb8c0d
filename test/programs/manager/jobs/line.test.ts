import { Line } from '../../../../src/programs/manager/jobs/line';
import type { JobRecord } from '../../../../src/programs/manager/state/jobs';

const waiting = (number: number, limit = 1): JobRecord => ({
  ...{ name: `a-${number}`, service: 'a', status: 'Pending', created: '2026-01-01T00:00:00Z' },
  ...{ isSuspended: true, waiting: { uid: String(number), limit } },
});
const RUNNING: JobRecord = { name: 'a', service: 'a', status: 'Running', created: '2026-01-01T00:00:00Z' };

test('is empty when nobody is under way or waits', () => {
  const line = new Line();
  expect(line.isEmpty).toBe(true);
  for (const job of [RUNNING, waiting(1)]) {
    line.add(job);
    expect(line.isEmpty).toBe(false);
    line.remove(job);
    expect(line.isEmpty).toBe(true);
  }
});

test('who is over, or was suspended by a person, takes no place', () => {
  const line = new Line();
  line.add({ ...RUNNING, status: 'Succeeded' });
  line.add({ ...RUNNING, status: 'Failed' });
  line.add({ ...RUNNING, status: 'Pending', isSuspended: true });
  expect(line.isEmpty).toBe(true);
  line.add(waiting(1));
  expect(line.choose(1)?.name).toBe('a-1');
});

test('without a limit it is the one that the oldest was made with', () => {
  const line = new Line();
  for (const number of [1, 2, 3]) line.add(waiting(number, 2));
  expect([line.choose()?.name, line.choose()?.name, line.choose()]).toEqual(['a-1', 'a-2', undefined]);
});

test('who waits, is chosen and leaves is told apart', () => {
  const line = new Line();
  line.add(waiting(1));
  const chosen = line.choose(1)!;
  expect(line.isWaiting(chosen)).toBe(true);
  line.remove(waiting(1));
  expect(line.isWaiting(chosen)).toBe(false);
});

test('of those who leave without a turn nothing is left', () => {
  const line = new Line();
  line.add(RUNNING);
  line.add(waiting(0));
  for (let number = 1; number < 10_000; number++) {
    line.add(waiting(number));
    line.remove(waiting(number));
  }
  expect(line['order'].size).toBeLessThan(100);
  line.remove(RUNNING);
  expect(line.choose(1)?.name).toBe('a-0');
});
