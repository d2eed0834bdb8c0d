import { ENVIRONMENT_LABEL, VERSION_LABEL } from '../../src/contract';
import { Images } from '../../src/constructs/images';
import { Manager, ManagerProps } from '../../src/constructs/manager';
import type { ManagerOptions } from '../../src/constructs/manager-options';
import { StorageProvider } from '../../src/constructs/storage';
import { kinds, Manifest, manifests, only, PROGRAMS, refusal } from '../support/platform';

const STORE = { endpoint: 'http://p-minio.p.svc:9000', region: 'eu-1', verify: true };
const PROPS: ManagerProps = {
  namespace: 'p',
  servicesNamespace: 'p-svc',
  store: StorageProvider.platformStore(STORE),
  storeCredentials: { secretName: 'root', keys: { accessKey: 'rootUser', secretKey: 'rootPassword' } },
  programs: PROGRAMS,
};
const VERSIONED = (version: string) => ({ labels: { [ENVIRONMENT_LABEL]: 'dev', [VERSION_LABEL]: version } });

const rendered = (props: Partial<ManagerProps> = {}, chart = {}) =>
  manifests((scope) => new Manager(scope, 'manager', { ...PROPS, ...props }), chart);
const pod = (objects: readonly Manifest[]) => only(objects, 'Deployment').spec.template;
const container = (objects: readonly Manifest[]) => pod(objects).spec.containers[0];
const settings = (objects: readonly Manifest[]) =>
  JSON.parse(only(objects, 'ConfigMap', 'oscar-manager').data['settings.json']);

describe('with defaults', () => {
  const objects = rendered();

  test('it is these objects', () => {
    expect(kinds(objects).sort()).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'ConfigMap',
      'Deployment',
      'PodDisruptionBudget',
      'Role',
      'Role',
      'RoleBinding',
      'RoleBinding',
      'Service',
      'ServiceAccount',
    ]);
  });

  test('two pods roll without a gap, over hosts, and one always stays', () => {
    const { replicas, strategy } = only(objects, 'Deployment').spec;
    expect(replicas).toBe(2);
    expect(strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    const { affinity, topologySpreadConstraints } = pod(objects).spec;
    const [{ podAffinityTerm }] = affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
    expect(podAffinityTerm.topologyKey).toBe('kubernetes.io/hostname');
    expect(topologySpreadConstraints[0]).toMatchObject({ maxSkew: 1, topologyKey: 'kubernetes.io/hostname' });
    expect(only(objects, 'PodDisruptionBudget').spec).toMatchObject({ minAvailable: 1 });
  });

  test('everything selects by the same labels, which pods have', () => {
    const selector = { 'app.kubernetes.io/component': 'manager', 'app.kubernetes.io/instance': 'oscar' };
    expect(only(objects, 'Deployment').spec.selector).toEqual({ matchLabels: selector });
    expect(only(objects, 'Service').spec.selector).toEqual(selector);
    expect(only(objects, 'PodDisruptionBudget').spec.selector).toEqual({ matchLabels: selector });
    expect(pod(objects).metadata.labels).toMatchObject(selector);
  });

  test('a pod that ends waits for endpoints, then for requests under way', () => {
    const [, , script] = container(objects).lifecycle.preStop.exec.command;
    expect(script).toBe('setTimeout(() => {}, 10000)');
    expect(pod(objects).spec.terminationGracePeriodSeconds).toBeGreaterThan(310);
  });

  test('readiness and liveness ask different questions of the same server', () => {
    const { startupProbe, readinessProbe, livenessProbe } = container(objects);
    expect(readinessProbe.httpGet).toEqual({ path: '/health', port: 'http' });
    expect(startupProbe.httpGet).toEqual(readinessProbe.httpGet);
    expect(livenessProbe.httpGet).toEqual({ path: '/health?live', port: 'http' });
  });

  test('only the pod has the token of its account', () => {
    expect(only(objects, 'ServiceAccount').automountServiceAccountToken).toBe(false);
    expect(pod(objects).spec).toMatchObject({
      serviceAccountName: 'oscar-manager',
      automountServiceAccountToken: true,
    });
  });

  test('secrets are files under the names that the program knows', () => {
    const volumes = Object.fromEntries(pod(objects).spec.volumes.map((volume: Manifest) => [volume.name, volume]));
    const files = (role: string) =>
      volumes[role].secret.items.map(
        ({ key, path }: Manifest) => `${volumes[role].secret.secretName}/${key} → ${path}`,
      );
    expect(files('admin')).toEqual(['oscar-admin/username → username', 'oscar-admin/password → password']);
    expect(files('webhook')).toEqual(['oscar-webhook/token → token']);
    expect(files('metrics')).toEqual(['oscar-manager-metrics/token → token']);
    expect(files('minio')).toEqual(['root/rootUser → accessKey', 'root/rootPassword → secretKey']);
    const mounts = container(objects).volumeMounts.map(({ mountPath }: Manifest) => mountPath);
    expect(mounts).toEqual([
      '/oscar/program',
      '/oscar/settings',
      '/var/run/secrets/oscar/admin',
      '/var/run/secrets/oscar/webhook',
      '/var/run/secrets/oscar/metrics',
      '/var/run/secrets/oscar/minio',
    ]);
  });

  test('the program is the bundle that is mounted', () => {
    const [bundle] = pod(objects).spec.volumes;
    expect(only(objects, 'ConfigMap', bundle.configMap.name)).toMatchObject({
      immutable: true,
      binaryData: { 'manager.cjs.gz': Buffer.from(PROGRAMS.of('manager').gzip).toString('base64') },
    });
    expect(container(objects).command.slice(0, 2)).toEqual(['node', '-e']);
  });

  test('its settings are those of its defaults', () => {
    expect(settings(objects)).toEqual({
      name: 'oscar',
      namespace: 'p',
      servicesNamespace: 'p-svc',
      minio: STORE,
      bodiesBucket: 'oscar-bodies',
      recordsBucket: 'oscar-records',
      maxBodyBytes: 104857600,
      idleSeconds: 300,
      coldStartSeconds: 120,
      corsOrigins: [],
    });
  });
});

