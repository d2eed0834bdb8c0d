import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { App, Chart, Testing } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import { Declaration } from '../../src/contract';
import { generatedSecret } from '../../src/constructs/generated-secret';
import { Images } from '../../src/constructs/images';
import { Provisioner, ProvisionerProps } from '../../src/constructs/provisioner';
import { ServiceRegistry } from '../../src/constructs/service-registry';
import { StorageProvider } from '../../src/constructs/storage';
import { kinds, Manifest, manifests, only, PROGRAMS, refusal } from '../support/platform';

const STORE = StorageProvider.platformStore({ endpoint: 'http://p-minio.p.svc:9000', region: 'eu-1', verify: true });
const CREDENTIALS = { secretName: 'root', keys: { accessKey: 'rootUser', secretKey: 'rootPassword' } };
const SWEEP_SECRET = generatedSecret(
  'p',
  'p-sweep',
  {
    'app.kubernetes.io/name': 'oscar-sweep',
    'app.kubernetes.io/component': 'sweep',
    'app.kubernetes.io/instance': 'p',
    'app.kubernetes.io/part-of': 'oscar',
    'app.kubernetes.io/managed-by': 'oscar-cdk8s',
  },
  { accessKey: { text: 'p.platform.sweep' }, secretKey: { hex: 40 } },
);
const ADMIN = generatedSecret('p', 'p-admin', {}, { password: { hex: 40 } });

const registry = (...services: string[]) => {
  const registry = new ServiceRegistry({ servicesNamespace: 'p-svc', platform: 'p' });
  for (const service of services) registry.addService(service);
  return registry;
};
const props = (more: Partial<ProvisionerProps> = {}): ProvisionerProps => ({
  name: 'p',
  namespace: 'p',
  servicesNamespace: 'p-svc',
  store: STORE,
  storeCredentials: CREDENTIALS,
  services: registry(),
  programs: PROGRAMS,
  ...more,
});
const rendered = (more: Partial<ProvisionerProps> = {}) =>
  manifests((chart) => new Provisioner(chart, 'provisioner', props(more)));

const settingsMap = (objects: readonly Manifest[]) => {
  const { volumes } = only(objects, 'Job').spec.template.spec;
  const { configMap } = volumes.find(({ name }: Manifest) => name === 'settings');
  return only(objects, 'ConfigMap', configMap.name);
};
const declaration = (objects: readonly Manifest[]): Declaration => {
  const { data, binaryData } = settingsMap(objects);
  if (data) return JSON.parse(data['settings.json']);
  return JSON.parse(gunzipSync(Buffer.from(binaryData['settings.json.gz'], 'base64')).toString());
};
const rights = (objects: readonly Manifest[], namespace: string) =>
  objects.find(({ kind, metadata }) => kind === 'Role' && metadata.namespace === namespace)!.rules;

test('it is a Job, its declaration and bundle, and an account with rights in both namespaces', () => {
  expect(kinds(rendered()).sort()).toEqual([
    'ConfigMap',
    'ConfigMap',
    'Job',
    'Role',
    'Role',
    'RoleBinding',
    'RoleBinding',
    'ServiceAccount',
  ]);
});

test('it declares what services need, the platform has, and where the store is', () => {
  const services = registry('cowsay');
  services.declareBucket('inbox', { versioning: true, expireDays: 3, quota: '1Gi' });
  services.addInput('cowsay', STORE.path('inbox/text'), 0);
  expect(declaration(rendered({ services, secrets: [ADMIN] }))).toEqual({
    platform: 'p',
    store: {
      endpoint: 'http://p-minio.p.svc:9000',
      region: 'eu-1',
      verify: true,
      external: false,
      credentials: CREDENTIALS,
    },
    secrets: [ADMIN, SWEEP_SECRET, ...services.secrets()],
    buckets: [
      {
        name: 'inbox',
        versioning: true,
        expireDays: 3,
        quota: '1Gi',
        notifications: [{ prefix: 'text/', suffix: '' }],
      },
      { name: 'p-bodies', versioning: false, expireDays: 2, notifications: [] },
      { name: 'p-records', versioning: false, notifications: [] },
    ],
    users: [
      {
        name: 'p.platform.sweep',
        secret: { namespace: 'p', name: 'p-sweep' },
        read: ['p-records/'],
        write: ['p-records/bound/', 'p-records/done/'],
        remove: ['p-records/done/'],
        list: ['inbox/text/', 'p-records/'],
        notify: ['inbox'],
        mount: [],
      },
      ...services.users(),
    ],
    bindings: [{ service: 'cowsay', path: 'inbox/text/', prefix: [], suffix: [] }],
  });
});

