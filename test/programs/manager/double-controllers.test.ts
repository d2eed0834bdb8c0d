import { ApiServerDouble, Client } from './double';
import { collect, eventually, job, JOBS, NAMESPACE, POD_SPEC, PODS } from './double/reading';

describe('the double’s controllers', () => {
  let double: ApiServerDouble;
  let client: Client;
  beforeEach(async () => {
    double = await ApiServerDouble.start();
    client = new Client(double);
  });
  afterEach(() => double.stop());

  describe('Jobs and Deployments', () => {
    test('runs a Job to its end', async () => {
      double.objects.put(job('one'));
      const pod = double.controllers.jobRunning(NAMESPACE, 'one', { ip: '127.0.0.9' });
      expect((await client.get(`${JOBS}/one`)).body.status).toMatchObject({ active: 1, ready: 1 });
      const running = await client.get(`${PODS}?labelSelector=job-name%3Done`);
      expect(running.body.items[0]).toMatchObject({ status: { phase: 'Running', podIP: '127.0.0.9' } });
      double.controllers.jobSucceeded(NAMESPACE, 'one');
      const { status } = (await client.get(`${JOBS}/one`)).body;
      expect(status).toMatchObject({ succeeded: 1, ready: 0 });
      expect(status.conditions.map(({ type }: { type: string }) => type)).toEqual(['SuccessCriteriaMet', 'Complete']);
      expect((await client.get(`${PODS}/${pod.metadata.name}`)).body.status.phase).toBe('Succeeded');
      await client.delete(`${JOBS}?fieldSelector=status.successful%3D1&propagationPolicy=Background`);
      await eventually(() => double.objects.list('Pod').length === 0);
      expect(double.objects.list('Job')).toEqual([]);
    });

    test('tells why a Job failed', async () => {
      double.objects.put(job('one'));
      double.controllers.jobRunning(NAMESPACE, 'one');
      double.controllers.jobFailed(NAMESPACE, 'one', 'DeadlineExceeded');
      const { status } = (await client.get(`${JOBS}/one`)).body;
      expect(status).toMatchObject({ failed: 1, startTime: expect.any(String) });
      expect(status.conditions[1]).toMatchObject({ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' });
      expect(status.completionTime).toBeUndefined();
    });

    test('scales Deployments', async () => {
      const labels = { app: 'one' };
      double.objects.put({
        ...{ kind: 'Deployment', metadata: { name: 'one', namespace: NAMESPACE } },
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: POD_SPEC.containers } },
        },
      });
      const stop = double.controllers.runDeployments(100);
      const scale = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/one/scale`;
      const watch = collect(client.watch(`${PODS}?watch=true&resourceVersion=100&timeoutSeconds=1`));
      await client.patch(scale, { spec: { replicas: 1 } });
      await eventually(() => double.objects.list('Pod')[0]?.status !== undefined);
      expect(double.objects.list('Pod')[0].status).toMatchObject({ phase: 'Pending' });
      await eventually(() => (double.objects.list('Pod')[0].status as { phase: string }).phase === 'Running');
      expect((await client.get(scale)).body.status.replicas).toBe(1);
      await client.patch(scale, { spec: { replicas: 0 } });
      await eventually(() => double.objects.list('Pod').length === 0);
      // Created, ready, told to end, gone.
      expect((await watch).map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED']);
      stop();
    });
  });

  describe('logs', () => {
    beforeEach(() => double.objects.put(job('one')));

    test('has lines, with their times, or the last of them', async () => {
      const { name } = double.controllers.jobRunning(NAMESPACE, 'one').metadata;
      for (const line of ['first', 'ä']) double.logs.append(NAMESPACE, name, line);
      expect((await client.get(`${PODS}/${name}/log`)).text).toBe('first\nä\n');
      expect((await client.get(`${PODS}/${name}/log?tailLines=1&container=main`)).text).toBe('ä\n');
      const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z`;
      const timed = await client.get(`${PODS}/${name}/log?timestamps=true`);
      expect(timed.text).toMatch(new RegExp(`^${time} first\n${time} ä\n$`));
      expect(timed.headers['content-type']).toBe('text/plain');
      const wrong = await client.get(`${PODS}/${name}/log?container=other`);
      expect(wrong.body).toMatchObject({ code: 400, message: `container other is not valid for pod ${name}` });
    });

    test('goes on until the pod is over', async () => {
      const { name } = double.controllers.jobRunning(NAMESPACE, 'one').metadata;
      double.logs.append(NAMESPACE, name, 'first');
      const followed = client.get(`${PODS}/${name}/log?follow=true`);
      await eventually(() => double.requests.length === 1);
      double.logs.append(NAMESPACE, name, 'second');
      double.controllers.jobSucceeded(NAMESPACE, 'one');
      expect((await followed).text).toBe('first\nsecond\n');
      expect((await client.get(`${PODS}/${name}/log?follow=true`)).text).toBe('first\nsecond\n');
    });

    test('says what a container waits for', async () => {
      const { name } = double.controllers.jobRunning(NAMESPACE, 'one', { waiting: 'ImagePullBackOff' }).metadata;
      expect((await client.get(`${PODS}/${name}/log`)).body).toMatchObject({
        ...{ kind: 'Status', code: 400, reason: 'BadRequest' },
        message: `container "main" in pod "${name}" is waiting to start: trying and failing to pull image`,
      });
    });

    test('has nothing of a pod that has no node', async () => {
      double.objects.put({ kind: 'Pod', metadata: { name: 'two', namespace: NAMESPACE }, spec: POD_SPEC });
      const answer = await client.get(`${PODS}/two/log`);
      expect([answer.status, answer.text]).toEqual([204, '']);
    });
  });
});