test('every property shows up', () => {
  const props: Required<ManagerProps> = {
    ...PROPS,
    name: 'q',
    programs: PROGRAMS,
    images: new Images({ replace: { node: 'example.org/node:1' } }),
    serviceNames: () => ['b', 'a'],
    serviceMonitor: { labels: { release: 'prometheus' } },
    replicas: 3,
    resources: { cpu: '2', memory: '1Gi' },
    route: { kind: 'ingress', host: 'oscar.example.org' },
    maxBodyBytes: 1,
    idleSeconds: 2,
    coldStartSeconds: 3,
    corsOrigins: ['https://ui.example.org'],
    adminSecretName: 'boss',
  };
  const objects = rendered(props);
  expect(only(objects, 'Deployment').metadata.name).toBe('q-manager');
  expect(only(objects, 'Deployment').spec.replicas).toBe(3);
  expect(container(objects)).toMatchObject({
    image: 'example.org/node:1',
    resources: { requests: { cpu: '2', memory: '1Gi' } },
  });
  expect(JSON.parse(only(objects, 'ConfigMap', 'q-manager').data['settings.json'])).toMatchObject({
    name: 'q',
    namespace: props.namespace,
    servicesNamespace: props.servicesNamespace,
    minio: props.store.settings,
    bodiesBucket: 'q-bodies',
    recordsBucket: 'q-records',
    maxBodyBytes: 1,
    idleSeconds: 2,
    coldStartSeconds: 3,
    corsOrigins: ['https://ui.example.org'],
  });
  const secrets = pod(objects).spec.volumes.flatMap(({ secret }: Manifest) => secret?.secretName ?? []);
  expect(secrets).toEqual(['boss', 'q-webhook', 'q-manager-metrics', props.storeCredentials.secretName]);
  expect(only(objects, 'Ingress').spec.rules[0]).toMatchObject({
    host: 'oscar.example.org',
    http: { paths: [{ backend: { service: { name: 'q-manager', port: { number: 8080 } } } }] },
  });
  expect(only(objects, 'ServiceMonitor').metadata.labels).toHaveProperty('release', 'prometheus');
  const authorization = { credentials: { name: 'q-manager-metrics', key: 'token' } };
  expect(only(objects, 'ServiceMonitor').spec).toMatchObject({
    endpoints: [{ port: 'http', path: '/metrics', authorization }],
  });
  const inServices = objects.filter(({ metadata }) => metadata.namespace === props.servicesNamespace);
  expect(only(inServices, 'Role').rules).toContainEqual({
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: ['a-token', 'b-token'],
    verbs: ['get'],
  });
});

test('ingress-nginx takes bodies as large as the manager does', () => {
  const route = { kind: 'ingress', host: 'oscar.example.org', className: 'nginx' } as const;
  expect(only(rendered({ route }), 'Ingress').metadata.annotations).toMatchObject({
    'nginx.ingress.kubernetes.io/proxy-body-size': '104857600',
  });
});

test('a single pod has no disruption budget, which would hold up drains for ever', () => {
  expect(kinds(rendered({ replicas: 1 }))).not.toContain('PodDisruptionBudget');
});

test('Secrets that nobody named are for the provisioner to make, and are kept', () => {
  const secrets = (props: Partial<ManagerProps>) => {
    let names: string[] = [];
    manifests((chart) => {
      names = new Manager(chart, 'manager', { ...PROPS, ...props }).secrets.map(({ name, annotations, data }) => {
        expect(annotations).toHaveProperty(['argocd.argoproj.io/sync-options']);
        return `${name}: ${Object.keys(data).join(' ')}`;
      });
    });
    return names;
  };
  expect(secrets({})).toEqual([
    'oscar-admin: username password',
    'oscar-webhook: token',
    'oscar-manager-metrics: token',
  ]);
  expect(secrets({ adminSecretName: 'boss' })).toEqual(['oscar-webhook: token', 'oscar-manager-metrics: token']);
});

