import fc from 'fast-check';
import { jobName, sequencerAt, SweptAnswer, SweptObject } from '../../../src/contract';
import type { ApiObject } from './double';
import { eventually, RunningManager, tokenOf, WEBHOOK_TOKEN } from './running';
import { definition, eventOf, INPUT } from './services';

const UPLOADED = '2026-11-24T14:54:47.091Z';
/** Of the same moment, as MinIO's events have it. */
const SEQUENCER = '18EB02EB89E2E6ED';
const KEY = 'in/a cat & +%20ü.jpg';
const OBJECT: SweptObject = {
  service: 'a',
  bucket: 'pictures',
  key: KEY,
  lastModified: UPLOADED,
  size: 12,
  etag: 'b86583435871b60756e260201377bb9c',
};
const NAME = jobName('a', { bucket: 'pictures', key: KEY, modified: Date.parse(UPLOADED) });
const EVENT = eventOf('pictures', KEY, { sequencer: SEQUENCER });

let manager: RunningManager;
beforeEach(async () => {
  const narrow = definition('b', { input: [{ ...INPUT, suffix: ['.txt'] }] });
  manager = await RunningManager.start([definition('a'), narrow]);
});
afterEach(() => manager.stop());

const headers = { authorization: `Bearer ${WEBHOOK_TOKEN}` };
const send = (body: unknown) =>
  manager.ask('POST', '/sweep', { headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
const sweep = async (more: Partial<SweptObject> = {}) => {
  const { status, text } = await send({ ...OBJECT, ...more });
  expect({ status, text }).toMatchObject({ status: 200 });
  return JSON.parse(text) as SweptAnswer;
};
const jobs = () => manager.kubernetes.objects.list('Job').map(({ metadata }) => metadata.name);
const environment = (name: string) => {
  const { spec } = manager.kubernetes.objects.get('Job', 'oscar-svc', name) as ApiObject & { spec: Spec };
  return Object.fromEntries(spec.template.spec.containers[0].env.map(({ name, value }) => [name, value]));
};
const JOBS = { method: 'POST', path: /\/jobs$/ };
const LATER = { status: 503, headers: { 'retry-after': '5' } };

interface Spec {
  readonly template: { readonly spec: { readonly containers: { env: { name: string; value: string }[] }[] } };
}

describe('an object without a record', () => {
  test('gets the Job that its event would have made', async () => {
    expect(await sweep()).toEqual({ job: NAME, status: 'Stored' });
    const { EVENT: text, COMPLETION_RECORD } = environment(NAME);
    expect(COMPLETION_RECORD).toBe(`minio.default/oscar-records/done/a/${NAME}`);
    const [record] = JSON.parse(text).Records;
    const key = encodeURIComponent(KEY).replaceAll('%20', '+');
    expect(record).toMatchObject({ eventName: 's3:ObjectCreated:Put', eventSource: 'minio:s3', eventTime: UPLOADED });
    expect(record.s3).toMatchObject({ bucket: { name: 'pictures' }, object: { key, size: 12, eTag: OBJECT.etag } });
    expect(record.s3.object.sequencer).toBe(sequencerAt(Date.parse(UPLOADED)));
    expect(await manager.metric('oscar_manager_swept_total{status="Stored"}')).toBe(1);
    expect(await manager.metric('oscar_manager_jobs_stored_total{service="a"}')).toBe(1);
  });

  test('gets no second one, whichever came first', async () => {
    await manager.sendEvent(EVENT);
    expect(jobs()).toEqual([NAME]);
    expect(['Pending', 'Running']).toContain((await sweep()).status);
    expect((await manager.sendEvent(EVENT)).status).toBe(200);
    expect(jobs()).toEqual([NAME]);
  });

  test('of an event that comes late: neither', async () => {
    await sweep();
    await manager.sendEvent(EVENT);
    expect(jobs()).toEqual([NAME]);
    expect(await manager.metric('oscar_manager_events_total{outcome="repeated"}')).toBe(1);
  });

  test.each([
    ['Complete', 'Succeeded'],
    ['Failed', 'Failed'],
  ])('whose Job is %s', async (type, status) => {
    await sweep();
    const job = manager.kubernetes.objects.get('Job', 'oscar-svc', NAME)!;
    const conditions = [{ type, status: 'True', lastTransitionTime: '2026-11-24T15:00:00Z' }];
    manager.kubernetes.objects.put({ ...job, status: { conditions } });
    await eventually(async () => (await sweep()).status === status);
    expect(jobs()).toEqual([NAME]);
  });

  test.each([
    ['a service that is not declared', { service: 'c' }],
    ['a place where the service is not bound', { key: 'out/cat.jpg' }],
    ['a bucket where it is not', { bucket: 'films' }],
    ['a file that its filter does not want', { service: 'b' }],
  ])('is nothing for %s, as far as is known', async (_, more) => {
    expect((await sweep(more)).status).toBe('Unbound');
    expect(jobs()).toEqual([]);
  });

  test.each([
    ["a folder's marker", { key: 'in/folder/' }],
    ['a key that no file can have', { key: 'in/..' }],
    ['the same where no service is bound', { bucket: 'films', key: '..' }],
  ])('is nothing for anybody: %s', async (_, more) => {
    expect((await sweep(more)).status).toBe('NoFile');
    expect(jobs()).toEqual([]);
  });

  test('whose Job Kubernetes refuses is told of in the log, and is no dead letter: it is asked for until it is taken', async () => {
    const tries = { 422: 1, 400: 1, 403: 4 };
    for (const [index, [status, times]] of Object.entries(tries).entries()) {
      manager.kubernetes.faults.answer({ ...JOBS, times }, Number(status));
      expect((await sweep()).status).toBe('Refused');
      expect(manager.logged.filter(({ message }) => message === 'job refused')).toHaveLength(index + 1);
    }
    expect(manager.kubernetes.objects.list('Event')).toEqual([]);
    expect(await manager.metric('oscar_manager_swept_total{status="Refused"}')).toBe(3);
    expect((await sweep()).status).toBe('Stored');
  });
});

describe('not known now', () => {
  const OLD = { ...LATER, text: 'what is known of services and Jobs may be old\n' };

  test('while nothing new of the services is told: whoever seems to be bound', async () => {
    manager.kubernetes.faults.answer({ method: 'GET', path: /configmaps/, times: 100 }, 500);
    manager.kubernetes.faults.breakWatches();
    const ofNobody = { ...OBJECT, bucket: 'films' };
    await eventually(async () => (await send(ofNobody)).status === 503);
    expect(await send(ofNobody)).toMatchObject(OLD);
    expect(await send(OBJECT)).toMatchObject(OLD);
    expect(jobs()).toEqual([]);
    manager.kubernetes.faults.clear();
    await eventually(async () => (await send(ofNobody)).status === 200);
    expect((await sweep()).status).toBe('Stored');
  });

  test('before all Jobs are listed: one that failed would be taken for one under way', async () => {
    await sweep();
    const job = manager.kubernetes.objects.get('Job', 'oscar-svc', NAME)!;
    const conditions = [{ type: 'Failed', status: 'True', lastTransitionTime: '2026-11-24T15:00:00Z' }];
    manager.kubernetes.objects.put({ ...job, status: { conditions } });
    await manager.end();
    manager.kubernetes.faults.delay({ method: 'GET', path: /\/jobs\?.*limit=/ }, 4000);
    await manager.begin();
    expect(await send(OBJECT)).toMatchObject(OLD);
    await eventually(async () => (await send(OBJECT)).status === 200);
    expect((await sweep()).status).toBe('Failed');
  });

  test('while Kubernetes is in trouble', async () => {
    manager.kubernetes.faults.answer({ ...JOBS, times: 4 }, 500);
    expect(await send(OBJECT)).toMatchObject(LATER);
    expect((await sweep()).status).toBe('Stored');
  });

  test('when Kubernetes hangs: it is not waited for again and again', async () => {
    manager.kubernetes.faults.delay(JOBS, 11_000);
    const began = performance.now();
    expect(await send(OBJECT)).toMatchObject({ ...LATER, text: expect.stringContaining('no answer in 10 s') });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect((await sweep()).status).toBe('Stored');
  }, 40_000);

  test("of a service without its PodTemplate, however old the object is: it holds nobody's queue back", async () => {
    const old = { lastModified: '2026-01-01T00:00:00.000Z' };
    const template = manager.kubernetes.objects.get('PodTemplate', 'oscar-svc', 'a')!;
    manager.kubernetes.objects.delete('PodTemplate', 'oscar-svc', 'a');
    // Another file each time: one that is asked for before the manager has seen it has its Job, and is answered for good.
    let file = 0;
    await eventually(async () => (await send({ ...OBJECT, ...old, key: `in/${file++}` })).status === 503);
    expect(await send({ ...OBJECT, ...old })).toMatchObject({
      ...LATER,
      text: 'service a: its PodTemplate is missing\n',
    });
    expect(manager.logged.filter(({ message }) => message === 'dead letter')).toEqual([]);
    manager.kubernetes.objects.put(template);
    await eventually(async () => (await send({ ...OBJECT, ...old })).status === 200);
    expect((await sweep(old)).status).toBe('Pending');
  });
});

test('a Job that is there and not known yet is under way', async () => {
  manager.kubernetes.faults.answer({ method: 'GET', path: /\/jobs\?/, times: 1000 }, 500);
  manager.kubernetes.faults.breakWatches();
  await eventually(async () => (await manager.sendEvent(EVENT)).status === 200);
  const { objects } = manager.kubernetes;
  const conditions = [{ type: 'Failed', status: 'True', lastTransitionTime: '2026-11-24T15:00:00Z' }];
  objects.put({ ...objects.get('Job', 'oscar-svc', NAME)!, status: { conditions } });
  // The event may have come before the manager saw that its watches are broken: until they are open again, it can't tell.
  await eventually(async () => (await send(OBJECT)).status === 200);
  expect(await sweep()).toEqual({ job: NAME, status: 'Pending' });
  manager.kubernetes.faults.clear();
  await eventually(async () => (await sweep()).status === 'Failed');
});

test('a Job that somebody asks for by hand leaves no record', async () => {
  const headers = { authorization: `Bearer ${tokenOf('a')}` };
  const { status, text } = await manager.ask('POST', '/job/a', { headers, body: JSON.stringify(EVENT) });
  expect(status).toBe(201);
  const variables = environment(text.trim());
  expect(JSON.parse(variables.EVENT)).toEqual(EVENT);
  expect(variables).not.toHaveProperty('COMPLETION_RECORD');
});

describe('what is no object', () => {
  test.each([
    ['no JSON', '{', 'it is no JSON'],
    ['a list', [], '"object" must be: object, not: array'],
    ['null', 'null', '"object" must be: object, not: null'],
    ['no service', { ...OBJECT, service: undefined }, '"object.service" is missing (string)'],
    ['a size in words', { ...OBJECT, size: 'long' }, '"object.size" must be: number, not: string'],
    ['no time', { ...OBJECT, lastModified: 'yesterday' }, 'lastModified is no time'],
    ['a time before all', { ...OBJECT, lastModified: '0001-01-01T00:00:00Z' }, 'lastModified is no time'],
    ['a key that is no Unicode', { ...OBJECT, key: 'in/\ud800' }, 'its key is no Unicode'],
    ['too much', { ...OBJECT, etag: 'a'.repeat(70_000) }, 'it is longer than 65536 bytes'],
  ])('%s', async (_, body, problem) => {
    const { status, text } = await send(body);
    expect(status).toBe(400);
    expect(text).toContain(`the body is no object of a sweep: ${problem}`);
    expect(jobs()).toEqual([]);
  });

  test('whatever it is', async () => {
    const fields = fc.record({ ...Object.fromEntries(Object.keys(OBJECT).map((name) => [name, fc.anything()])) });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fields, fc.anything()), async (body) => {
        expect([200, 400]).toContain((await send(JSON.stringify(body) ?? '')).status);
      }),
      { numRuns: 100 },
    );
    expect(jobs()).toEqual([]);
  });
});
