import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DeclarationError } from '../../src/constructs/errors';
import type { FileServiceProps } from '../../src/constructs/file-service';
import { KubernetesVersion } from '../../src/constructs/kubernetes-version';
import type { ManagerOptions } from '../../src/constructs/manager-options';
import type { MinioDeployed, MinioExternal } from '../../src/constructs/minio-options';
import type { PlatformProps } from '../../src/constructs/platform';
import { defineEnvironment, EnvironmentError, EnvironmentValue, loadEnvironment } from '../../src/environment';
import { folder, HEAD, load, WHOLE } from './files';
import { platform } from './platform';

const fixture = join(__dirname, 'fixtures', 'everything.yaml');
const everything = loadEnvironment(fixture);

test('every prop of a platform can be declared', () => {
  // `programs` are the package's, not the environment's.
  const expected: Required<Omit<PlatformProps, 'programs'>> = {
    name: 'oscar',
    namespace: 'oscar-system',
    servicesNamespace: 'oscar-services',
    createNamespaces: false,
    kubernetesVersion: KubernetesVersion.of('1.34'),
    images: {
      mirror: 'registry.example.org/mirror',
      replace: {
        node: 'registry.example.org/node:24',
        minio: 'registry.example.org/minio:1',
        mc: 'registry.example.org/mc:1',
        pause: 'registry.example.org/pause:3',
      },
    },
    manager: {
      replicas: 3,
      resources: { cpu: '100m', memory: '128Mi', cpuLimit: '1', memoryLimit: '256Mi' },
      route: {
        kind: 'ingress',
        host: 'oscar.example.org',
        tlsSecretName: 'oscar-tls',
        className: 'nginx',
        annotations: { 'example.org/weight': '10' },
      },
      maxBodyBytes: 1048576,
      idleSeconds: 60,
      coldStartSeconds: 30,
      corsOrigins: ['https://example.org'],
      adminSecretName: 'admin',
    } satisfies Required<ManagerOptions>,
    minio: {
      kind: 'distributed',
      pods: 6,
      storage: '50Gi',
      storageClassName: 'fast',
      resources: { cpu: '500m' },
      region: 'eu-west-1',
      route: {
        kind: 'httpRoute',
        host: 's3.example.org',
        gateway: { name: 'public', namespace: 'gateways', sectionName: 'https' },
      },
      rootSecretName: 'root',
    } satisfies Required<MinioDeployed>,
    supervisor: { kind: 'shared', storageClassName: 'nfs', size: '2Gi' },
    sweep: { schedule: '*/15 * * * *' },
    buckets: { data: { versioning: true, expireDays: 7, quota: '1Ti' } },
    networkPolicies: false,
    servicesRoute: { kind: 'ingress', host: 'services.example.org' },
    bucketMountDriver: 'csi.example.org',
    serviceMonitors: { labels: { release: 'prometheus' } },
    alerts: { labels: { release: 'rules' } },
    dashboard: { labels: { grafana_dashboard: 'yes' } },
  };
  expect(everything.platformProps()).toEqual(expected);
});

const external: Required<MinioExternal> = {
  kind: 'external',
  endpoint: 'https://s3.example.org',
  secretName: 'keys',
  region: 'eu',
  verify: false,
};
test.each<Partial<PlatformProps>>([
  { minio: external },
  { supervisor: { kind: 'nodeLocal', hostPath: '/var/lib/x' } },
  { supervisor: { kind: 'perPod' } },
  { supervisor: { kind: 'image', image: 'registry.example.org/supervisor:1' } },
])('other kinds: %j', (settings) => {
  const directory = join(__dirname, 'fixtures');
  const head = { apiVersion: 'oscar-cdk8s/v1', kind: 'Environment', name: 'a', version: '1' } as const;
  const value = { ...head, platform: settings } as EnvironmentValue;
  expect(defineEnvironment(value, { directory }).platformProps()).toMatchObject(settings);
});

