import { ProgramError } from '../../../src/programs/common/fail';
import { deleteOlderJobs, ownJob } from '../../../src/programs/provisioner/older-jobs';
import { lines, noWait } from './api';

describe('earlier Jobs', () => {
  const OWN = { namespace: 'oscar', name: 'oscar-provisioner-b' };
  const JOBS = '/apis/batch/v1/namespaces/oscar/jobs';
  const at = (name: string, creationTimestamp: string) => ({ metadata: { name, creationTimestamp } });
  const older = at('oscar-provisioner-a', '2026-03-01T09:59:59Z');
  const own = at(OWN.name, '2026-03-01T10:00:00Z');
  const newer = at('oscar-provisioner-c', '2026-03-01T10:00:01Z');

  /** An API server with these Jobs, which answers a deletion so. */
  function jobs(items: object[], deletion = 200, listing = 200) {
    const asked: string[] = [];
    const call = async (method: 'GET' | 'DELETE', path: string, body?: unknown) => {
      asked.push(`${method} ${decodeURIComponent(path)}${body ? ` ${JSON.stringify(body)}` : ''}`);
      if (method === 'DELETE') return { status: deletion, body: { message: 'no' } };
      return { status: listing, body: listing === 200 ? { items } : { message: 'no' } };
    };
    const run = () => deleteOlderJobs('oscar', OWN, { call }, lines().log, noWait);
    return { asked, run };
  }

  test('are deleted with their pods; its own and newer ones stay', async () => {
    const { asked, run } = jobs([newer, own, older]);
    await run();
    expect(asked).toEqual([
      `GET ${JOBS}?labelSelector=app.kubernetes.io/component=provisioner,app.kubernetes.io/instance=oscar`,
      `DELETE ${JOBS}/oscar-provisioner-a {"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"}`,
    ]);
  });

  test('are left alone by a Job that was deleted itself', async () => {
    const { asked, run } = jobs([older, newer]);
    await run();
    expect(asked).toHaveLength(1);
  });

  test('that are gone already are no trouble', () => jobs([own, older], 404).run());

  test('that stay are told of, as they would never run again', async () => {
    await expect(jobs([own, older], 403).run()).rejects.toThrow(
      "earlier Job oscar-provisioner-a can't be deleted: 403: no",
    );
    await expect(jobs([], 200, 403).run()).rejects.toThrow("Jobs can't be listed: 403: no");
  });

  test('need to know which Job this is', () => {
    expect(ownJob({ JOB_NAMESPACE: 'p', JOB_NAME: 'j' })).toEqual({ namespace: 'p', name: 'j' });
    expect(() => ownJob({ JOB_NAMESPACE: 'p' })).toThrow(ProgramError);
  });
});
