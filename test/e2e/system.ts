import { createHash, randomBytes } from 'node:crypto';
import { eventually } from './cluster';
import { whileCordoned } from './cordon';
import { bearer, Call, Manager, measured } from './manager';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';

interface JobInfo {
  readonly status: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly creation_time: string;
  readonly start_time?: string;
  readonly finish_time?: string;
}

export interface JobList {
  readonly jobs: Readonly<Record<string, JobInfo>>;
  readonly remaining_jobs: number;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** What a kubelet says of a log that another has cleared away: nodes that are one machine share a folder of logs. */
const CLEARED = /^failed to try resolving symlinks/;

/** `POST /job`: what was sent is the script's input, and its result stands in the Job's log. */
export function aJobIsMadeByHand(scenario: Scenario, service: string, what: string, call: Call, log: RegExp): void {
  scenario.step(`a Job of ${service} is made by hand, of ${what}`, async () => {
    const manager = await Manager.of(scenario.cluster);
    const as = await manager.tokenOf(service);
    let text = '';
    for (let tries = 0; tries < 3; tries++) {
      const began = performance.now();
      const made = await manager.call('POST', `/job/${service}`, { ...call, as });
      expect(made).toEqual({
        status: 201,
        text: expect.stringMatching(new RegExp(`^${service}-[0-9a-f]{20}$`)) as string,
      });
      const info = await finished(manager, service, made.text);
      measured(`${service}: Job done`, began);
      expect(info).toEqual({
        status: 'Succeeded',
        creation_time: expect.stringMatching(TIME) as string,
        start_time: expect.stringMatching(TIME) as string,
        finish_time: expect.stringMatching(TIME) as string,
      });
      text = (await manager.call('GET', `/system/logs/${service}/${made.text}`, { as })).text;
      if (text && !CLEARED.test(text)) break;
    }
    expect(text).toMatch(log);
  });
}

/** A MiB of anything, and what `plants` says of it: its checksum. */
export function largeBody(): { call: Call; log: RegExp } {
  const body = new Uint8Array(randomBytes(2 ** 20));
  const md5 = createHash('md5').update(body).digest('hex');
  const species = Buffer.from(`{"species": "${md5}"}\n`).toString('base64');
  return { call: { contentType: 'application/octet-stream', body }, log: new RegExp(`^${species}\\s*$`) };
}

async function finished(manager: Manager, service: string, job: string): Promise<JobInfo> {
  const seen = new Set<string>();
  return eventually(`${job} is done`, 120, async () => {
    const info = (await manager.read<JobList>(`/system/logs/${service}`)).jobs[job];
    seen.add(info?.status ?? 'not listed yet');
    expect(
      [...seen].filter((status) => !['not listed yet', 'Pending', 'Running', 'Succeeded'].includes(status)),
    ).toEqual([]);
    if (info?.status !== 'Succeeded') throw new Error(`it is ${[...seen].join(', then ')}`);
    return info;
  });
}

/** `DELETE /system/logs`: of one Job, of those that succeeded, of all. */
export function jobsAreDeleted(scenario: Scenario, service: string): void {
  scenario.step(`Jobs of ${service} are deleted: one, those that succeeded, all`, async () => {
    const { cluster } = scenario;
    const manager = await Manager.of(cluster);
    const as = await manager.tokenOf(service);
    const path = `/system/logs/${service}`;
    const post = async () => (await manager.call('POST', `/job/${service}`, { as, body: '{"message": "moo"}' })).text;
    const listed = async () => Object.keys((await manager.read<JobList>(path)).jobs).sort();
    const remove = async (what: string) =>
      expect(await manager.call('DELETE', path + what, { as })).toEqual({ status: 204, text: '' });

    const [first, second] = [await post(), await post()];
    await Promise.all([first, second].map((job) => finished(manager, service, job)));
    await remove(`/${first}`);
    expect((await cluster.tryKubectl('get', 'job', '-n', SERVICES, first)).output).toContain('NotFound');
    await eventually('it is not listed', 10, async () => expect(await listed()).not.toContain(first));
    expect((await manager.call('DELETE', `${path}/${first}`, { as })).status).toBe(404);

    // No node has room for it, so it doesn't succeed.
    await whileCordoned(cluster, await cluster.nodes(), async () => {
      const third = await post();
      await remove('');
      await eventually('only what waits is left', 10, async () => expect(await listed()).toEqual([third]));
      await remove('?all=true');
      await eventually('nothing is left', 10, async () => expect(await listed()).toEqual([]));
    });
  });
}

/** Who has no token, a wrong one or another service's gets in nowhere. */
export function tokensAreChecked(scenario: Scenario, service: string, other: string): void {
  const doors = [
    ['POST', `/run/${service}`],
    ['POST', `/job/${service}`],
    ['GET', `/system/logs/${service}`],
    ['POST', '/events'],
  ];

  scenario.step('nobody gets in without the right token', async () => {
    const manager = await Manager.of(scenario.cluster);
    const wrong = [undefined, bearer('0'.repeat(64)), await manager.tokenOf(other)];
    const tried = wrong.flatMap((as) => doors.map(([method, path]) => ({ method, path, as })));
    const adminsOnly = { method: 'GET', path: '/system/config', as: await manager.tokenOf(service) };
    // At once: each wrong one is answered later than the one before.
    const answers = [...tried, adminsOnly].map(({ method, path, as }) => manager.call(method, path, { as }));
    for (const answer of answers) expect((await answer).status).toBe(401);
  });
}

/**
 * The new one is good at once.
 * @returns the step that shows that the old one ends, for a while later: a manager that was not asked with the new one may
 * know the old one for a minute
 */
export function aTokenIsChanged(scenario: Scenario, service: string): () => void {
  const { cluster } = scenario;
  let before = '';
  const list = async (as: string) =>
    (await (await Manager.of(cluster)).call('GET', `/system/logs/${service}`, { as })).status;

  scenario.step(`the token of ${service} is changed: the new one is good`, async () => {
    before = await (await Manager.of(cluster)).tokenOf(service);
    expect(await list(before)).toBe(200);
    const after = randomBytes(32).toString('hex');
    const patch = JSON.stringify({ stringData: { token: after } });
    await cluster.kubectl('patch', 'secret', '-n', SERVICES, `${service}-token`, '-p', patch);
    const began = performance.now();
    await eventually('the new token is good', 5, async () => expect(await list(bearer(after))).toBe(200));
    measured('new token taken after', began);
  });

  return () =>
    scenario.step(`the token that ${service} had before is not good any longer`, async () => {
      await eventually('no manager takes it', 90, async () => {
        for (let time = 0; time < 6; time++) expect(await list(before)).toBe(401);
      });
    });
}