test('it may create Secrets, read those that it is told of, and delete Jobs beside its own', () => {
  const objects = rendered({ services: registry('b', 'a'), secrets: [ADMIN] });
  const create = { apiGroups: [''], resources: ['secrets'], verbs: ['create'] };
  const get = (...resourceNames: string[]) => ({
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames,
    verbs: ['get'],
  });
  const jobs = { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'delete'] };
  const pods = { apiGroups: [''], resources: ['pods'], verbs: ['list'] };
  expect(rights(objects, 'p')).toEqual([create, get('p-sweep', 'root'), jobs, pods]);
  expect(rights(objects, 'p-svc')).toEqual([create, get('a-minio', 'b-minio')]);
  expect(rights(rendered(), 'p-svc')).toEqual([create]);
});

test("it may delete the store's pods, each by its name, where it replaces them together", () => {
  const before = rights(rendered(), 'p');
  const after = rights(
    rendered({ storePods: { statefulSet: 'p-minio', names: ['p-minio-0', 'p-minio-1'], alike: 'abc' } }),
    'p',
  );
  expect(after).toEqual([
    ...before,
    { apiGroups: ['apps'], resources: ['statefulsets'], resourceNames: ['p-minio'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods'], resourceNames: ['p-minio-0', 'p-minio-1'], verbs: ['delete'] },
  ]);
});

test('every property shows up', () => {
  const given: Required<ProvisionerProps> = {
    name: 'q',
    namespace: 'here',
    servicesNamespace: 'there',
    store: STORE,
    storeCredentials: CREDENTIALS,
    externalStore: true,
    storePods: { statefulSet: 'q-minio', names: ['q-minio-0'], alike: 'abc' },
    services: registry('cowsay'),
    secrets: [ADMIN],
    images: new Images({ replace: { node: 'example.org/node:1', mc: 'example.org/mc:1' } }),
    programs: PROGRAMS,
  };
  const objects = rendered(given);
  const { metadata, spec } = only(objects, 'Job');
  expect(metadata).toMatchObject({ name: expect.stringMatching(/^q-provisioner-[0-9a-f]{10}$/), namespace: 'here' });
  expect(spec.template.spec.initContainers[0].image).toBe('example.org/mc:1');
  expect(spec.template.spec.containers[0].image).toBe('example.org/node:1');
  expect(spec.template.spec.volumes[0].configMap.name).toBe(`q-provisioner-${PROGRAMS.of('provisioner').hash}`);
  expect(rights(objects, 'there')).toHaveLength(1);
  expect(declaration(objects)).toMatchObject({
    platform: 'q',
    store: { ...STORE.settings, external: true, credentials: CREDENTIALS, pods: given.storePods },
    secrets: [ADMIN, { name: 'cowsay-token' }],
  });
});

test.each([{ namespace: 'x y' }, { name: 'Bad_Name' }, { servicesNamespace: 'a.b' }])('refuses %j', (place) => {
  expect(refusal(() => rendered(place)).field).toEqual(Object.keys(place));
});

test("an external store's users are made by hand: their keys are neither declared nor read", () => {
  const objects = rendered({ services: registry('cowsay'), externalStore: true });
  const { users, secrets } = declaration(objects);
  expect(users.map(({ name }) => name)).toEqual(['p.platform.sweep', 'p.cowsay']);
  expect(users[0].notify).toEqual([]);
  expect(JSON.stringify(rights(objects, 'p-svc'))).not.toContain('cowsay');
  expect(JSON.stringify(rights(objects, 'p'))).not.toContain('p-sweep');
  expect(secrets.map(({ name }) => name)).toEqual(['cowsay-token']);
});

test('it runs restricted, with what it needs to write', () => {
  const { securityContext, containers, initContainers, serviceAccountName } = only(rendered(), 'Job').spec.template
    .spec;
  expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  for (const container of [...containers, ...initContainers]) {
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    expect(container.resources.limits).toHaveProperty('ephemeral-storage');
  }
  expect(initContainers[0].command.at(-1)).toBe('cp "$(command -v mc || command -v mcli)" /oscar/tools/mc');
  expect(serviceAccountName).toBe('p-provisioner');
});

test('it is told which Job it is, by which it knows those before it', () => {
  const { metadata, spec } = only(rendered(), 'Job');
  const { env } = spec.template.spec.containers[0];
  expect(env).toContainEqual({ name: 'JOB_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } });
  expect(env).toContainEqual({
    name: 'JOB_NAME',
    valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
  });
  expect(metadata.labels).toMatchObject({
    'app.kubernetes.io/component': 'provisioner',
    'app.kubernetes.io/instance': 'p',
  });
});

describe('names by content', () => {
  const names = (more: Partial<ProvisionerProps>) => {
    const objects = rendered(more);
    return { job: only(objects, 'Job').metadata.name, map: settingsMap(objects).metadata.name };
  };

  test('stay while nothing changes, so that nothing runs again', () => {
    expect(names({ services: registry('a', 'b') })).toEqual(names({ services: registry('b', 'a') }));
    expect(settingsMap(rendered()).immutable).toBe(true);
    expect(only(rendered(), 'Job').spec).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  test('follow the declaration', () => {
    const [before, after] = [names({}), names({ services: registry('a') })];
    expect(after.job).not.toBe(before.job);
    expect(after.map).not.toBe(before.map);
  });

  test("follow the Job's template, which can't be changed in the cluster", () => {
    const after = names({ images: new Images({ replace: { node: 'example.org/node:2' } }) });
    expect(after.job).not.toBe(names({}).job);
    expect(after.map).toBe(names({}).map);
  });
});

describe('services that come after it', () => {
  const build = (app: App) => {
    const chart = new Chart(app, 'platform');
    const services = registry();
    new Provisioner(chart, 'provisioner', props({ services }));
    services.addService('late');
    return { chart, services };
  };
  const declared = (objects: readonly Manifest[]) => declaration(objects).users.map(({ name }) => name);

  test('are declared by Testing.synth, and again when more have come', () => {
    const { chart, services } = build(Testing.app());
    expect(declared(Testing.synth(chart))).toEqual(['p.platform.sweep', 'p.late']);
    services.addService('later');
    const again = Testing.synth(chart);
    expect(declared(again)).toEqual(['p.platform.sweep', 'p.late', 'p.later']);
    expect(rights(again, 'p-svc')[1].resourceNames).toContain('later-minio');
  });

  test('are declared by a plain App', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'oscar-cdk8s-app-'));
    try {
      const app = new App({ outdir });
      build(app);
      app.synth();
      const text = readFileSync(join(outdir, readdirSync(outdir)[0]), 'utf8');
      expect(declared(parseAllDocuments(text).map((document) => document.toJS()))).toEqual([
        'p.platform.sweep',
        'p.late',
      ]);
    } finally {
      rmSync(outdir, { recursive: true });
    }
  });
});

test('ten thousand services fit what the API server takes of one object', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `service-${'x'.repeat(20)}-${index}`);
  const objects = rendered({ services: registry(...many) });
  const { binaryData } = settingsMap(objects);
  expect(Buffer.from(binaryData['settings.json.gz'], 'base64').length).toBeLessThan(1024 ** 2);
  expect(declaration(objects).users).toHaveLength(10_001);
  // etcd takes 1.5 MiB.
  for (const object of objects) expect(JSON.stringify(object).length).toBeLessThan(1.4 * 1024 ** 2);
});
