import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundled } from '../bundled';
import { holdsAs } from './api-behaviour';
import { ApiServerDouble, Client, Options } from './double';
import { collect, eventually, first, job, JOBS, NAMESPACE } from './double/reading';

const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;

describe('the double', () => {
  let double: ApiServerDouble;
  beforeAll(async () => (double = await ApiServerDouble.start()));
  afterAll(() => double.stop());

  holdsAs(() => ({ url: double.url, token: double.token, namespace: NAMESPACE }));
});

describe('the double', () => {
  let double: ApiServerDouble;
  let client: Client;

  const start = async (options: Options = {}) => {
    double = await ApiServerDouble.start(options);
    client = new Client(double);
  };
  afterEach(() => double.stop());

  describe('towards whoever may not', () => {
    test('refuses to list Secrets, unless told otherwise', async () => {
      await start();
      expect((await client.get(SECRETS)).body).toMatchObject({
        ...{ code: 403, reason: 'Forbidden', details: { kind: 'secrets' } },
        message:
          'secrets is forbidden: User "system:serviceaccount:oscar:oscar-manager" cannot list resource "secrets" ' +
          'in API group "" in the namespace "oscar-svc"',
      });
      double.allow = (_verb, _group, resource) => resource !== 'deployments/scale';
      expect((await client.get(SECRETS)).status).toBe(200);
      const scale = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/one/scale`;
      expect((await client.patch(scale, { spec: { replicas: 1 } })).body.message).toBe(
        'deployments.apps "one" is forbidden: User "system:serviceaccount:oscar:oscar-manager" cannot patch resource ' +
          '"deployments/scale" in API group "apps" in the namespace "oscar-svc"',
      );
    });

    test('knows one token, which may be rotated', async () => {
      await start({ token: 'old' });
      double.token = 'new';
      expect((await client.get(JOBS, { token: 'old' })).status).toBe(401);
      expect((await client.get(JOBS, { token: 'new' })).status).toBe(200);
    });
  });

  describe('watched', () => {
    test('tells how far it is, if asked', async () => {
      await start({ bookmarkMs: 50 });
      const watch = client.watch(`${JOBS}?watch=true&resourceVersion=100&allowWatchBookmarks=true`);
      const { type, object } = await first(watch);
      expect({ type, object }).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Job', apiVersion: 'batch/v1' } });
      expect(object.metadata).toEqual({ resourceVersion: expect.stringMatching(/^\d+$/) });
    });

    test('without a version begins with what is there, and no other namespace’s', async () => {
      await start();
      double.objects.put(job('one'));
      double.objects.put({ ...job('two'), metadata: { name: 'two', namespace: 'another' } });
      const events = await collect(client.watch(`${JOBS}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true`));
      expect(events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK', 'BOOKMARK']);
      expect(events[1].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    });

    test('forgets a watch that its reader left', async () => {
      await start();
      const watch = client.watch(`${JOBS}?watch=true&resourceVersion=100`);
      double.objects.put(job('one'));
      await first(watch);
      await eventually(() => double.openWatches === 0);
    });
  });

  test('measures nodes only when it is told to', async () => {
    await start();
    double.objects.put({ kind: 'Node', metadata: { name: 'node-1' }, status: { allocatable: { cpu: '2' } } });
    expect((await client.get('/api/v1/nodes')).body.items[0].status.allocatable).toEqual({ cpu: '2' });
    const path = '/apis/metrics.k8s.io/v1beta1/nodes';
    expect(await client.get(path)).toMatchObject({ status: 404, text: '404 page not found\n' });
    double.nodeMetrics = [{ metadata: { name: 'node-1' }, usage: { cpu: '1n', memory: '1Ki' } }];
    expect((await client.get(path)).body).toMatchObject({ kind: 'NodeMetricsList', items: [{ usage: { cpu: '1n' } }] });
  });
});

describe('the double as a process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'double-'));
  const program = join(folder, 'double.cjs');
  beforeAll(() => writeFileSync(program, bundled(join(__dirname, 'double/main.ts'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('tells its port, serves, and ends when told to', async () => {
    const started = spawn(process.execPath, [program, '--port', '0', '--token', 'mine']);
    const ended = once(started, 'exit');
    const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
    const { port, token } = JSON.parse(line) as { port: number; token: string };
    const client = new Client({ url: `http://127.0.0.1:${port}`, token });
    expect((await client.post(JOBS, job('one'))).status).toBe(201);
    const watch = collect(client.watch(`${JOBS}?watch=true`)).catch(() => {});
    started.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await watch;
  });
});
