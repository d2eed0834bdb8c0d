import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Reply, ServerAt, WatchEvent } from './double';

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const LABEL = 'oscar-cdk8s-behaviour';
const WATCH_SECONDS = 10;

/**
 * What the manager relies on of the Kubernetes API, as tests: they hold for the double and for a real server. Of a real
 * one, the token has to be allowed to make and remove ConfigMaps, Jobs, Deployments, Events and Secrets in a namespace
 * that is there. No pod ever starts: Jobs are suspended, and the Deployment fits no node.
 */
export function holdsAs(server: () => ServerAt): void {
  describe('as a Kubernetes API server', () => {
    // What one run makes is not another's.
    const run = randomBytes(4).toString('hex');
    const client = () => new Client(server());
    const core = () => `/api/v1/namespaces/${server().namespace}`;
    const jobs = () => `/apis/batch/v1/namespaces/${server().namespace}/jobs`;
    const deployments = () => `/apis/apps/v1/namespaces/${server().namespace}/deployments`;
    const nameOf = (name: string) => `${name}-${run}`;
    const selector = (value: string) => `labelSelector=${encodeURIComponent(`${LABEL}=${value}-${run}`)}`;

    const job = (name: string, group = 'others') => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: nameOf(name), labels: { [LABEL]: `${group}-${run}`, [`${LABEL}-run`]: run } },
      spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [BUSYBOX] } } },
    });

    async function makeJobs(group: string, count: number): Promise<string[]> {
      const made = Array.from({ length: count }, (_, index) => job(`${group}-${index}`, group));
      for (const one of made) expect((await client().post(jobs(), one)).status).toBe(201);
      return made.map(({ metadata }) => metadata.name);
    }

    const namesOf = ({ body }: Reply): string[] => body.items.map((item: Reply['body']) => item.metadata.name);

    afterAll(async () => {
      const ours = `labelSelector=${encodeURIComponent(`${LABEL}-run=${run}`)}&propagationPolicy=Background`;
      for (const path of [jobs(), deployments(), `${core()}/configmaps`, `${core()}/secrets`, `${core()}/events`]) {
        await client().delete(`${path}?${ours}`);
      }
    });

    describe('Jobs', () => {
      test('are stored once: the second of a name is told that there is one', async () => {
        const first = await client().post(jobs(), job('once'));
        expect(first.status).toBe(201);
        expect(first.body).toMatchObject({ kind: 'Job', apiVersion: 'batch/v1', metadata: { generation: 1 } });
        const { name, namespace, uid, resourceVersion, creationTimestamp } = first.body.metadata;
        expect({ name, namespace }).toEqual({ name: nameOf('once'), namespace: server().namespace });
        expect(uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect(resourceVersion).toMatch(/^[1-9][0-9]*$/);
        expect(creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

        const second = await client().post(jobs(), job('once'));
        expect(second.status).toBe(409);
        expect(second.body).toMatchObject({
          ...{ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'AlreadyExists', code: 409 },
          message: `jobs.batch "${nameOf('once')}" already exists`,
          details: { name: nameOf('once'), group: 'batch', kind: 'jobs' },
        });
      });

      test('get labels for their pods, and defaults', async () => {
        const { body } = await client().post(jobs(), job('defaults'));
        const { uid } = body.metadata;
        expect(body.spec.template.metadata.labels).toEqual({
          'batch.kubernetes.io/controller-uid': uid,
          'batch.kubernetes.io/job-name': nameOf('defaults'),
          'controller-uid': uid,
          'job-name': nameOf('defaults'),
        });
        expect(body.spec).toMatchObject({ completions: 1, parallelism: 1, backoffLimit: 6, suspend: true });
        expect(body.spec.selector.matchLabels).toEqual({ 'batch.kubernetes.io/controller-uid': uid });
      });

      test('are answered as no more than metadata, if asked for so', async () => {
        const answer = await client().post(jobs(), job('metadata'), { accept: METADATA_ONLY });
        expect(answer.status).toBe(201);
        expect(answer.body).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' });
        expect(answer.body.metadata.name).toBe(nameOf('metadata'));
        expect(answer.body).not.toHaveProperty('spec');
        const again = await client().post(jobs(), job('metadata'), { accept: METADATA_ONLY });
        expect(again.body).toMatchObject({ kind: 'Status', reason: 'AlreadyExists', code: 409 });
      });

      test.each([
        ['a name too long', { ...job('x'), metadata: { name: 'a'.repeat(64) } }],
        ['a name with capitals', { ...job('x'), metadata: { name: `Not-${run}` } }],
        ['a label with a blank', { ...job('x'), metadata: { name: nameOf('x'), labels: { a: 'b c' } } }],
        ['no container', { ...job('x'), spec: { template: { spec: { restartPolicy: 'Never', containers: [] } } } }],
        ['no restart policy', { ...job('x'), spec: { template: { spec: { containers: [BUSYBOX] } } } }],
      ])('with %s are invalid', async (_, wrong) => {
        const answer = await client().post(jobs(), wrong);
        expect(answer.status).toBe(422);
        const { name } = wrong.metadata;
        expect(answer.body).toMatchObject({ kind: 'Status', reason: 'Invalid', code: 422 });
        expect(answer.body).toMatchObject({ details: { name, group: 'batch', kind: 'Job' } });
        expect(answer.body.details.causes.length).toBeGreaterThan(0);
        expect(answer.body.message).toContain(`Job.batch "${name}" is invalid: `);
      });

      test('that are no JSON, of another type, too large, or in no namespace', async () => {
        expect((await client().post(jobs(), '{"a')).body).toMatchObject({ reason: 'BadRequest', code: 400 });
        const text = await client().post(jobs(), job('x'), { contentType: 'text/plain' });
        expect(text.body).toMatchObject({ reason: 'UnsupportedMediaType', code: 415 });
        const large = { ...job('x'), metadata: { name: nameOf('x'), annotations: { x: 'a'.repeat(3 * 2 ** 20) } } };
        expect((await client().post(jobs(), large)).body).toMatchObject({ reason: 'RequestEntityTooLarge', code: 413 });
        const nowhere = await client().post(`/apis/batch/v1/namespaces/no-${run}/jobs`, job('x'));
        expect(nowhere.body).toMatchObject({
          message: `namespaces "no-${run}" not found`,
          reason: 'NotFound',
          code: 404,
        });
      });

      test('are read by name', async () => {
        const [name] = await makeJobs('read', 1);
        const answer = await client().get(`${jobs()}/${name}`);
        expect(answer.status).toBe(200);
        expect(answer.body).toMatchObject({ kind: 'Job', metadata: { name } });
        const none = await client().get(`${jobs()}/${nameOf('none')}`);
        expect(none.body).toMatchObject({ reason: 'NotFound', code: 404 });
        expect(none.body.message).toBe(`jobs.batch "${nameOf('none')}" not found`);
      });

      test('are removed with their pods, at once, by the policy Background', async () => {
        const [first, second] = await makeJobs('removed', 2);
        const byQuery = await client().delete(`${jobs()}/${first}?propagationPolicy=Background`);
        expect(byQuery.status).toBe(200);
        expect(byQuery.body).toMatchObject({
          kind: 'Status',
          status: 'Success',
          details: { name: first, kind: 'jobs' },
        });
        const byBody = await client().delete(`${jobs()}/${second}`, { body: { propagationPolicy: 'Background' } });
        expect(byBody.body).toMatchObject({ kind: 'Status', status: 'Success' });
        for (const name of [first, second]) expect((await client().get(`${jobs()}/${name}`)).status).toBe(404);
        expect((await client().delete(`${jobs()}/${first}`)).status).toBe(404);
      });

      test('without a policy wait for someone who leaves their pods behind', async () => {
        const [name] = await makeJobs('orphaning', 1);
        const answer = await client().delete(`${jobs()}/${name}`);
        expect(answer.status).toBe(200);
        expect(answer.body).toMatchObject({ kind: 'Job', metadata: { name, finalizers: ['orphan'] } });
        expect(answer.body.metadata.deletionTimestamp).toBeDefined();
      });
    });

    describe('lists', () => {
      test('in pages have everything once, as it was at the first page', async () => {
        const names = await makeJobs('paged', 5);
        const found: string[] = [];
        const versions = new Set<string>();
        let next = '';
        do {
          const page = await client().get(`${jobs()}?${selector('paged')}&limit=2${next && `&continue=${next}`}`);
          expect(page.status).toBe(200);
          expect(page.body).toMatchObject({ kind: 'JobList', apiVersion: 'batch/v1' });
          expect(page.body.items.length).toBeLessThanOrEqual(2);
          for (const item of page.body.items) expect([item.kind, item.apiVersion]).toEqual([undefined, undefined]);
          // Of a selection, nobody counts what is left.
          expect(page.body.metadata.remainingItemCount).toBeUndefined();
          found.push(...namesOf(page));
          versions.add(page.body.metadata.resourceVersion);
          next = encodeURIComponent(page.body.metadata.continue ?? '');
          if (found.length === 2) await client().post(jobs(), job('paged-late', 'paged'));
        } while (next);
        expect(found).toEqual(names);
        expect(versions.size).toBe(1);
      });

      test('of any version are whole, whatever the limit', async () => {
        const names = await makeJobs('whole', 3);
        // Such a list may be behind.
        await eventually(async () => {
          const list = await client().get(`${jobs()}?${selector('whole')}&limit=1&resourceVersion=0`);
          expect(namesOf(list)).toEqual(names);
          expect(list.body.metadata.continue).toBeUndefined();
        });
      });

      test.each([
        ['a', '0 1'],
        ['!a,r=R', '2'],
        ['a=x', '0'],
        ['a==x', '0'],
        ['a!=x,r=R', '1 2'],
        ['a in (x,y)', '0 1'],
        ['a notin (x),r=R', '1 2'],
        ['a,b', '1'],
        ['a=y,b=z', '1'],
        ['a=x,b=z', ''],
      ])('by labels: %s', async (written, found) => {
        const labels: Record<string, string>[] = [{ a: 'x' }, { a: 'y', b: 'z' }, {}];
        // Keys of this run alone: nobody else's objects fit.
        const key = (letter: string) => `${letter}.${run}`;
        for (const [index, given] of labels.entries()) {
          const own = Object.fromEntries(Object.entries(given).map(([letter, value]) => [key(letter), value]));
          const metadata = {
            name: nameOf(`labels-${index}`),
            labels: { ...own, [key('r')]: 'R', [`${LABEL}-run`]: run },
          };
          const made = await client().post(`${core()}/configmaps`, { metadata });
          expect([201, 409]).toContain(made.status);
        }
        const text = written.replace(/\b[abr]\b(?!\))/g, key);
        const list = await client().get(`${core()}/configmaps?labelSelector=${encodeURIComponent(text)}`);
        expect(namesOf(list)).toEqual(
          found
            .split(' ')
            .filter(Boolean)
            .map((index) => nameOf(`labels-${index}`)),
        );
      });

      test('by name; by what nobody can select by: told so', async () => {
        const [name] = await makeJobs('by-name', 2);
        expect(namesOf(await client().get(`${jobs()}?fieldSelector=metadata.name%3D${name}`))).toEqual([name]);
        const unknown = await client().get(`${jobs()}?fieldSelector=spec.x%3D1`);
        expect(unknown.body).toMatchObject({ message: 'field label "spec.x" not supported for Job', code: 400 });
        expect((await client().get(`${jobs()}?labelSelector=${encodeURIComponent('a b')}`)).status).toBe(400);
      });
    });

    describe('collections', () => {
      test('are removed by label, and by whether they succeeded', async () => {
        const [first, ...others] = await makeJobs('collection', 3);
        const status = await client().patch(`${jobs()}/${first}/status`, { status: succeeded() });
        expect(status.status).toBe(200);
        const query = `${selector('collection')}&propagationPolicy=Background`;
        const removed = await client().delete(`${jobs()}?${query}&fieldSelector=status.successful%3D1`);
        expect(removed.status).toBe(200);
        expect(namesOf(await client().get(`${jobs()}?${selector('collection')}`))).toEqual(others);
        await client().delete(`${jobs()}?${query}`);
        expect(namesOf(await client().get(`${jobs()}?${selector('collection')}`))).toEqual([]);
      });
    });

    describe('watches', () => {
      test('tell what is made, changed and removed since a list', async () => {
        const list = await client().get(`${jobs()}?${selector('watched')}`);
        const watch = watchFrom(list.body.metadata.resourceVersion, selector('watched'));
        const [name] = await makeJobs('watched', 1);
        await makeJobs('unwatched', 1);
        await client().patch(`${jobs()}/${name}`, { metadata: { annotations: { changed: 'yes' } } });
        await client().delete(`${jobs()}/${name}?propagationPolicy=Background`);
        const events = await until(watch, ({ type }) => type === 'DELETED');
        // A Job that is suspended is changed by its controller too, where there is one.
        const types = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
        expect(types).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
        expect(events.map(({ object }) => object.metadata.name)).toEqual(events.map(() => name));
        expect(events.map(({ object }) => object.kind)).toEqual(events.map(() => 'Job'));
        const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
        expect(versions).toEqual([...versions].sort((a, b) => a - b));
        expect(versions[0]).toBeGreaterThan(Number(list.body.metadata.resourceVersion));
      });

      test('tell of what leaves the selection as removed, and of what enters it as made', async () => {
        const [name] = await makeJobs('moved', 1);
        const list = await client().get(`${jobs()}?${selector('moved')}`);
        const watch = watchFrom(list.body.metadata.resourceVersion, selector('moved'));
        await client().patch(`${jobs()}/${name}`, { metadata: { labels: { [LABEL]: 'elsewhere' } } });
        await client().patch(`${jobs()}/${name}`, { metadata: { labels: { [LABEL]: `moved-${run}` } } });
        const events = await until(watch, ({ type }) => type === 'ADDED');
        const [left, entered] = events.filter(({ type }) => type !== 'MODIFIED');
        expect([left.type, entered.type]).toEqual(['DELETED', 'ADDED']);
        expect(left.object.metadata.labels[LABEL]).toBe(`moved-${run}`);
      });

      test('end when their time is over', async () => {
        const list = await client().get(`${jobs()}?${selector('quiet')}`);
        const query = `${selector('quiet')}&resourceVersion=${list.body.metadata.resourceVersion}&timeoutSeconds=1`;
        const types: string[] = [];
        for await (const { type } of client().watch(`${jobs()}?watch=true&${query}`)) types.push(type);
        expect(types).toEqual([]);
      });

      test('from a version that is long gone: told so, or told everything; never silent', async () => {
        const names = await makeJobs('ancient', 1);
        const query = `watch=true&resourceVersion=1&timeoutSeconds=${WATCH_SECONDS}&${selector('ancient')}`;
        const answer = await client().open('GET', `${jobs()}?${query}`, {});
        answer.destroy();
        if (answer.statusCode === 410) return;
        expect(answer.statusCode).toBe(200);
        const [first] = await until(client().watch(`${jobs()}?${query}`), () => true);
        // A server that has run since its cluster was made may know everything since then.
        if (first.type === 'ADDED') expect(first.object.metadata.name).toBe(names[0]);
        else {
          expect(first.type).toBe('ERROR');
          expect(first.object).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 });
        }
      });

      const watchFrom = (version: string, query: string) =>
        client().watch(`${jobs()}?watch=true&resourceVersion=${version}&timeoutSeconds=${WATCH_SECONDS}&${query}`);
    });

    describe('Deployments', () => {
      test('are scaled by a merge patch', async () => {
        const labels = { [`${LABEL}-run`]: run };
        const name = nameOf('scaled');
        const spec = { nodeSelector: { [LABEL]: 'none' }, containers: [BUSYBOX] };
        const made = await client().post(deployments(), {
          metadata: { name, labels },
          spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
        });
        expect(made.status).toBe(201);
        const scale = `${deployments()}/${name}/scale`;
        const zero = await client().get(scale);
        expect(zero.body).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name } });
        // A zero isn't written.
        expect(zero.body.spec).toEqual({});
        expect(zero.body.status.selector).toBe(`${LABEL}-run=${run}`);

        const one = await client().patch(scale, { spec: { replicas: 1 } });
        expect(one.status).toBe(200);
        expect(one.body).toMatchObject({ kind: 'Scale', metadata: { name }, spec: { replicas: 1 } });
        const scaled = await client().get(`${deployments()}/${name}`);
        expect(scaled.body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 1 } });

        expect((await client().patch(scale, { spec: { replicas: -1 } })).body).toMatchObject({
          reason: 'Invalid',
          code: 422,
        });
        expect((await client().patch(scale, { spec: { replicas: 0 } })).body.spec).toEqual({});
        const none = await client().patch(`${deployments()}/${nameOf('none')}/scale`, { spec: { replicas: 1 } });
        expect(none.body).toMatchObject({ reason: 'NotFound', code: 404, details: { group: 'apps' } });
      });
    });

    describe('Secrets', () => {
      test('are read by name', async () => {
        const metadata = { name: nameOf('secret'), labels: { [`${LABEL}-run`]: run } };
        const made = await client().post(`${core()}/secrets`, { metadata, stringData: { token: 'ä b' } });
        expect(made.status).toBe(201);
        const { status, body } = await client().get(`${core()}/secrets/${nameOf('secret')}`);
        expect(status).toBe(200);
        expect(body).toMatchObject({ kind: 'Secret', type: 'Opaque' });
        expect(Buffer.from(body.data.token, 'base64').toString('utf8')).toBe('ä b');
        const none = await client().get(`${core()}/secrets/${nameOf('none')}`);
        expect(none.body).toMatchObject({ reason: 'NotFound', code: 404, details: { kind: 'secrets' } });
      });
    });

    describe('Events', () => {
      test('are made once, counted up, and listed by reason', async () => {
        const { namespace } = server();
        const involvedObject = { apiVersion: 'apps/v1', kind: 'Deployment', name: nameOf('manager'), namespace };
        const event = (name: string, reason: string) => ({
          metadata: { name: nameOf(name), labels: { [`${LABEL}-run`]: run } },
          ...{ involvedObject, reason, message: 'a test', type: 'Warning', count: 1 },
          ...{ source: { component: LABEL }, firstTimestamp: NOON, lastTimestamp: NOON },
        });
        const events = `${core()}/events`;
        expect((await client().post(events, event('one', 'BehaviourTested'))).status).toBe(201);
        expect((await client().post(events, event('two', 'SomethingElse'))).status).toBe(201);
        expect((await client().post(events, event('one', 'BehaviourTested'))).body).toMatchObject({
          ...{ reason: 'AlreadyExists', code: 409, message: `events "${nameOf('one')}" already exists` },
        });
        const counted = await client().patch(`${events}/${nameOf('one')}`, { count: 2 });
        expect(counted.body).toMatchObject({ kind: 'Event', reason: 'BehaviourTested', count: 2, lastTimestamp: NOON });
        expect((await client().patch(`${events}/${nameOf('none')}`, { count: 2 })).status).toBe(404);

        const fields = `reason=BehaviourTested,type=Warning,involvedObject.name=${nameOf('manager')}`;
        const list = await client().get(`${events}?fieldSelector=${encodeURIComponent(fields)}`);
        expect(namesOf(list)).toEqual([nameOf('one')]);
        const elsewhere = { ...event('three', 'X'), involvedObject: { ...involvedObject, namespace: 'elsewhere' } };
        expect((await client().post(events, elsewhere)).body).toMatchObject({ reason: 'Invalid', code: 422 });
      });
    });

    test('a wrong token is unauthorized', async () => {
      const answer = await client().get(jobs(), { token: 'wrong' });
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
    });

    test('of a pod that is not there, there is no log', async () => {
      const answer = await client().get(`${core()}/pods/${nameOf('none')}/log`);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ reason: 'NotFound', message: `pods "${nameOf('none')}" not found` });
    });

    test('it tells its version, and which paths are none', async () => {
      const { body } = await client().get('/version');
      expect(body).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) });
      expect((await client().get('/apis/none.example/v1/things')).status).toBe(404);
      expect((await client().get(`${core()}/things`)).body).toMatchObject({ reason: 'NotFound', code: 404 });
    });
  });
}

const BUSYBOX = { name: 'main', image: 'busybox:1.37', command: ['true'] };
const NOON = '2026-01-01T12:00:00Z';

/** As the Job controller writes it. */
function succeeded(): object {
  const times = { lastProbeTime: NOON, lastTransitionTime: NOON };
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True', ...times }));
  return { startTime: NOON, completionTime: NOON, succeeded: 1, uncountedTerminatedPods: {}, conditions };
}

async function until(watch: AsyncIterable<WatchEvent>, last: (event: WatchEvent) => boolean): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const event of watch) {
    events.push(event);
    if (last(event)) return events;
  }
  throw new Error(`the watch ended after ${JSON.stringify(events.map(({ type }) => type))}`);
}

/** Tries until it holds, for five seconds. */
async function eventually(holds: () => Promise<void>): Promise<void> {
  for (let tries = 50; ; tries--) {
    try {
      return await holds();
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(100);
    }
  }
}
