import { BUSYBOX, LABEL, namesOf, NOON, Run } from './run';

/** Deployments, Secrets, Events, and what is none of these. */
export function testOthers(run: Run): void {
  describe('Deployments', () => {
    test('are scaled by a merge patch', async () => {
      const labels = { [`${LABEL}-run`]: run.id };
      const name = run.nameOf('scaled');
      const spec = { nodeSelector: { [LABEL]: 'none' }, containers: [BUSYBOX] };
      const made = await run.client().post(run.deployments(), {
        metadata: { name, labels },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      });
      expect(made.status).toBe(201);
      const scale = `${run.deployments()}/${name}/scale`;
      const zero = await run.client().get(scale);
      expect(zero.body).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name } });
      // A zero isn't written.
      expect(zero.body.spec).toEqual({});
      expect(zero.body.status.selector).toBe(`${LABEL}-run=${run.id}`);

      const one = await run.client().patch(scale, { spec: { replicas: 1 } });
      expect(one.status).toBe(200);
      expect(one.body).toMatchObject({ kind: 'Scale', metadata: { name }, spec: { replicas: 1 } });
      const scaled = await run.client().get(`${run.deployments()}/${name}`);
      expect(scaled.body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 1 } });

      expect((await run.client().patch(scale, { spec: { replicas: -1 } })).body).toMatchObject({
        reason: 'Invalid',
        code: 422,
      });
      expect((await run.client().patch(scale, { spec: { replicas: 0 } })).body.spec).toEqual({});
      const none = await run
        .client()
        .patch(`${run.deployments()}/${run.nameOf('none')}/scale`, { spec: { replicas: 1 } });
      expect(none.body).toMatchObject({ reason: 'NotFound', code: 404, details: { group: 'apps' } });
    });
  });

  describe('Secrets', () => {
    test('are read by name', async () => {
      const metadata = { name: run.nameOf('secret'), labels: { [`${LABEL}-run`]: run.id } };
      const made = await run.client().post(`${run.core()}/secrets`, { metadata, stringData: { token: 'ä b' } });
      expect(made.status).toBe(201);
      const { status, body } = await run.client().get(`${run.core()}/secrets/${run.nameOf('secret')}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ kind: 'Secret', type: 'Opaque' });
      expect(Buffer.from(body.data.token, 'base64').toString('utf8')).toBe('ä b');
      const none = await run.client().get(`${run.core()}/secrets/${run.nameOf('none')}`);
      expect(none.body).toMatchObject({ reason: 'NotFound', code: 404, details: { kind: 'secrets' } });
    });
  });

  describe('Events', () => {
    test('are made once, counted up, and listed by reason', async () => {
      const { namespace } = run;
      const involvedObject = { apiVersion: 'apps/v1', kind: 'Deployment', name: run.nameOf('manager'), namespace };
      const event = (name: string, reason: string) => ({
        metadata: { name: run.nameOf(name), labels: { [`${LABEL}-run`]: run.id } },
        ...{ involvedObject, reason, message: 'a test', type: 'Warning', count: 1 },
        ...{ source: { component: LABEL }, firstTimestamp: NOON, lastTimestamp: NOON },
      });
      const events = `${run.core()}/events`;
      expect((await run.client().post(events, event('one', 'BehaviourTested'))).status).toBe(201);
      expect((await run.client().post(events, event('two', 'SomethingElse'))).status).toBe(201);
      expect((await run.client().post(events, event('one', 'BehaviourTested'))).body).toMatchObject({
        ...{ reason: 'AlreadyExists', code: 409, message: `events "${run.nameOf('one')}" already exists` },
      });
      const counted = await run.client().patch(`${events}/${run.nameOf('one')}`, { count: 2 });
      expect(counted.body).toMatchObject({ kind: 'Event', reason: 'BehaviourTested', count: 2, lastTimestamp: NOON });
      expect((await run.client().patch(`${events}/${run.nameOf('none')}`, { count: 2 })).status).toBe(404);

      const fields = `reason=BehaviourTested,type=Warning,involvedObject.name=${run.nameOf('manager')}`;
      const list = await run.client().get(`${events}?fieldSelector=${encodeURIComponent(fields)}`);
      expect(namesOf(list)).toEqual([run.nameOf('one')]);
      const elsewhere = { ...event('three', 'X'), involvedObject: { ...involvedObject, namespace: 'elsewhere' } };
      expect((await run.client().post(events, elsewhere)).body).toMatchObject({ reason: 'Invalid', code: 422 });
    });
  });

  test('a wrong token is unauthorized', async () => {
    const answer = await run.client().get(run.jobs(), { token: 'wrong' });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
  });

  test('of a pod that is not there, there is no log', async () => {
    const answer = await run.client().get(`${run.core()}/pods/${run.nameOf('none')}/log`);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ reason: 'NotFound', message: `pods "${run.nameOf('none')}" not found` });
  });

  test('it tells its version, and which paths are none', async () => {
    const { body } = await run.client().get('/version');
    expect(body).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) });
    expect((await run.client().get('/apis/none.example/v1/things')).status).toBe(404);
    expect((await run.client().get(`${run.core()}/things`)).body).toMatchObject({ reason: 'NotFound', code: 404 });
  });

  test('a path is split after it was unescaped, and nobody climbs in it', async () => {
    const name = run.nameOf('path');
    const metadata = { name, labels: { [`${LABEL}-run`]: run.id } };
    await run.client().post(`${run.core()}/configmaps`, { metadata });
    const statusOf = async (path: string) => (await run.client().get(`${run.core()}/${path}`)).status;
    expect(await statusOf(`configmaps%2F${name}`)).toBe(200);
    expect(await statusOf(`configmaps/${name}/`)).toBe(200);
    expect(await statusOf(`configmaps/..`)).toBe(400);
    expect(await statusOf(`configmaps/..%2Fconfigmaps%2F${name}`)).toBe(404);
    expect(await statusOf(`configmaps//${name}`)).toBe(404);
    expect(await statusOf(`configmaps/a%20b`)).toBe(404);
    // A name that is empty is none: this is the list.
    expect((await run.client().get(`${run.core()}/configmaps/?limit=1`)).body.kind).toBe('ConfigMapList');
  });
}
