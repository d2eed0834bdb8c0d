import { version } from '../../../../package.json';
import { definition } from '../services';
import { SystemUnderTest } from './fixture';

const gpu = definition('gpu', {
  enable_gpu: true,
  labels: { team: 'a' },
  storage_providers: {
    s3: { amazon: { region: 'eu-west-1' } },
    webdav: { dcache: { hostname: 'dcache.example' } },
    onedata: { one: { oneprovider_host: 'one.example', space: 'mine' } },
  },
});
const EXPOSE = {
  min_scale: 1,
  max_scale: 3,
  api_port: [8080],
  cpu_threshold: 80,
  rewrite_target: true,
  default_command: true,
  set_auth: true,
  health_path: '/healthy',
};
let it: SystemUnderTest;
beforeEach(async () => (it = await SystemUnderTest.start([definition('sheep'), definition('cow'), gpu])));
afterEach(() => it.stop());

describe('info', () => {
  test('what runs here', async () => {
    const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
    await expect(it.json('/system/info')).resolves.toEqual({
      version,
      git_commit: '',
      architecture,
      kubernetes_version: 'v1.34.4',
      serverless_backend: { name: 'oscar-cdk8s', version },
    });
    await it.json('/system/info/');
    expect(it.asked).toEqual(['GET /version']);
  });

  test('Kubernetes is away', async () => {
    await it.double.stop();
    await expect(it.json('/system/info')).resolves.toMatchObject({ version, kubernetes_version: '' });
  });
});

test('config, also with a slash at its end', async () => {
  const config = {
    config: {
      name: 'oscar',
      namespace: 'oscar',
      services_namespace: 'oscar-svc',
      gpu_available: true,
      interLink_available: false,
      yunikorn_enable: false,
      serverless_backend: 'oscar-cdk8s',
      oidc_groups: [],
    },
    minio_provider: {
      endpoint: 'http://127.0.0.1:9',
      verify: true,
      access_key: 'minio-user',
      secret_key: 'minio-password',
      region: 'us-east-1',
    },
    allowed_image_repositories: [],
  };
  await expect(it.json('/system/config/')).resolves.toEqual(config);
  await expect(it.json('/system/config')).resolves.toEqual(config);
});

