import { ProgramError } from '../../../src/programs/common/fail';
import { deleteOlderJobs, ownJob } from '../../../src/programs/provisioner/older-jobs';
import { Report } from '../../../src/programs/provisioner/report';
import { lines, noWait } from './api';

describe('earlier Jobs', () => {
  const OWN = { namespace: 'oscar', name: 'oscar-provisioner-b' };
  const JOBS = '/apis/batch/v1/namespaces/oscar/jobs';
  const at = (name: string, creationTimestamp: string) => ({ metadata: { name, creationTimestamp } });
  const older = at('oscar-provisioner-a', '2026-03-01T09:59:59Z');
  const own = at(OWN.name, '2026-03-01T10:00:00Z');
  const newer = at('oscar-provisioner-c', '2026-03-01T10:00:01Z');

  const pod = (job: string, phase: string) => ({
    metadata: { name: `${job}-x`, labels: { 'batch.kubernetes.io/job-name': job } },
    status: { phase },
  });

  interface Server {
    readonly deletion?: number;
    readonly listing?: number;
    /** One list after the other; then none. */
    readonly pods?: object[][];
  }

  /** An API server with these Jobs and pods, which answers a deletion so. */
  function jobs(items: object[], { deletion = 200, listing = 200, pods = [] }: Server = {}) {
    const asked: string[] = [];
    const { log, logged } = lines();
    const lists = pods.values();
    const call = async (method: 'GET' | 'DELETE', path: string, body?: unknown) => {
      asked.push(`${method} ${decodeURIComponent(path)}${body ? ` ${JSON.stringify(body)}` : ''}`);
      if (method === 'DELETE') return { status: deletion, body: { message: 'no' } };
      const all = path.startsWith('/api/v1/namespaces/oscar/pods?') ? (lists.next().value ?? []) : items;
      return { status: listing, body: listing === 200 ? { items: all } : { message: 'no' } };
    };
    const run = (self = OWN) => deleteOlderJobs('oscar', self, { call }, new Report(log), noWait);
    return { asked, logged, run };
  }

  test('are deleted with their pods; its own and newer ones stay', async () => {
    const { asked, logged, run } = jobs([newer, own, older]);
    await run();
    expect(logged).toEqual(['info: changed: earlier Job oscar-provisioner-a: deleted']);
    const selector = 'labelSelector=app.kubernetes.io/component=provisioner,app.kubernetes.io/instance=oscar';
    expect(asked).toEqual([
      `GET ${JOBS}?${selector}`,
      `DELETE ${JOBS}/oscar-provisioner-a {"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"}`,
      `GET /api/v1/namespaces/oscar/pods?${selector}`,
    ]);
  });

  test('have ended before anything is changed: what still runs would undo it', async () => {
    const [old, forgotten] = ['Running', 'Pending'].map((phase, at) => pod(['oscar-provisioner-a', 'gone'][at], phase));
    const ended = pod('oscar-provisioner-a', 'Succeeded');
    const others = [pod(OWN.name, 'Running'), pod('oscar-provisioner-c', 'Running')];
    const pods = [[old, forgotten, ...others], [forgotten, ended, ...others], [ended, ...others], [old]];
    const { asked, logged, run } = jobs([newer, own, older], { pods });
    await run();
    expect(asked.filter((call) => call.includes('/pods?'))).toHaveLength(3);
    expect(logged.filter((line) => line.startsWith('warning'))).toEqual([]);
  });

  test('on a node that is gone hold up nothing for longer than a minute', async () => {
    const { asked, logged, run } = jobs([own], { pods: Array(100).fill([pod('gone', 'Running')]) });
    await run();
    expect(asked.filter((call) => call.includes('/pods?'))).toHaveLength(60);
    expect(logged).toEqual([
      expect.stringMatching(/^warning: to be done by hand: pods of earlier Jobs have not ended in 60 s: gone-x\. /),
    ]);
  });

  test('are left alone by a Job that was deleted itself, and it changes nothing any longer', async () => {
    const { asked, run } = jobs([older, newer]);
    await expect(run()).rejects.toThrow('the Job oscar-provisioner-b was deleted');
    expect(asked).toHaveLength(1);
  });

  test('of the same second stop one another: nobody can tell which declaration is the later one', async () => {
    const twin = at('oscar-provisioner-d', own.metadata.creationTimestamp);
    const { asked, run } = jobs([older, twin, own, newer]);
    const message =
      'the Jobs oscar-provisioner-b, oscar-provisioner-d were made in the same second (2026-03-01T10:00:00Z), and nothing tells ' +
      'which declaration is the later one: this one changes nothing. Fix: delete them (kubectl delete jobs -n oscar ' +
      'oscar-provisioner-b oscar-provisioner-d), and apply the manifests that are to hold';
    await expect(run()).rejects.toThrow(new ProgramError(message));
    await expect(run({ ...OWN, name: twin.metadata.name })).rejects.toThrow(new ProgramError(message));
    // Both still make room for earlier declarations.
    const deleted = asked.filter((call) => call.startsWith('DELETE')).map((call) => call.split(' ')[1]);
    expect(deleted).toEqual(Array(2).fill(`${JOBS}/oscar-provisioner-a`));
  });

  test('of the same second that are being deleted are none of it', async () => {
    const twin = at('oscar-provisioner-d', own.metadata.creationTimestamp);
    const going = { metadata: { ...twin.metadata, deletionTimestamp: '2026-03-01T10:00:01Z' } };
    const { asked, run } = jobs([going, own], { pods: [[pod(twin.metadata.name, 'Running')]] });
    await run();
    expect(asked.filter((call) => call.includes('/pods?'))).toHaveLength(2);
    await expect(run({ ...OWN, name: twin.metadata.name })).rejects.toThrow('was deleted');
  });

  test('that are gone already are no trouble', () => jobs([own, older], { deletion: 404 }).run());

  test('that stay are told of, as they would never run again', async () => {
    await expect(jobs([own, older], { deletion: 403 }).run()).rejects.toThrow(
      "earlier Job oscar-provisioner-a can't be deleted: 403: no",
    );
    await expect(jobs([], { listing: 403 }).run()).rejects.toThrow("Jobs can't be listed: 403: no");
  });

  test('need to know which Job this is', () => {
    expect(ownJob({ JOB_NAMESPACE: 'p', JOB_NAME: 'j' })).toEqual({ namespace: 'p', name: 'j' });
    expect(() => ownJob({ JOB_NAMESPACE: 'p' })).toThrow(ProgramError);
  });
});
