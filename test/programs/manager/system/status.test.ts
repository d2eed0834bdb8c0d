import { once } from 'node:events';
import { createServer, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quantity } from '../../../../src/programs/common/quantity';
import { storeUsage, usageIn } from '../../../../src/programs/manager/system/store-usage';
import { SECRETS, SystemUnderTest } from './fixture';

let it: SystemUnderTest;
beforeEach(async () => (it = await SystemUnderTest.start()));
afterEach(() => it.stop());

function putNode(name: string, cpu: string, memory: string, ready: string, gpu?: string): void {
  const allocatable = { cpu, memory, ...(gpu ? { 'nvidia.com/gpu': gpu } : {}) };
  const conditions = [
    { type: 'MemoryPressure', status: 'False' },
    { type: 'Ready', status: ready },
  ];
  it.double.objects.put({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { allocatable, conditions } });
}

test('of an empty cluster that tells nothing', async () => {
  await it.double.stop();
  await expect(it.json('/system/status')).resolves.toEqual({
    cluster: {
      nodes_count: 0,
      metrics: {
        cpu: { total_free_cores: 0, max_free_on_node_cores: 0 },
        memory: { total_free_bytes: 0, max_free_on_node_bytes: 0 },
        gpu: { total_gpu: 0 },
      },
      nodes: [],
    },
    oscar: {
      deployment_name: 'oscar-manager',
      ready: false,
      deployment: {
        available_replicas: 0,
        ready_replicas: 0,
        replicas: 0,
        creation_timestamp: null,
        strategy: '',
        labels: {},
      },
      jobs_count: 0,
      pods: { total: 0, states: { Pending: 0, Running: 0, Succeeded: 0, Failed: 0 } },
      oidc: { enabled: false, issuers: [], groups: [] },
    },
    minio: { buckets_count: 0, total_objects: 0, error: expect.stringContaining("the store's metrics can't be read") },
  });
});

test('nodes and what they use', async () => {
  putNode('a', '4', '8Gi', 'True', '2');
  putNode('b', '1500m', '1000000Ki', 'Unknown');
  it.double.nodeMetrics = [{ metadata: { name: 'a' }, usage: { cpu: '1500000000n', memory: '2Gi' } }];
  const { cluster } = await it.json('/system/status');
  expect(cluster.metrics).toEqual({
    cpu: { total_free_cores: 4000, max_free_on_node_cores: 2500 },
    memory: { total_free_bytes: 6 * 2 ** 30 + 1_024_000_000, max_free_on_node_bytes: 6 * 2 ** 30 },
    gpu: { total_gpu: 2 },
  });
  expect(cluster.nodes).toEqual([
    {
      name: 'a',
      cpu: { capacity_cores: 4000, usage_cores: 1500 },
      memory: { capacity_bytes: 8 * 2 ** 30, usage_bytes: 2 * 2 ** 30 },
      gpu: 2,
      is_interlink: false,
      status: 'Ready',
      conditions: [
        { type: 'MemoryPressure', status: false },
        { type: 'Ready', status: true },
      ],
    },
    expect.objectContaining({ name: 'b', status: 'NotReady', cpu: { capacity_cores: 1500, usage_cores: 0 } }),
  ]);
});

test('the manager, its Jobs and pods', async () => {
  const labels = { app: 'x' };
  it.double.objects.put({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name: 'oscar-manager', namespace: 'oscar', labels, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      replicas: 2,
      strategy: { type: 'RollingUpdate' },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'manager', image: 'x' }] } },
    },
    status: { replicas: 2, readyReplicas: 1, availableReplicas: 1 },
  });
  const job = (name: string, status: string) =>
    it.jobs.onJob(name, { name, service: 'cow', status, created: '' } as never);
  job('cow-1', 'Succeeded');
  job('cow-2', 'Failed');
  it.warmPods.onPod('cow-a', { name: 'cow-a', service: 'cow', ip: '1', ready: true } as never);
  it.warmPods.onPod('cow-b', { name: 'cow-b', service: 'cow', ip: '', ready: false } as never);
  const { oscar } = await it.json('/system/status');
  expect(oscar).toMatchObject({
    ready: true,
    deployment: {
      available_replicas: 1,
      ready_replicas: 1,
      replicas: 2,
      creation_timestamp: '2026-01-01T00:00:00Z',
      strategy: 'RollingUpdate',
      labels,
    },
    jobs_count: 2,
    pods: { total: 4, states: { Pending: 1, Running: 1, Succeeded: 1, Failed: 1 } },
  });
});

test.each([
  ['2', 2],
  ['250m', 0.25],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['1e3', 1000],
  ['1E', 1e18],
  ['12Ki', 12288],
  ['100n', 1e-7],
  ['3k', 3000],
  ['.5', 0.5],
  ['-1', -1],
  ['', 0],
  ['x', 0],
  ['1X', 0],
  [undefined, 0],
])('quantity %s', (text, value) => {
  expect(quantity(text)).toBeCloseTo(value, 10);
});

describe('what is in the store', () => {
  const METRICS = `# HELP minio_cluster_bucket_total Total number of buckets
# TYPE minio_cluster_bucket_total gauge
minio_cluster_bucket_total{server="a:9000"} 3
minio_cluster_usage_object_total{server="a:9000"} 1.2345e+06
`;
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function store(status: number, text: string, seen: string[] = []) {
    server = createServer(({ url, headers }, response) => {
      seen.push(`${url} ${headers.authorization}`);
      response.writeHead(status).end(text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return storeUsage({ endpoint, region: 'x', verify: true }, { get: (file) => SECRETS[file] });
  }

  test('by its metrics', async () => {
    const seen: string[] = [];
    await expect(store(200, METRICS, seen)).resolves.toEqual({ buckets_count: 3, total_objects: 1_234_500 });
    expect(seen).toEqual([expect.stringMatching(/^\/minio\/v2\/metrics\/cluster Bearer ey[^ ]+$/)]);
  });

  test.each([
    [403, 'no', "the store's metrics can't be read: status 403"],
    [200, '<html>', 'the store has not counted its objects yet'],
  ])('%i: no count', async (status, text, error) => {
    await expect(store(status, text)).resolves.toEqual({ buckets_count: 0, total_objects: 0, error });
  });

  test('without a login', async () => {
    const none = { get: () => undefined };
    const { minio } = { minio: { endpoint: 'http://127.0.0.1:9', region: '', verify: true } };
    await expect(storeUsage(minio, none)).resolves.toMatchObject({ error: expect.stringContaining('no login') });
  });

  test('bucket by bucket', () => {
    const text = 'minio_bucket_usage_object_total{bucket="a{b} 7"} 2\nminio_bucket_usage_object_total{bucket="c"} 3\n';
    expect(usageIn(text)).toEqual({ buckets_count: 0, total_objects: 5 });
  });
});