describe('services', () => {
  test('the list is sorted, and has each token', async () => {
    const list = await it.json('/system/services');
    expect(list.map(({ name, token }: Record<string, string>) => [name, token])).toEqual([
      ['cow', 'cow-token'],
      ['gpu', 'gpu-token'],
      ['sheep', 'sheep-token'],
    ]);
  });

  test('a token that can not be read is empty', async () => {
    it.double.objects.delete('Secret', 'oscar-svc', 'cow-token');
    const [cow, , sheep] = await it.json('/system/services');
    expect([cow.token, sheep.token]).toEqual(['', 'sheep-token']);
    await it.double.stop();
    await expect(it.json('/system/services/sheep')).resolves.toMatchObject({ token: 'sheep-token' });
  });

  test('none are an empty list', async () => {
    const empty = await SystemUnderTest.start([]);
    await expect(empty.json('/system/services')).resolves.toEqual([]);
    empty.double.stop();
  });

  test('one, as FDL writes it', async () => {
    const service = await it.json('/system/services/cow');
    expect(service).toEqual({
      ...definition('cow'),
      token: 'cow-token',
      labels: { oscar_service: 'cow' },
      storage_providers: {
        minio: {
          default: {
            endpoint: 'http://oscar-minio.oscar.svc:9000',
            region: 'us-east-1',
            verify: true,
            access_key: '',
            secret_key: '',
          },
        },
      },
      bucket_list: [],
      cluster_id: 'oscar',
      namespace: 'oscar-svc',
      owner: 'cluster_admin',
      environment: { variables: {}, secrets: {} },
      isolation_level: 'SERVICE',
      expose: {
        min_scale: 0,
        max_scale: 0,
        cpu_threshold: 0,
        rewrite_target: false,
        nodePort: 0,
        default_command: false,
        set_auth: false,
        health_path: '/',
      },
      total_cpu: '',
      total_memory: '',
      alpine: false,
      enable_sgx: false,
      image_prefetch: false,
      delegation: '',
      rescheduler_threshold: 0,
      interlink_node_name: '',
      mount: { storage_provider: '', path: '' },
      volume_status: { enabled: false },
    });
  });

  test('what it has of itself comes before what all have', async () => {
    const more = { isolation_level: 'user', expose: EXPOSE, environment: { variables: { A: '1' } }, alpine: true };
    const other = await SystemUnderTest.start([definition('cow', more as never)]);
    await expect(other.json('/system/services/cow')).resolves.toMatchObject({
      isolation_level: 'USER',
      expose: { ...EXPOSE, nodePort: 0 },
      environment: { variables: { A: '1' }, secrets: {} },
      alpine: true,
    });
    await expect(other.json('/system/services/cow/deployment')).resolves.toMatchObject({
      resource_kind: 'exposed_service',
    });
    await other.double.stop();
  });

  test("its own labels and providers, and the platform's store", async () => {
    const { labels, storage_providers } = await it.json('/system/services/gpu');
    expect(labels).toEqual({ team: 'a', oscar_service: 'gpu' });
    expect(storage_providers).toEqual({
      minio: {
        default: { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', verify: true, access_key: '', secret_key: '' },
      },
      s3: { amazon: { region: 'eu-west-1', access_key: '', secret_key: '' } },
      webdav: { dcache: { hostname: 'dcache.example', password: '' } },
      onedata: { one: { oneprovider_host: 'one.example', space: 'mine', token: '' } },
    });
  });

  test('with its own token', async () => {
    const headers = { authorization: 'Bearer cow-token' };
    await expect(it.json('/system/services/cow', { headers })).resolves.toMatchObject({ name: 'cow' });
  });

  test('an unknown one', async () => {
    await expect(it.call('/system/services/goat')).resolves.toMatchObject({
      status: 404,
      text: 'There is no service goat.\n',
    });
  });

  test.each([
    ['POST', '/system/services'],
    ['PUT', '/system/services'],
    ['DELETE', '/system/services'],
    ['POST', '/system/services/cow'],
    ['PUT', '/system/services/cow'],
    ['DELETE', '/system/services/cow'],
    ['DELETE', '/system/services/goat'],
  ])('%s %s says where services are declared', async (method, path) => {
    await expect(it.call(path, { method, body: method === 'DELETE' ? undefined : '{}' })).resolves.toMatchObject({
      status: 403,
      text: 'Services are declared in the environment "prod" (its version now: 1.2.3): change its definition there and apply it.\n',
    });
  });

  test('without an environment', async () => {
    const bare = await SystemUnderTest.start([], { environment: undefined });
    const { text } = await bare.call('/system/services', { method: 'POST' });
    expect(text).toBe('Services are declared in the environment: change its definition there and apply it.\n');
    await bare.double.stop();
  });
});

test('metrics', async () => {
  const headers = { authorization: 'Bearer metrics-token' };
  await expect(it.call('/metrics', { headers })).resolves.toMatchObject({
    status: 200,
    text: 'up 1\n',
    headers: { 'content-type': 'text/plain; version=0.0.4' },
  });
});

describe('deployment', () => {
  const pod = { service: 'cow', ip: '10.0.0.1' };
  const state = async () => it.json('/system/services/cow/deployment');

  test('none', async () => {
    await expect(state()).resolves.toMatchObject({ state: 'unavailable', replicas: 0, ready: 0, pods: [] });
  });

  test('states', async () => {
    const { warmPods } = it;
    const scale = (replicas: number) => warmPods.onDeployment('cow', { service: 'cow', replicas } as never);
    scale(0);
    await expect(state()).resolves.toMatchObject({ state: 'stopped' });
    scale(2);
    await expect(state()).resolves.toMatchObject({ state: 'pending' });
    warmPods.onPod('cow-1', {
      ...pod,
      name: 'cow-1',
      ready: false,
      waiting: 'ImagePullBackOff: no such image',
    } as never);
    await expect(state()).resolves.toMatchObject({ state: 'failed', reason: 'ImagePullBackOff: no such image' });
    warmPods.onPod('cow-2', { ...pod, name: 'cow-2', ready: true } as never);
    await expect(state()).resolves.toEqual({
      service_name: 'cow',
      namespace: 'oscar-svc',
      state: 'degraded',
      reason: 'ImagePullBackOff: no such image',
      active_instances: 2,
      affected_instances: 1,
      resource_kind: 'knative_service',
      replicas: 2,
      ready: 1,
      pods: [
        { name: 'cow-1', ready: false, waiting: 'ImagePullBackOff: no such image' },
        { name: 'cow-2', ready: true },
      ],
    });
    scale(1);
    await expect(state()).resolves.toMatchObject({ state: 'ready' });
  });

  const log = '/system/services/cow/deployment/logs';
  test('no pod, no log', async () => {
    await expect(it.json(log)).resolves.toMatchObject({ available: false, entries: [] });
  });

  test('the newest pod, its last lines', async () => {
    it.putPod('cow', 'cow-old', { created: '2026-01-01T00:00:00Z', phase: 'Running' });
    it.putPod('cow', 'cow-new', { created: '2026-01-02T00:00:00Z', phase: 'Running' });
    it.putPod('cow', 'cow-job', { created: '2026-01-03T00:00:00Z', phase: 'Running', job: 'cow-1' });
    it.putPod('sheep', 'sheep-new', { created: '2026-01-04T00:00:00Z', phase: 'Running' });
    for (let i = 1; i <= 300; i++) it.double.logs.append('oscar-svc', 'cow-new', `line ${i} ü`);
    const { available, entries } = await it.json(log);
    expect([available, entries.length, entries[0]]).toEqual([true, 200, { message: 'line 101 ü' }]);
    const last = await it.json(`${log}?tailLines=1&timestamps=true`);
    expect(it.asked.at(-1)).toContain('&tailLines=1&limitBytes=1048576');
    expect(last.entries).toEqual([{ timestamp: expect.stringMatching(/^20.*Z$/), message: 'line 300 ü' }]);
  });

  test('a pod that waits', async () => {
    const waiting = { reason: 'ErrImagePull', message: 'no such image' };
    it.putPod('cow', 'cow-1', {
      phase: 'Pending',
      containerStatuses: [{ name: 'oscar-container', state: { waiting } }],
    });
    await expect(it.json(log)).resolves.toMatchObject({
      available: false,
      message: 'There is no log yet: ErrImagePull: no such image',
    });
  });
});
