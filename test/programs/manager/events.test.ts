import fc from 'fast-check';
import { jobName, modifiedBy } from '../../../src/contract';
import type { ApiObject } from './double';
import { eventually, RunningManager } from './running';
import { definition, eventOf, INPUT } from './services';

const A = definition('a');
const B = definition('b', { input: [{ ...INPUT, suffix: ['.jpg'] }] });
const JOBS = { method: 'POST', path: /\/jobs$/ };
const FILE = eventOf('pictures', 'in/cat.jpg');

let manager: RunningManager;
beforeEach(async () => (manager = await RunningManager.start([A, B])));
afterEach(() => manager.stop());

const jobs = () => manager.kubernetes.objects.list('Job').map(({ metadata }) => metadata.name);
const nameFor = (service: string, event = FILE, key = 'in/cat.jpg') => {
  const { s3 } = event.Records[0];
  return jobName(service, { bucket: s3.bucket.name, key, modified: modifiedBy(s3.object.sequencer)! });
};
const OK = { status: 200, text: 'Ok' };
const outcome = (name: string) => manager.metric(`oscar_manager_events_total{outcome="${name}"}`);
const deadLetters = async () => JSON.parse((await manager.asAdmin('GET', '/system/dead-letters')).text).dead_letters;

describe('an upload', () => {
  test('makes a Job for each service that is bound, of its PodTemplate', async () => {
    expect(await manager.sendEvent(FILE)).toMatchObject(OK);
    expect(jobs().sort()).toEqual([nameFor('a'), nameFor('b')]);
    const job = manager.kubernetes.objects.get('Job', 'oscar-svc', nameFor('a')) as ApiObject & { spec: Spec };
    expect(job.metadata).toMatchObject({
      labels: { oscar_service: 'a', 'app.kubernetes.io/component': 'job' },
      annotations: { 'oscar-cdk8s/object': 'pictures/in/cat.jpg' },
    });
    expect(job.metadata.labels).not.toHaveProperty(['argocd.argoproj.io/instance']);
    expect(job.spec).toMatchObject({ backoffLimit: 3, activeDeadlineSeconds: 619_200, ttlSecondsAfterFinished: 86400 });
    const env = Object.fromEntries(job.spec.template.spec.containers[0].env.map(({ name, value }) => [name, value]));
    expect(JSON.parse(env.EVENT)).toEqual(FILE);
    expect(env.JOB_UUID).toBe(nameFor('a'));
    expect(await outcome('stored')).toBe(1);
    expect(await manager.metric('oscar_manager_jobs_stored_total{service="a"}')).toBe(1);
  });

  test('that comes again makes none, and is answered as well', async () => {
    await manager.sendEvent(FILE);
    expect(await manager.sendEvent(FILE)).toMatchObject(OK);
    expect(jobs()).toHaveLength(2);
    expect(await outcome('repeated')).toBe(1);
  });

  test('of the same key makes another one, when it is another upload', async () => {
    await manager.sendEvent(FILE);
    await manager.sendEvent(eventOf('pictures', 'in/cat.jpg', { sequencer: '17D1A2B3C4E5E6F7' }));
    expect(jobs()).toHaveLength(4);
  });

  test('thousands in one message', async () => {
    const records = Array.from({ length: 3000 }, (_, n) => eventOf('pictures', `in/${n}.gif`).Records[0]);
    expect(await manager.sendEvent({ Records: records })).toMatchObject(OK);
    expect(jobs()).toHaveLength(3000);
  });

  test('several in one message', async () => {
    const records = [1, 2, 3].flatMap((n) => eventOf('pictures', `in/${n}.gif`).Records);
    expect(await manager.sendEvent({ Records: records })).toMatchObject(OK);
    expect(jobs()).toHaveLength(3);
  });

  test('for a service that was applied a moment ago', async () => {
    manager.declare(definition('new', { input: [{ ...INPUT, path: 'films/in' }] }));
    const event = eventOf('films', 'in/a.mp4');
    await eventually(async () => {
      await manager.sendEvent(event);
      return jobs().includes(nameFor('new', event, 'in/a.mp4'));
    });
  });
});

interface Spec {
  readonly template: { readonly spec: { readonly containers: { env: { name: string; value: string }[] }[] } };
}

