import { Metrics } from '../../../src/programs/manager/metrics';
import { JobRecord, Jobs } from '../../../src/programs/manager/state/jobs';
import { known, definition } from './services';

const record = (name: string, more: Partial<JobRecord> = {}): JobRecord => ({
  ...{ name, service: 'a', status: 'Pending', created: '2026-01-01T00:00:00Z' },
  ...more,
});
const WAITING = { isSuspended: true, waiting: { uid: 'u', limit: 1 } } as const;

let jobs: Jobs;
let metrics: Metrics;
beforeEach(() => {
  jobs = new Jobs();
  metrics = new Metrics(jobs, known(definition('a'), definition('b')));
});
const tell = (...records: JobRecord[]) => records.forEach((job) => jobs.onJob(job.name, job));

/** Values of a metric, by its labels. */
async function told(name: string): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(lines.map((line) => [/\{(.*)\}/.exec(line)![1], Number(line.split(' ').at(-1))]));
}
const ended = async (service = 'a') => {
  const values = await told('oscar_manager_jobs_ended_total');
  return ['Succeeded', 'Failed'].map((status) => values[`service="${service}",status="${status}"`]);
};

describe('how many there are', () => {
  test('by status, and of which those wait that do; also where it is none', async () => {
    tell(record('a-1', WAITING), record('a-2', WAITING), record('a-3'), record('a-4', { status: 'Running' }));
    tell(record('a-5', { isSuspended: true }), record('c-1', { service: 'c', status: 'Failed' }));
    jobs.onListed();
    expect(await told('oscar_manager_jobs_waiting')).toEqual({ 'service="a"': 2, 'service="c"': 0 });
    expect(await told('oscar_manager_jobs_under_way')).toEqual({ 'service="a"': 2, 'service="c"': 0 });
    expect(await told('oscar_manager_jobs')).toMatchObject({
      'service="a",status="Pending"': 4,
      'service="a",status="Running"': 1,
      'service="c",status="Failed"': 1,
    });
  });

  test('nothing while only some are known, and nothing of a service whose Jobs are gone', async () => {
    tell(record('a-1', WAITING));
    const names = ['oscar_manager_jobs', 'oscar_manager_jobs_waiting', 'oscar_manager_jobs_under_way'];
    for (const name of names) expect(await told(name)).toEqual({});
    jobs.onListed();
    for (const name of names) expect(await told(name)).not.toEqual({});
    jobs.onJob('a-1', undefined);
    for (const name of names) expect(await told(name)).toEqual({});
  });
});

describe('how many ended', () => {
  test('none, of each service that is declared, from the start', async () => {
    expect(await ended('a')).toEqual([0, 0]);
    expect(await ended('b')).toEqual([0, 0]);
  });

  test('those that are seen to, each once', async () => {
    jobs.onListed();
    tell(record('a-1'), record('a-2'), record('a-3'));
    tell(
      record('a-1', { status: 'Running' }),
      record('a-1', { status: 'Failed' }),
      record('a-2', { status: 'Succeeded' }),
    );
    tell(record('a-1', { status: 'Failed', finished: '2026-01-01T00:00:01Z' }));
    expect(await ended()).toEqual([1, 1]);
    jobs.onJob('a-1', undefined);
    jobs.onJob('a-3', undefined);
    expect(await ended()).toEqual([1, 1]);
  });

  test('not those of the first list', async () => {
    tell(record('a-1', { status: 'Failed' }), record('a-2'));
    jobs.onListed();
    expect(await ended()).toEqual([0, 0]);
    tell(record('a-1', { status: 'Failed' }), record('a-2', { status: 'Failed' }));
    expect(await ended()).toEqual([0, 1]);
  });

  test('those too that came and ended while the watch was broken', async () => {
    jobs.onListed();
    tell(record('a-1'));
    jobs.onListing();
    tell(record('a-1', { status: 'Succeeded' }), record('a-2', { status: 'Failed' }));
    jobs.onListed();
    expect(await ended()).toEqual([1, 1]);
  });

  test('of a service that is not declared any more', async () => {
    jobs.onListed();
    tell(record('c-1', { service: 'c' }), record('c-1', { service: 'c', status: 'Failed' }));
    expect(await ended('c')).toEqual([undefined, 1]);
  });
});