describe('rights', () => {
  const objects = rendered();
  const account = { kind: 'ServiceAccount', name: 'oscar-manager', namespace: 'p' };
  const inNamespace = (kind: string, namespace: string) =>
    only(
      objects.filter(({ metadata }) => metadata.namespace === namespace),
      kind,
    );
  const rights = (role: Manifest) =>
    role.rules.flatMap(({ resources, resourceNames = [], verbs }: Manifest) =>
      resources.map((resource: string) => `${[resource, ...resourceNames].join(' ')}: ${verbs.join(' ')}`),
    );

  test.each([
    [
      "the services'",
      'p-svc',
      [
        'jobs: get list watch create patch delete deletecollection',
        'pods: list watch',
        'configmaps: list watch',
        'podtemplates: list watch',
        'pods/log: get',
        'deployments: list watch',
        'deployments/scale: patch',
      ],
    ],
    ["the platform's", 'p', ['events: create patch list', 'deployments oscar-manager: get']],
  ])('in %s namespace are what it does', (_, namespace, expected) => {
    expect(rights(inNamespace('Role', namespace))).toEqual(expected);
    expect(inNamespace('RoleBinding', namespace)).toMatchObject({
      roleRef: { kind: 'Role', name: 'oscar-manager' },
      subjects: [account],
    });
  });

  test('in the cluster are to list nodes, and what these use', () => {
    const role = only(objects, 'ClusterRole');
    expect(role.rules).toEqual([{ apiGroups: ['', 'metrics.k8s.io'], resources: ['nodes'], verbs: ['list'] }]);
    expect(role.metadata).not.toHaveProperty('namespace');
    expect(only(objects, 'ClusterRoleBinding')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: role.metadata.name },
      subjects: [account],
    });
  });

  test("no two platforms share the cluster's objects", () => {
    const names = [
      { namespace: 'a', name: 'b-c' },
      { namespace: 'a-b', name: 'c' },
      { namespace: 'a', name: 'c' },
    ].map((place) => only(rendered(place), 'ClusterRole').metadata.name);
    expect(names).toEqual(['a.b-c-manager', 'a-b.c-manager', 'a.c-manager']);
  });
});

test('services that come later are in its rights', () => {
  const names: string[] = [];
  const objects = manifests((chart) => {
    const manager = new Manager(chart, 'manager', { ...PROPS, serviceNames: () => names });
    names.push('cowsay');
    return manager;
  });
  const inServices = objects.filter(({ metadata }) => metadata.namespace === PROPS.servicesNamespace);
  expect(only(inServices, 'Role').rules.at(-1)).toMatchObject({ resourceNames: ['cowsay-token'] });
});

describe('restarts', () => {
  const hash = (objects: readonly Manifest[]) => pod(objects).metadata.annotations['oscar-cdk8s/config-hash'];

  test('come with a setting', () => {
    expect(hash(rendered({ idleSeconds: 5 }))).not.toBe(hash(rendered()));
  });

  test("don't come with a new version of the environment, which clients are told all the same", () => {
    const [before, after] = ['1', '2'].map((version) => rendered({}, VERSIONED(version)));
    expect(pod(after)).toEqual(pod(before));
    expect(settings(after).environment).toEqual({ name: 'dev', version: '2' });
  });
});

test('a Secret of its own name is the user’s: nothing is made', () => {
  expect(() => rendered({ adminSecretName: 'oscar-admin' })).not.toThrow();
});

test.each([{ namespace: 'x y' }, { name: 'Bad_Name' }, { servicesNamespace: 'a.b' }, { servicesNamespace: 'p' }])(
  'refuses %j',
  (place) => expect(refusal(() => rendered(place)).field).toEqual(Object.keys(place)),
);

test.each<[ManagerOptions, (string | number)[]]>([
  [{ replicas: 0 }, ['replicas']],
  [{ replicas: 1.5 }, ['replicas']],
  [{ maxBodyBytes: 0 }, ['maxBodyBytes']],
  [{ idleSeconds: -1 }, ['idleSeconds']],
  [{ coldStartSeconds: Number.NaN }, ['coldStartSeconds']],
  [{ corsOrigins: ['*', 'https://ui.example.org/'] }, ['corsOrigins', 1]],
  [{ adminSecretName: 'My_Secret' }, ['adminSecretName']],
  [{ adminSecretName: 'oscar-webhook' }, ['adminSecretName']],
  [{ resources: { cpu: 'much' } }, ['resources', 'cpu']],
  [{ route: { kind: 'ingress', host: 'a b' } }, ['route', 'host']],
])('refuses %j', (options, field) => {
  expect(refusal(() => rendered(options)).field).toEqual(['manager', ...field]);
});