describe('dead letters', () => {
  test.each([
    ['for no service', eventOf('films', 'in/a.mp4'), 'no service is bound to this place', 'films', 'in/a.mp4'],
    ['no JSON', 'hello', 'the body is no event: it is no JSON', '', ''],
    ['no event', { some: 'thing' }, 'the body is no event: it has no list of Records', '', ''],
    [
      'a key of no use',
      eventOf('pictures', 'in/..'),
      'the key ends with a name that no file can have',
      'pictures',
      'in/..',
    ],
    [
      'an event of no known kind',
      eventOf('pictures', 'in/a', { eventName: 's3:X' }),
      'an event of an unknown kind',
      'pictures',
      'in%2Fa',
    ],
  ])('%s', async (_, event, problem, bucket, key) => {
    expect(await manager.sendEvent(event)).toMatchObject(OK);
    expect(jobs()).toEqual([]);
    expect(await deadLetters()).toEqual([expect.objectContaining({ problem, bucket, key })]);
    expect(manager.logged).toContainEqual(
      expect.objectContaining({ level: 'warning', message: 'dead letter', problem }),
    );
    expect(await outcome('dead')).toBe(1);
    const [event1] = manager.kubernetes.objects.list('Event', 'oscar');
    expect(event1).toMatchObject({ reason: 'EventDeadLettered', type: 'Warning' });
  });

  test('the same one again is one Event, with a later time', async () => {
    const event = eventOf('films', 'in/a.mp4');
    await manager.sendEvent(event);
    await manager.sendEvent(event);
    expect(await deadLetters()).toHaveLength(1);
  });

  test('a flood of them fills the log, and not Kubernetes', async () => {
    for (let i = 0; i < 60; i++) await manager.sendEvent(eventOf('films', `in/${i}`));
    expect(await outcome('dead')).toBe(60);
    expect(manager.logged.filter(({ message }) => message === 'dead letter')).toHaveLength(60);
    const events = manager.kubernetes.objects.list('Event', 'oscar').length;
    expect(events).toBeGreaterThanOrEqual(20);
    expect(events).toBeLessThan(40);
  });

  test('for a service that has been half removed for an hour, and not before', async () => {
    manager.kubernetes.objects.delete('PodTemplate', 'oscar-svc', 'a');
    const event = eventOf('pictures', 'in/a.gif');
    const old = { ...event, Records: [{ ...event.Records[0], eventTime: '2026-01-01T00:00:00.000Z' }] };
    const young = { ...event, Records: [{ ...event.Records[0], eventTime: new Date().toISOString() }] };
    await eventually(async () => (await manager.sendEvent(young)).status === 503);
    expect(await deadLetters()).toEqual([]);
    expect(await manager.sendEvent(old)).toMatchObject(OK);
    expect(await deadLetters()).toEqual([
      expect.objectContaining({ problem: 'service a: its PodTemplate is missing', key: 'in/a.gif' }),
    ]);
  });

  test('what Kubernetes would never take', async () => {
    manager.kubernetes.faults.answer({ ...JOBS, times: 1 }, 422);
    expect(await manager.sendEvent(eventOf('pictures', 'in/a.gif'))).toMatchObject(OK);
    expect(await deadLetters()).toEqual([
      expect.objectContaining({ problem: expect.stringMatching(/^service a: Kubernetes refuses the Job: 422/) }),
    ]);
  });

  test('that Kubernetes does not take either are in the log, and answered', async () => {
    manager.kubernetes.faults.answer({ method: 'POST', path: /\/events$/, times: 1 }, 500);
    expect(await manager.sendEvent(eventOf('films', 'in/a'))).toMatchObject(OK);
    expect(manager.logged).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'a dead letter is in this log only' }),
    );
  });
});

test.each([
  ['filtered', eventOf('pictures', 'in/a.jpg')],
  ['ignored', eventOf('pictures', 'in/')],
  ['ignored', eventOf('pictures', 'in/a.jpg', { eventName: 's3:ObjectRemoved:Delete' })],
])('what nobody wants is no dead letter: %s', async (kind, event) => {
  manager.kubernetes.objects.delete('ConfigMap', 'oscar-svc', 'a');
  manager.declare(definition('b', { input: [{ ...INPUT, suffix: ['.png'] }] }));
  await eventually(async () => {
    await manager.sendEvent(event);
    return (await outcome(kind)) > 0;
  });
  expect(await deadLetters()).toEqual([]);
});