test('every prop of a service can be declared', () => {
  const { script, inputs, outputs, mount, storageProviders, ...rest } = everything.serviceProps('everything', platform);
  type Rest = Omit<FileServiceProps, 'script' | 'inputs' | 'outputs' | 'mount' | 'storageProviders'>;
  const expected: Required<Rest> = {
    platform,
    name: 'everything',
    image: 'registry.example.org/everything:1',
    cpu: '1.0',
    memory: '1Gi',
    totalCpu: '8',
    totalMemory: '6Gi',
    ephemeralStorage: '2Gi',
    gpu: 2,
    logLevel: 'DEBUG',
    environment: { VERSION: '1.10', ON: 'true', NAME: 'x' },
    secretEnvironment: { PASSWORD: { secretName: 'passwords', key: 'everything' } },
    fileStageIn: true,
    isolationLevel: 'user',
    visibility: 'restricted',
    allowedUsers: ['me@example.org'],
    vo: 'vo.example.org',
    synchronous: { minScale: 1, maxScale: 5, cpuThreshold: 70 },
    job: { retries: 1, deadlineSeconds: 60, ttlSeconds: 1200, concurrency: 12 },
    invocation: { timeoutSeconds: 30, maxInflight: 4 },
    expose: {
      ports: [5000, 5001],
      minScale: 2,
      maxScale: 4,
      cpuThreshold: 60,
      rewriteTarget: true,
      defaultCommand: true,
      setAuth: true,
      healthPath: '/health',
      nodePort: 30500,
    },
    volume: { name: 'disk', size: '1Gi', mountPath: '/disk', storageClassName: 'slow', accessMode: 'ReadWriteMany' },
    imagePrefetch: true,
    imagePullSecrets: ['registry'],
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoExecute', tolerationSeconds: 60 }],
    priorityClassName: 'high',
    runtimeClassName: 'gvisor',
    annotations: { 'example.org/a': '1' },
    labels: { team: 'vision' },
    egress: [{ cidr: '192.0.2.0/24', ports: [443] }],
  };
  expect(rest).toEqual(expected);
  expect(script.read('everything')).toBe('echo "everything"\n');
  expect(inputs).toEqual([{ provider: platform.store, path: 'data/in', prefix: ['a'], suffix: ['.png', '.jpg'] }]);
  expect(mount).toEqual({ provider: platform.store, path: 'data/mounted' });
  expect(storageProviders!.map(({ name }) => name)).toEqual(['s3.aws']);
  expect(
    outputs!.map(({ provider, ...place }) => [provider.name, provider.secretName, provider.settings, place]),
  ).toEqual([
    [
      'minio.other',
      'other-keys',
      { endpoint: 'https://minio.example.org', region: 'eu', verify: false },
      { path: 'results/out', prefix: ['x', 'y'], suffix: ['.txt'] },
    ],
    [
      's3.aws',
      'aws-keys',
      { endpoint: 'https://s3.example.org', region: 'eu-west-1', verify: true, path_style: true },
      { path: 'results' },
    ],
    ['webdav.dcache', 'dcache-password', { hostname: 'dcache.example.org', login: 'me' }, { path: 'results' }],
    ['onedata.space', 'one-token', { oneprovider_host: 'one.example.org', space: 'results' }, { path: 'results' }],
  ]);
});

test('what is not declared is not there, so that defaults stay the constructs’', () => {
  const value: EnvironmentValue = {
    apiVersion: 'oscar-cdk8s/v1',
    kind: 'Environment',
    name: 'small',
    version: '1',
    services: [{ name: 'a', image: 'b', script: 'everything.sh', job: {}, tolerations: [{}], input: [{ path: 'c' }] }],
  };
  const environment = defineEnvironment(value, { directory: join(__dirname, 'fixtures') });
  expect(environment.platformProps()).toEqual({
    kubernetesVersion: KubernetesVersion.DEFAULT,
    images: { replace: {} },
    buckets: {},
  });
  const { script, inputs, ...rest } = environment.serviceProps('a', platform);
  expect(Object.entries(rest)).toEqual([
    ['platform', platform],
    ['name', 'a'],
    ['image', 'b'],
    ['job', {}],
    ['tolerations', [{}]],
  ]);
  expect(script.file).toBe(join(__dirname, 'fixtures', 'everything.sh'));
  expect(Object.keys(inputs![0]!)).toEqual(['provider', 'path']);
});

test('TypeScript says the same as YAML', () => {
  const value = parse(readFileSync(fixture, 'utf8')) as EnvironmentValue;
  // What YAML's own types lose: `1.34` is a number to them.
  const defined = defineEnvironment(
    { ...value, kubernetesVersion: '1.34' },
    { directory: join(__dirname, 'fixtures') },
  );
  expect(defined.platformProps()).toEqual(everything.platformProps());
  expect(defined.name).toBe('everything');
  expect(() => defineEnvironment({ ...value, name: 'No' })).toThrow(EnvironmentError);
});

describe('what a construct refuses', () => {
  const directory = folder();
  const environment = load(directory, {
    'e.yaml': `${WHOLE}extends: b.yaml\nplatform:\n  minio: { pods: 4 }\nservices:\n  - fdl: f.yaml\n    memory: 1Gi\n  - name: a\n    cpu: 1\n`,
    'b.yaml': `${HEAD}buckets: { A: {} }\nplatform: { images: { node: x } }\nservices:\n  - name: a\n    image: i\n    script: script.sh\n    environment: { Variables: { B: c } }\n`,
    'f.yaml':
      'functions:\n  oscar:\n  - c:\n      name: f\n      image: i\n      script: script.sh\n      output:\n      - path: a/b\n',
  });
  test.each([
    ['a setting of the platform', undefined, ['minio', 'pods'], 'e.yaml:7:18'],
    ['an image', undefined, ['images', 'replace', 'node'], 'b.yaml:4:29'],
    ['a bucket', undefined, ['buckets', 'A'], 'b.yaml:3:12'],
    ['a setting that is nowhere', undefined, ['manager', 'replicas'], 'e.yaml:6:1'],
    ['a field beside `fdl`', 'f', ['memory'], 'e.yaml:10:13'],
    ['a field of the FDL file', 'f', ['output', 0, 'path'], 'f.yaml:8:15'],
    ['a field of the overlay', 'a', ['cpu'], 'e.yaml:12:10'],
    ['a field of the base', 'a', ['image'], 'b.yaml:7:12'],
    ['a variable', 'a', ['environment', 'variables', 'B'], 'b.yaml:9:36'],
    ['a field that is nowhere', 'a', ['volume', 'size'], 'e.yaml:11:5'],
  ])('%s is found where it is written', (_, service, field, place) => {
    const { file, line, column } = environment.locate(new DeclarationError({ problem: 'no', service, field }));
    expect(`${file.replace(`${directory}/`, '')}:${line}:${column}`).toBe(place);
  });
});
