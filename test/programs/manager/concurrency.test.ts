import type { ServiceDefinition } from '../../../src/contract';
import { modifiedBy, SERVICE_LABEL, WAITING_LABEL } from '../../../src/contract';
import type { ApiObject } from './double';
import { eventually, RunningManager, tokenOf, WEBHOOK_TOKEN } from './running';
import { definition, eventOf, INPUT } from './services';

const limited = (concurrency: number | undefined, name = 'a'): ServiceDefinition => ({
  ...definition(name, { input: [{ ...INPUT, path: `pictures/${name}` }] }),
  job: { ...definition(name).job, ...(concurrency === undefined ? {} : { concurrency }) },
});
const PATCHES = { method: 'PATCH', path: /\/jobs\// };

let manager: RunningManager;
let second = 0;
afterEach(() => manager.stop());

const start = async (...definitions: ServiceDefinition[]) => {
  manager = await RunningManager.start(definitions);
};
const jobs = () => manager.kubernetes.objects.list('Job', 'oscar-svc');
const suspended = ({ spec }: ApiObject) => (spec as { suspend: boolean }).suspend;
const isOver = ({ status }: ApiObject) => (status as { completionTime?: string }).completionTime !== undefined;
const namesOf = (which: (job: ApiObject) => boolean) =>
  jobs()
    .filter(which)
    .map(({ metadata }) => metadata.name);
const underWay = () => namesOf((job) => !suspended(job) && !isOver(job));
const waiting = () => namesOf(suspended);
const finish = (name: string) => manager.kubernetes.controllers.jobSucceeded('oscar-svc', name);
const told = (metric: string, value: number) => eventually(async () => (await manager.metric(metric)) === value);
const patches = () => manager.kubernetes.requests.filter(({ method, url }) => method === 'PATCH' && /jobs/.test(url));

/** What the sweep is told of an upload's Job. */
async function sweep(key: string, sequencer: string): Promise<object> {
  const lastModified = new Date(modifiedBy(sequencer)!).toISOString();
  const body = JSON.stringify({ service: 'a', bucket: 'pictures', key, lastModified, size: 1, etag: 'e' });
  const { text } = await manager.ask('POST', '/sweep', {
    body,
    headers: { authorization: `Bearer ${WEBHOOK_TOKEN}` },
  });
  return JSON.parse(text) as object;
}

/** Jobs of a service that wait, made by a manager that is not there any more: one a second. */
function put(count: number, limit = 1, service = 'a'): string[] {
  return Array.from({ length: count }, () => {
    const name = `${service}-${++second}`;
    const created = new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().replace('.000', '');
    const labels = { [SERVICE_LABEL]: service, [WAITING_LABEL]: String(limit) };
    const pod = { restartPolicy: 'Never', containers: [{ name: 'oscar-container', image: 'a' }] };
    manager.kubernetes.objects.put({
      ...{ apiVersion: 'batch/v1', kind: 'Job' },
      metadata: { name, namespace: 'oscar-svc', labels, creationTimestamp: created },
      spec: { suspend: true, template: { spec: pod } },
    });
    return name;
  });
}

/** Ends them one by one, each when as many as may are under way. @throws when there are ever more, or it takes too long */
async function finishAll(limit: number): Promise<void> {
  let most = 0;
  const stop = manager.kubernetes.objects.onChange('Job', () => {
    most = Math.max(most, underWay().length);
  });
  await eventually(() => {
    const left = namesOf((job) => !isOver(job)).length;
    const now = underWay();
    if (left > 0 && now.length === Math.min(limit, left)) finish(now[0]);
    return left === 0;
  });
  stop();
  expect(most).toBeLessThanOrEqual(limit);
}

describe('Jobs of a service with a limit', () => {
  test('of uploads and by hand wait for their turn; the rest of the world sees them as Pending', async () => {
    await start(limited(2), limited(undefined, 'b'));
    for (let i = 0; i < 3; i++) {
      const sequencer = `17D1A2B3C4D5E6F${i}`;
      expect((await manager.sendEvent(eventOf('pictures', `a/${i}.jpg`, { sequencer }))).status).toBe(200);
    }
    const headers = { authorization: `Bearer ${tokenOf('a')}` };
    expect((await manager.ask('POST', '/job/a', { body: 'x', headers })).status).toBe(201);
    expect((await manager.sendEvent(eventOf('pictures', 'b/1.jpg'))).status).toBe(200);
    await eventually(() => underWay().length === 3);
    expect(namesOf(suspended)).toHaveLength(2);
    for (const job of jobs()) expect(WAITING_LABEL in job.metadata.labels!).toBe(suspended(job));
    expect(await manager.metric('oscar_manager_jobs{service="a",status="Pending"}')).toBe(4);
    for (const turns of ['waiting', 'under_way']) await told(`oscar_manager_jobs_${turns}{service="a"}`, 2);
    const list = JSON.parse((await manager.asAdmin('GET', '/system/logs/a')).text).jobs as Record<string, object>;
    expect(Object.values(list)).toEqual(Array(4).fill(expect.objectContaining({ status: 'Pending' })));
    const log = await manager.asAdmin('GET', `/system/logs/a/${waiting()[0]}`);
    expect(log).toMatchObject({ status: 404, text: expect.stringContaining('at most 2 of the service are under way') });
    finish(namesOf(({ metadata }) => metadata.labels![SERVICE_LABEL] === 'b')[0]);
    expect(await sweep('a/0.jpg', '17D1A2B3C4D5E6F0')).toMatchObject({ status: 'Pending' });
    await finishAll(2);
    expect(patches()).toHaveLength(4);
    await told('oscar_manager_jobs_ended_total{service="a",status="Succeeded"}', 4);
    expect(await sweep('a/0.jpg', '17D1A2B3C4D5E6F0')).toMatchObject({ status: 'Succeeded' });
  });

  test('that a manager finds at its start go on in their order', async () => {
    await start(limited(1));
    await manager.end();
    const names = put(4);
    await manager.begin();
    for (const name of names) {
      await eventually(() => underWay().length === 1);
      expect(underWay()).toEqual([name]);
      finish(name);
    }
  });

  test('go on when the watch breaks, and when it can’t go on where it was', async () => {
    await start(limited(2));
    const { faults } = manager.kubernetes;
    put(3);
    await eventually(() => underWay().length === 2);
    faults.breakWatches();
    put(3);
    await finishAll(2);
    faults.expireHistory();
    faults.breakWatches();
    put(4);
    await finishAll(2);
  });

  test('go on at once when the limit is raised, and all of them when it is removed', async () => {
    await start(limited(1));
    put(6);
    await eventually(() => underWay().length === 1);
    manager.declare(limited(3));
    await eventually(() => underWay().length === 3);
    manager.declare(limited(undefined));
    await eventually(() => waiting().length === 0);
    expect(underWay()).toHaveLength(6);
  });

  test('of a service that is not declared any more go on as many at a time as before', async () => {
    await start(limited(2));
    put(5, 2);
    await eventually(() => underWay().length === 2);
    manager.kubernetes.objects.delete('ConfigMap', 'oscar-svc', 'a');
    await finishAll(2);
  });

  test('that are deleted give their places away', async () => {
    await start(limited(1));
    const [first, second, third] = put(3);
    await eventually(() => underWay().length === 1);
    manager.kubernetes.objects.delete('Job', 'oscar-svc', second);
    manager.kubernetes.objects.delete('Job', 'oscar-svc', first);
    await eventually(() => underWay()[0] === third);
  });

  test('that a person suspends stay so', async () => {
    await start(limited(1));
    const [first, second, third] = put(3);
    await eventually(() => underWay().length === 1);
    const suspend = ({ spec }: ApiObject) => ({ spec: { ...(spec as object), suspend: true } });
    manager.kubernetes.objects.change('Job', 'oscar-svc', first, suspend);
    await eventually(() => underWay()[0] === second);
    finish(second);
    await eventually(() => underWay()[0] === third);
    finish(third);
    // Whatever comes of that has come when the next is seen to go on.
    const [fourth] = put(1);
    await eventually(() => underWay()[0] === fourth);
    expect(waiting()).toEqual([first]);
  });
});

describe('while Kubernetes is in trouble', () => {
  test.each([409, 429, 500, 503])('%i: they only wait longer', async (status) => {
    await start(limited(2));
    manager.kubernetes.faults.answer({ ...PATCHES, times: 3 }, status);
    put(3);
    await finishAll(2);
    const reason = expect.stringContaining(String(status));
    expect(manager.logged).toContainEqual(expect.objectContaining({ message: "job can't go on", reason }));
  });

  test('an answer that is lost is asked for again, and nobody else has the place', async () => {
    await start(limited(1));
    manager.kubernetes.faults.dropAfter({ ...PATCHES, times: 1 });
    manager.kubernetes.faults.drop({ ...PATCHES, times: 1 });
    put(3);
    await finishAll(1);
  });

  test('who may not let them go on says so, and does once it may', async () => {
    await start(limited(1));
    const { allow } = manager.kubernetes;
    manager.kubernetes.allow = (verb, ...rest) => verb !== 'patch' && allow(verb, ...rest);
    put(1);
    await eventually(() => manager.logged.some(({ message }) => message === "job can't go on"));
    expect(waiting()).toHaveLength(1);
    manager.kubernetes.allow = allow;
    await eventually(() => waiting().length === 0);
  });
});

test('two managers let go on what one would, though either is killed and comes back', async () => {
  await start(limited(3));
  const other = await RunningManager.start([], {}, manager.kubernetes);
  put(40);
  let most = 0;
  const stop = manager.kubernetes.objects.onChange('Job', () => {
    most = Math.max(most, underWay().length);
  });
  let rounds = 0;
  await eventually(async () => {
    for (const name of underWay().slice(0, 2)) finish(name);
    const one = rounds++ % 2 ? manager : other;
    if (rounds % 5 === 0) await one.end();
    if (rounds % 5 === 0) await one.begin();
    return jobs().every(isOver);
  });
  stop();
  expect(most).toBe(3);
  await other.end();
});
