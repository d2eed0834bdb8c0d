import { isUnderWay, jobRecord, JobRecord, Jobs } from '../../../../src/programs/manager/state/jobs';

const at = (second: number) => `2026-11-24T11:00:${String(second).padStart(2, '0')}Z`;
const job = (name: string, second: number, more: Partial<JobRecord> = {}): JobRecord => ({
  ...{ name, service: 'a', status: 'Pending', created: at(second) },
  ...more,
});

function jobsOf(...records: JobRecord[]): Jobs {
  const jobs = new Jobs();
  for (const record of records) jobs.onJob(record.name, record);
  return jobs;
}
const names = (records: readonly JobRecord[]) => records.map(({ name }) => name);

describe('pages', () => {
  test('newest first, of one service', () => {
    const jobs = jobsOf(job('a-1', 1), job('a-3', 3), job('a-2', 2), job('b-1', 9, { service: 'b' }));
    expect(jobs.page('a', 10)).toEqual({ jobs: [job('a-3', 3), job('a-2', 2), job('a-1', 1)], remaining: 0 });
    expect(jobs.page('none', 10)).toEqual({ jobs: [], remaining: 0 });
  });

  test('page by page, each Job once, whatever comes and goes meanwhile', () => {
    const jobs = jobsOf(...Array.from({ length: 25 }, (_, i) => job(`a-${String(i).padStart(2, '0')}`, i % 7)));
    const seen: string[] = [];
    let next: string | undefined;
    do {
      const page = jobs.page('a', 10, next);
      seen.push(...names(page.jobs));
      expect(page.remaining).toBe(25 - seen.length);
      jobs.onJob(`a-new-${seen.length}`, job(`a-new-${seen.length}`, 50));
      jobs.onJob(seen[0], undefined);
      next = page.next;
    } while (next);
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });
});

test('the newest of all services', () => {
  const jobs = jobsOf(job('a-1', 1), job('b-5', 5, { service: 'b' }), job('a-3', 3), job('c-2', 2, { service: 'c' }));
  expect(names(jobs.newest(3))).toEqual(['b-5', 'a-3', 'c-2']);
  expect(names(jobs.newest(9))).toEqual(['b-5', 'a-3', 'c-2', 'a-1']);
});

test('counts, by service and status; what is gone counts no more', () => {
  const jobs = jobsOf(job('a-1', 1), job('a-2', 2), job('b-1', 1, { service: 'b', status: 'Failed' }));
  jobs.onJob('a-2', job('a-2', 2, { status: 'Succeeded' }));
  const none = { Pending: 0, Running: 0, Succeeded: 0, Failed: 0 };
  expect([...jobs.counts()]).toEqual([
    ['a', { ...none, Pending: 1, Succeeded: 1 }],
    ['b', { ...none, Failed: 1 }],
  ]);
  expect(jobs.count).toBe(3);
  jobs.onJob('b-1', undefined);
  jobs.onJob('never-seen', undefined);
  expect([...jobs.counts()].map(([service]) => service)).toEqual(['a']);
  expect(jobs.count).toBe(2);
});

test.each([
  [{}, { status: 'Pending' }],
  [
    { startTime: at(2), active: 1, ready: 0 },
    { status: 'Pending', started: at(2) },
  ],
  [
    { startTime: at(2), active: 1, ready: 1 },
    { status: 'Running', started: at(2) },
  ],
  [
    { startTime: at(2), completionTime: at(9), conditions: [{ type: 'Complete', status: 'True' }] },
    { status: 'Succeeded', started: at(2), finished: at(9) },
  ],
  [
    { startTime: at(2), conditions: [{ type: 'Failed', status: 'True', lastTransitionTime: at(8) }] },
    { status: 'Failed', started: at(2), finished: at(8) },
  ],
  // It will fail, but its pods still end.
  [
    { startTime: at(2), ready: 1, conditions: [{ type: 'FailureTarget', status: 'True' }] },
    { status: 'Running', started: at(2) },
  ],
])('what a Job tells: %j', (status, expected) => {
  const metadata = { name: 'a-1', creationTimestamp: at(1), labels: { oscar_service: 'a' } };
  expect(jobRecord({ metadata, status })).toEqual({ name: 'a-1', service: 'a', created: at(1), ...expected });
});

const OVER = { conditions: [{ type: 'Complete', status: 'True' }] };
test.each<[string, boolean, string | undefined, object, Partial<JobRecord>, boolean]>([
  ['is not suspended', false, undefined, {}, {}, true],
  ['waits for its turn', true, '4', {}, { isSuspended: true, waiting: { uid: 'u', limit: 4 } }, false],
  ['was suspended by a person', true, undefined, {}, { isSuspended: true }, false],
  ['has a label that the manager never writes', true, 'four', {}, { isSuspended: true }, false],
  ['has another of these', true, '0', {}, { isSuspended: true }, false],
  ['was told to go on by a person', false, '4', {}, {}, true],
  ['was suspended when it was over', true, '4', OVER, { status: 'Succeeded' }, false],
])('a Job that %s', (_, suspend, limit, status, expected, underWay) => {
  const labels = { oscar_service: 'a', ...(limit ? { 'oscar-cdk8s/waits-for-one-of': limit } : {}) };
  const metadata = { name: 'a-1', uid: 'u', creationTimestamp: at(1), labels };
  const record = jobRecord({ metadata, spec: { suspend }, status });
  expect(record).toEqual({ name: 'a-1', service: 'a', status: 'Pending', created: at(1), ...expected });
  expect(isUnderWay(record)).toBe(underWay);
});

test('whoever listens is told what a Job was and is', () => {
  const jobs = jobsOf(job('a-1', 1));
  const told: unknown[] = [];
  jobs.onChange((...change) => told.push(change));
  const [before, after, another] = [job('a-1', 1), job('a-1', 2), job('a-1', 2, { service: 'b' })];
  jobs.onJob('a-1', after);
  jobs.onJob('a-1', another);
  jobs.onJob('a-1', undefined);
  jobs.onJob('never-seen', undefined);
  expect(told).toEqual([
    [before, after],
    [after, another],
    [another, undefined],
    [undefined, undefined],
  ]);
  expect(jobs.count).toBe(0);
});

test('all Jobs are known once a list has come', () => {
  const jobs = jobsOf(job('a-1', 1));
  expect(jobs.complete).toBe(false);
  jobs.onListed();
  expect(jobs.complete).toBe(true);
});

test('they are known as they were at one moment, but while a list comes in', () => {
  const jobs = jobsOf(job('a-1', 1));
  let told = 0;
  jobs.onWhole(() => told++);
  const isWhole = [jobs.whole];
  for (const step of [jobs.onListing, jobs.onListed, jobs.onListing, jobs.onListed]) {
    step();
    isWhole.push(jobs.whole);
  }
  expect(isWhole).toEqual([false, false, true, false, true]);
  expect(told).toBe(2);
});
