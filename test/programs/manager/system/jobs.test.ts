import { JobStatus } from '../../../../src/programs/manager/state/jobs';
import { SystemUnderTest } from './fixture';

let it: SystemUnderTest;
beforeEach(async () => (it = await SystemUnderTest.start()));
afterEach(() => it.stop());

const see = (name: string, status: JobStatus = 'Pending', more: object = {}) =>
  it.jobs.onJob(name, { name, service: name.split('-')[0], status, created: '2026-11-24T11:00:00Z', ...more } as never);

const names = () => it.double.objects.list('Job', 'oscar-svc').map(({ metadata: { name } }) => name);

describe('list', () => {
  test('times that are not known are left out', async () => {
    see('cow-1');
    see('cow-2', 'Succeeded', { started: '2026-11-24T11:00:01Z', finished: '2026-11-24T11:00:05Z' });
    see('sheep-1');
    await expect(it.json('/system/logs/cow')).resolves.toEqual({
      jobs: {
        'cow-2': {
          status: 'Succeeded',
          creation_time: '2026-11-24T11:00:00Z',
          start_time: '2026-11-24T11:00:01Z',
          finish_time: '2026-11-24T11:00:05Z',
        },
        'cow-1': { status: 'Pending', creation_time: '2026-11-24T11:00:00Z' },
      },
      next_page: '',
      remaining_jobs: 0,
    });
    expect(it.asked).toEqual([]);
  });

  test('pages', async () => {
    for (let i = 100; i < 250; i++) see(`cow-${i}`);
    const seen: string[] = [];
    const remaining: number[] = [];
    let page = '';
    do {
      const { jobs, next_page, remaining_jobs } = await it.json(`/system/logs/cow?page=${page}`);
      seen.push(...Object.keys(jobs));
      remaining.push(remaining_jobs);
      page = next_page;
    } while (page);
    expect(remaining).toEqual([80, 10, 0]);
    expect(seen).toEqual(Array.from({ length: 150 }, (_, i) => `cow-${249 - i}`));
  });

  test.each(['x', '!!!', '%00', 'YWJj', '2026'])('page=%s', async (page) => {
    await expect(it.call(`/system/logs/cow?page=${page}`)).resolves.toMatchObject({ status: 400 });
  });

  test('a service without Jobs, one that is gone, and one that never was', async () => {
    await expect(it.json('/system/logs/cow')).resolves.toEqual({ jobs: {}, next_page: '', remaining_jobs: 0 });
    see('goat-1');
    await expect(it.json('/system/logs/goat')).resolves.toMatchObject({ jobs: { 'goat-1': {} } });
    await expect(it.call('/system/logs/gnu')).resolves.toMatchObject({ status: 404 });
  });
});

describe('delete', () => {
  beforeEach(() => {
    it.putJob('cow', 'cow-done', { succeeded: 1 });
    it.putJob('cow', 'cow-runs', { active: 1 });
    it.putJob('sheep', 'sheep-done', { succeeded: 1 });
  });

  test('one', async () => {
    const sent = { method: 'DELETE', headers: { authorization: 'Bearer cow-token' } };
    await expect(it.call('/system/logs/cow/cow-runs', sent)).resolves.toMatchObject({ status: 204, text: '' });
    expect(names()).toEqual(['cow-done', 'sheep-done']);
    await expect(it.call('/system/logs/cow/cow-runs', sent)).resolves.toMatchObject({ status: 404 });
  });

  test("another service's", async () => {
    const sent = { method: 'DELETE', headers: { authorization: 'Bearer cow-token' } };
    await expect(it.call('/system/logs/cow/sheep-done', sent)).resolves.toMatchObject({ status: 404 });
    await expect(it.call('/system/logs/sheep/sheep-done', sent)).resolves.toMatchObject({ status: 401 });
    expect(names()).toHaveLength(3);
  });

  test('what succeeded', async () => {
    await expect(it.call('/system/logs/cow?all=no', { method: 'DELETE' })).resolves.toMatchObject({ status: 204 });
    expect(names()).toEqual(['cow-runs', 'sheep-done']);
  });

  test.each(['true', '1', 'T'])('all=%s', async (all) => {
    await expect(it.call(`/system/logs/cow?all=${all}`, { method: 'DELETE' })).resolves.toMatchObject({ status: 204 });
    expect(names()).toEqual(['sheep-done']);
  });

  test('Kubernetes in trouble', async () => {
    const { double } = it;
    double.allow = () => false;
    await expect(it.call('/system/logs/cow', { method: 'DELETE' })).resolves.toMatchObject({ status: 500 });
    await expect(it.call('/system/logs/cow/cow-1', { method: 'DELETE' })).resolves.toMatchObject({ status: 500 });
    await double.stop();
    await expect(it.call('/system/logs/cow', { method: 'DELETE' })).resolves.toMatchObject({ status: 503 });
  });
});
