import { BUSYBOX, Run } from './run';

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

/** How Jobs are made, refused and removed. */
export function testJobs(run: Run): void {
  describe('Jobs', () => {
    test('are stored once: the second of a name is told that there is one', async () => {
      const first = await run.client().post(run.jobs(), run.job('once'));
      expect(first.status).toBe(201);
      expect(first.body).toMatchObject({ kind: 'Job', apiVersion: 'batch/v1', metadata: { generation: 1 } });
      const { name, namespace, uid, resourceVersion, creationTimestamp } = first.body.metadata;
      expect({ name, namespace }).toEqual({ name: run.nameOf('once'), namespace: run.namespace });
      expect(uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(resourceVersion).toMatch(/^[1-9][0-9]*$/);
      expect(creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

      const second = await run.client().post(run.jobs(), run.job('once'));
      expect(second.status).toBe(409);
      expect(second.body).toMatchObject({
        ...{ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'AlreadyExists', code: 409 },
        message: `jobs.batch "${run.nameOf('once')}" already exists`,
        details: { name: run.nameOf('once'), group: 'batch', kind: 'jobs' },
      });
    });

    test('get labels for their pods, and defaults', async () => {
      const { body } = await run.client().post(run.jobs(), run.job('defaults'));
      const { uid } = body.metadata;
      expect(body.spec.template.metadata.labels).toEqual({
        'batch.kubernetes.io/controller-uid': uid,
        'batch.kubernetes.io/job-name': run.nameOf('defaults'),
        'controller-uid': uid,
        'job-name': run.nameOf('defaults'),
      });
      expect(body.spec).toMatchObject({ completions: 1, parallelism: 1, backoffLimit: 6, suspend: true });
      expect(body.spec.selector.matchLabels).toEqual({ 'batch.kubernetes.io/controller-uid': uid });
    });

    test('are answered as no more than metadata, if asked for so', async () => {
      const answer = await run.client().post(run.jobs(), run.job('metadata'), { accept: METADATA_ONLY });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' });
      expect(answer.body.metadata.name).toBe(run.nameOf('metadata'));
      expect(answer.body).not.toHaveProperty('spec');
      const again = await run.client().post(run.jobs(), run.job('metadata'), { accept: METADATA_ONLY });
      expect(again.body).toMatchObject({ kind: 'Status', reason: 'AlreadyExists', code: 409 });
    });

    test.each([
      ['a name too long', { ...run.job('x'), metadata: { name: 'a'.repeat(64) } }],
      ['a name with capitals', { ...run.job('x'), metadata: { name: `Not-${run.id}` } }],
      ['a label with a blank', { ...run.job('x'), metadata: { name: run.nameOf('x'), labels: { a: 'b c' } } }],
      ['no container', { ...run.job('x'), spec: { template: { spec: { restartPolicy: 'Never', containers: [] } } } }],
      ['no restart policy', { ...run.job('x'), spec: { template: { spec: { containers: [BUSYBOX] } } } }],
    ])('with %s are invalid', async (_, wrong) => {
      const answer = await run.client().post(run.jobs(), wrong);
      expect(answer.status).toBe(422);
      const { name } = wrong.metadata;
      expect(answer.body).toMatchObject({ kind: 'Status', reason: 'Invalid', code: 422 });
      expect(answer.body).toMatchObject({ details: { name, group: 'batch', kind: 'Job' } });
      expect(answer.body.details.causes.length).toBeGreaterThan(0);
      expect(answer.body.message).toContain(`Job.batch "${name}" is invalid: `);
    });

    test('that are no JSON, of another type, too large, or in no namespace', async () => {
      expect((await run.client().post(run.jobs(), '{"a')).body).toMatchObject({ reason: 'BadRequest', code: 400 });
      const text = await run.client().post(run.jobs(), run.job('x'), { contentType: 'text/plain' });
      expect(text.body).toMatchObject({ reason: 'UnsupportedMediaType', code: 415 });
      const large = {
        ...run.job('x'),
        metadata: { name: run.nameOf('x'), annotations: { x: 'a'.repeat(3 * 2 ** 20) } },
      };
      expect((await run.client().post(run.jobs(), large)).body).toMatchObject({
        reason: 'RequestEntityTooLarge',
        code: 413,
      });
      const nowhere = await run.client().post(`/apis/batch/v1/namespaces/no-${run.id}/jobs`, run.job('x'));
      expect(nowhere.body).toMatchObject({
        message: `namespaces "no-${run.id}" not found`,
        reason: 'NotFound',
        code: 404,
      });
    });

    test('are read by name', async () => {
      const [name] = await run.makeJobs('read', 1);
      const answer = await run.client().get(`${run.jobs()}/${name}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ kind: 'Job', metadata: { name } });
      const none = await run.client().get(`${run.jobs()}/${run.nameOf('none')}`);
      expect(none.body).toMatchObject({ reason: 'NotFound', code: 404 });
      expect(none.body.message).toBe(`jobs.batch "${run.nameOf('none')}" not found`);
    });

    test('that are suspended go on by a merge patch, which may say which one of a name it is for', async () => {
      const labels = { ...run.job('x').metadata.labels, 'example.org/waits': '4' };
      const suspended = { ...run.job('suspended'), metadata: { name: run.nameOf('suspended'), labels } };
      const { uid } = (await run.client().post(run.jobs(), suspended)).body.metadata;
      const path = `${run.jobs()}/${run.nameOf('suspended')}`;
      const patch = (uid: string) => ({
        metadata: { uid, labels: { 'example.org/waits': null } },
        spec: { suspend: false },
      });
      const another = await run.client().patch(path, patch('01234567-89ab-cdef-0123-456789abcdef'));
      expect(another.body).toMatchObject({ kind: 'Status', reason: 'Invalid', code: 422 });
      // A real server has more to say against the template and the selector, which are made of it.
      expect(another.body.details.causes).toContainEqual(
        expect.objectContaining({ field: 'metadata.uid', message: expect.stringContaining('field is immutable') }),
      );
      expect((await run.client().get(path)).body).toMatchObject({ metadata: { labels }, spec: { suspend: true } });
      const { status, body } = await run.client().patch(path, patch(uid));
      expect(status).toBe(200);
      expect(body).toMatchObject({ metadata: { uid, generation: 2 }, spec: { suspend: false } });
      expect(body.metadata.labels).toEqual(run.job('x').metadata.labels);
      const again = await run.client().patch(path, patch(uid));
      expect([again.status, again.body.metadata.generation]).toEqual([200, 2]);
    });

    test('are removed with their pods, at once, by the policy Background', async () => {
      const [first, second] = await run.makeJobs('removed', 2);
      const byQuery = await run.client().delete(`${run.jobs()}/${first}?propagationPolicy=Background`);
      expect(byQuery.status).toBe(200);
      expect(byQuery.body).toMatchObject({
        kind: 'Status',
        status: 'Success',
        details: { name: first, kind: 'jobs' },
      });
      const byBody = await run
        .client()
        .delete(`${run.jobs()}/${second}`, { body: { propagationPolicy: 'Background' } });
      expect(byBody.body).toMatchObject({ kind: 'Status', status: 'Success' });
      for (const name of [first, second]) expect((await run.client().get(`${run.jobs()}/${name}`)).status).toBe(404);
      expect((await run.client().delete(`${run.jobs()}/${first}`)).status).toBe(404);
    });

    test('without a policy wait for someone who leaves their pods behind', async () => {
      const [name] = await run.makeJobs('orphaning', 1);
      const answer = await run.client().delete(`${run.jobs()}/${name}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ kind: 'Job', metadata: { name, finalizers: ['orphan'] } });
      expect(answer.body.metadata.deletionTimestamp).toBeDefined();
    });
  });
}