describe('while Kubernetes is in trouble', () => {
  test.each([500, 503, 429, 403])('%d for a moment: the Job is stored nevertheless', async (status) => {
    manager.kubernetes.faults.answer({ ...JOBS, times: 2 }, { status, retryAfterSeconds: 1 });
    expect(await manager.sendEvent(FILE)).toMatchObject(OK);
    expect(jobs()).toHaveLength(2);
  });

  test('500 for long: 503, and nothing is lost when the event comes again', async () => {
    manager.kubernetes.faults.answer({ ...JOBS, times: 8 }, 500);
    expect(await manager.sendEvent(FILE)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(await outcome('postponed')).toBe(1);
    manager.kubernetes.faults.clear();
    expect(await manager.sendEvent(FILE)).toMatchObject(OK);
    expect(jobs()).toHaveLength(2);
  });

  test('an answer that got lost after the Job was stored: there is one Job', async () => {
    manager.kubernetes.faults.dropAfter({ ...JOBS, times: 2 });
    expect(await manager.sendEvent(FILE)).toMatchObject(OK);
    expect(jobs()).toHaveLength(2);
    expect(await outcome('repeated')).toBe(1);
  });

  test('no connection: 503', async () => {
    const away = manager.kubernetes.faults.refuse(1500);
    expect(await manager.sendEvent(FILE)).toMatchObject({ status: 503 });
    await away;
    await eventually(async () => (await manager.sendEvent(FILE)).status === 200);
    expect(jobs()).toHaveLength(2);
  });

  test('a slow answer', async () => {
    manager.kubernetes.faults.delay({ ...JOBS, times: 2 }, 1000);
    expect(await manager.sendEvent(FILE)).toMatchObject(OK);
  });

  test('a manager that ended between storing and answering: the next one answers, and there is one Job each', async () => {
    manager.kubernetes.faults.delay({ ...JOBS, times: 2 }, 300);
    const broken = manager.sendEvent(FILE).catch(() => 'broken');
    await eventually(() =>
      manager.kubernetes.requests.some(({ method, url }) => method === 'POST' && /jobs/.test(url)),
    );
    await manager.end();
    expect(await broken).toBe('broken');
    await manager.begin();
    expect(await manager.sendEvent(FILE)).toMatchObject(OK);
    expect(jobs()).toHaveLength(2);
  });

  test('an event for nobody is no dead letter while nothing new is told', async () => {
    manager.kubernetes.faults.answer({ method: 'GET', path: /configmaps/, times: 100 }, 500);
    manager.kubernetes.faults.breakWatches();
    // Until it has noticed that nobody tells it anything.
    await eventually(async () => (await manager.sendEvent(eventOf('films', 'in/before'))).status === 503);
    const send = async () => (await manager.sendEvent(eventOf('films', 'in/a'))).status;
    const isDead = async () => (await deadLetters()).some(({ key }: { key: string }) => key === 'in/a');
    expect([await send(), await isDead()]).toEqual([503, false]);
    manager.kubernetes.faults.clear();
    await eventually(async () => (await send()) === 200);
    expect(await isDead()).toBe(true);
  });
});

describe('watches', () => {
  const sees = async (service: string) => {
    const event = eventOf(service, 'in/x');
    await eventually(async () => {
      await manager.sendEvent(event);
      return jobs().includes(nameFor(service, event, 'in/x'));
    });
  };
  const declare = (service: string) =>
    manager.declare(definition(service, { input: [{ ...INPUT, path: `${service}/in` }] }));

  test.each(['destroy', 'end'] as const)('that break (%s) go on', async (how) => {
    manager.kubernetes.faults.breakWatches(how);
    declare('late');
    await sees('late');
  });

  test('whose version is too old: everything is listed anew', async () => {
    manager.kubernetes.faults.expireHistory();
    manager.kubernetes.faults.breakWatches();
    declare('later');
    manager.kubernetes.objects.delete('ConfigMap', 'oscar-svc', 'b');
    await sees('later');
    const { text } = await manager.asAdmin('GET', '/system/services');
    expect(JSON.parse(text).map(({ name }: { name: string }) => name)).toEqual(['a', 'later']);
  });
});

describe('the token', () => {
  const send = (authorization?: string) =>
    manager.ask('POST', '/events', {
      body: JSON.stringify(FILE),
      headers: authorization === undefined ? {} : { authorization },
    });

  test.each([undefined, '', 'Bearer', `Bearer ${'x'.repeat(64)}`, 'Basic b3NjYXI6bm90LWEtc2VjcmV0'])(
    '%s: 401',
    async (it) => {
      expect(await send(it)).toMatchObject({ status: 401 });
      expect(jobs()).toEqual([]);
    },
  );

  test('that was renewed, without a restart', async () => {
    manager.secret('webhook/token', 'n'.repeat(64));
    await eventually(async () => (await send(`Bearer ${'n'.repeat(64)}`)).status === 200);
    expect(await send(`Bearer ${'w'.repeat(64)}`)).toMatchObject({ status: 401 });
  });
});

test('anything at all is answered by a 200, whatever it is', async () => {
  const [good] = FILE.Records;
  const mutated = fc.record({
    eventName: fc.oneof(fc.constant(good.eventName), fc.string(), fc.anything()),
    eventTime: fc.anything(),
    s3: fc.oneof(
      fc.anything(),
      fc.record({
        bucket: fc.oneof(fc.record({ name: fc.oneof(fc.constant('pictures'), fc.string()) }), fc.anything()),
        object: fc.oneof(fc.record({ key: fc.string({ unit: 'binary' }), sequencer: fc.anything() }), fc.anything()),
      }),
    ),
  });
  const body = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .record({ Records: fc.oneof(fc.array(mutated, { maxLength: 3 }), fc.anything()) })
      .map((it) => JSON.stringify(it)),
  );
  await fc.assert(
    fc.asyncProperty(body, async (it) => {
      const { status } = await manager.sendEvent(it);
      expect(status).toBe(200);
    }),
    { numRuns: 300 },
  );
  expect(manager.logged.filter(({ level, message }) => level === 'error' && /request failed/.test(message))).toEqual(
    [],
  );
});
