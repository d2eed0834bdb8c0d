import { App, Chart } from 'cdk8s';
import { ENVIRONMENT_LABEL, VERSION_LABEL } from '../../src/contract';
import { FileService } from '../../src/constructs/file-service';
import { KubernetesVersion } from '../../src/constructs/kubernetes-version';
import { Platform, PlatformProps } from '../../src/constructs/platform';
import { Script } from '../../src/constructs/script';
import { Manifest, manifests, only, PROGRAMS, refusal } from '../support/platform';

const rendered = (props: PlatformProps = {}) =>
  manifests((chart) => new Platform(chart, 'platform', { programs: PROGRAMS, ...props }), {
    labels: { [ENVIRONMENT_LABEL]: 'dev', [VERSION_LABEL]: '1.2.3' },
  });
const made = (props: PlatformProps = {}) =>
  new Platform(new Chart(new App(), 'test'), 'platform', { programs: PROGRAMS, ...props });

const podTemplates = (objects: readonly Manifest[]): Manifest[] =>
  objects.flatMap(({ spec }) => (spec?.template?.spec?.containers ? [spec.template] : []));

describe('with defaults', () => {
  const objects = rendered();

  test('it says of itself what services need', () => {
    expect(made()).toMatchObject({
      name: 'oscar',
      namespace: 'oscar',
      servicesNamespace: 'oscar-svc',
      kubernetesVersion: KubernetesVersion.DEFAULT,
      networkPolicies: true,
      store: { name: 'minio.default', settings: { endpoint: 'http://oscar-minio.oscar.svc:9000' } },
    });
    expect(made().supervisor.volumeMount.mountPath).toBe('/oscar/bin');
  });

  test('its parts are children of known ids, by which manifests are grouped', () => {
    expect(made().node.children.map(({ node }) => node.id)).toEqual([
      'namespaces',
      'minio',
      'supervisor',
      'manager',
      'provisioner',
      'sweep',
      'network-policies',
    ]);
  });

  test('no two objects are the same one', () => {
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test('every object belongs to the environment and version; pods do not restart for a version', () => {
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({ [ENVIRONMENT_LABEL]: 'dev', [VERSION_LABEL]: '1.2.3' });
    }
    for (const { metadata } of podTemplates(objects)) {
      expect(metadata.labels[ENVIRONMENT_LABEL]).toBe('dev');
      expect(metadata.labels).not.toHaveProperty([VERSION_LABEL]);
    }
  });

  test('each part that Secrets need, and nobody named, is generated', () => {
    const { data } = objects.find(({ data }) => data?.['settings.json']?.includes('"secrets"'))!;
    const { secrets } = JSON.parse(data['settings.json']);
    expect(secrets.map(({ name }: Manifest) => name)).toEqual([
      'oscar-minio-root',
      'oscar-admin',
      'oscar-webhook',
      'oscar-manager-metrics',
      'oscar-sweep',
    ]);
  });

  test('MinIO tells the manager, with the token that the manager knows', () => {
    const { env } = only(objects, 'StatefulSet').spec.template.spec.containers[0];
    expect(env).toContainEqual({
      name: 'MINIO_NOTIFY_WEBHOOK_ENDPOINT_OSCAR',
      value: 'http://oscar-manager.oscar.svc:8080/events',
    });
    expect(only(objects, 'Service', 'oscar-manager').spec.ports[0].port).toBe(8080);
  });

  test('no manifest holds a Secret', () => {
    expect(objects.map(({ kind }) => kind)).not.toContain('Secret');
  });
});

test('every property shows up', () => {
  const props: Required<PlatformProps> = {
    name: 'q',
    namespace: 'here',
    servicesNamespace: 'there',
    createNamespaces: false,
    kubernetesVersion: KubernetesVersion.of('1.34'),
    images: { mirror: 'mirror.example.org/all', replace: { minio: 'example.org/minio:1' } },
    programs: PROGRAMS,
    manager: { replicas: 5 },
    minio: { kind: 'distributed', pods: 8 },
    supervisor: { kind: 'perPod' },
    sweep: { schedule: '@hourly' },
    buckets: { inbox: { versioning: true } },
    networkPolicies: false,
    servicesRoute: { kind: 'ingress', host: 'services.example.org' },
    bucketMountDriver: 'ru.yandex.s3.csi',
    serviceMonitors: { labels: { release: 'prometheus' } },
    alerts: { labels: { release: 'rules' } },
    dashboard: { labels: { folder: 'oscar' } },
  };
  const platform = made(props);
  expect(platform).toMatchObject({
    name: 'q',
    namespace: 'here',
    servicesNamespace: 'there',
    kubernetesVersion: props.kubernetesVersion,
    networkPolicies: false,
    externalStore: false,
    route: props.servicesRoute,
    bucketMountDriver: 'ru.yandex.s3.csi',
  });
  expect(platform.images.of('node')).toMatch(/^mirror\.example\.org\/all\/docker\.io\/library\/node:/);
  expect(platform.services.bucketDeclarations()).toMatchObject([{ name: 'inbox', versioning: true }]);

  const objects = rendered(props);
  const kinds = objects.map(({ kind }) => kind);
  expect(kinds).not.toContain('Namespace');
  expect(kinds).not.toContain('NetworkPolicy');
  expect(kinds).not.toContain('DaemonSet');
  const monitors = objects.filter(({ kind }) => kind === 'ServiceMonitor');
  expect(monitors.map(({ metadata }) => metadata.labels.release)).toEqual(['prometheus', 'prometheus']);
  expect(only(objects, 'PrometheusRule', 'q-alerts').metadata.labels.release).toBe('rules');
  expect(only(objects, 'ConfigMap', 'q-dashboard').metadata.labels.folder).toBe('oscar');
  expect(only(objects, 'Deployment', 'q-manager').spec.replicas).toBe(5);
  expect(only(objects, 'CronJob', 'q-sweep').spec.schedule).toBe('@hourly');
  const { replicas, template } = only(objects, 'StatefulSet', 'q-minio').spec;
  expect(replicas).toBe(8);
  expect(template.spec.containers[0].image).toBe('example.org/minio:1');
});

describe('alerts and dashboard', () => {
  const wanted = { serviceMonitors: true, alerts: true, dashboard: true };
  const text = (props: PlatformProps) => {
    const objects = rendered({ ...wanted, ...props });
    const { spec } = only(objects, 'PrometheusRule');
    return JSON.stringify([spec, only(objects, 'ConfigMap', 'oscar-dashboard').data]);
  };

  test('are made when they are asked for, as children of their own', () => {
    expect(made(wanted).node.children.map(({ node }) => node.id)).toEqual(
      expect.arrayContaining(['alerts', 'dashboard']),
    );
    const without = rendered({ serviceMonitors: true, alerts: false, dashboard: false });
    expect(without.map(({ kind }) => kind)).not.toContain('PrometheusRule');
    expect(without.map(({ metadata }) => metadata.name)).not.toContain('oscar-dashboard');
  });

  test('the dashboard counts alerts only where there are some', () => {
    const firing = (props: PlatformProps) => JSON.stringify(only(rendered(props), 'ConfigMap', 'oscar-dashboard').data);
    expect(firing(wanted)).toContain('ALERTS{');
    expect(firing({ ...wanted, alerts: false })).not.toContain('ALERTS{');
  });

  test('name the objects that there are', () => {
    const objects = rendered(wanted);
    const rules: string = JSON.stringify(only(objects, 'PrometheusRule').spec).replaceAll('\\"', '"');
    const named = (label: string) =>
      new Set([...rules.matchAll(new RegExp(`${label}="([^"]+)"`, 'g'))].map(([, of]) => of));
    const names = (kind: string) =>
      objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
    for (const [label, kind] of [
      ['deployment', 'Deployment'],
      ['service', 'Service'],
      ['statefulset', 'StatefulSet'],
      ['cronjob', 'CronJob'],
      ['daemonset', 'DaemonSet'],
    ]) {
      expect(named(label).size).toBeGreaterThan(0);
      expect(names(kind)).toEqual(expect.arrayContaining([...named(label)]));
    }
    expect(named('namespace')).toEqual(new Set(['oscar', 'oscar-svc']));
  });

  test('tell of MinIO and of an installer only where these are', () => {
    expect(text({})).toContain('minio_');
    expect(text({})).toContain('kube_daemonset_');
    const elsewhere = { kind: 'external', endpoint: 'https://s3.example.org', secretName: 'keys' } as const;
    expect(text({ minio: elsewhere })).not.toContain('minio_');
    expect(text({ supervisor: { kind: 'shared' } })).not.toContain('kube_daemonset_');
  });

  test.each(['alerts', 'dashboard'] as const)('%s without metrics are refused', (field) => {
    for (const value of [true, { labels: { release: 'prometheus' } }]) {
      for (const serviceMonitors of [undefined, false]) {
        const finding = refusal(() => made({ [field]: value, serviceMonitors }));
        expect(finding).toMatchObject({
          field: [field],
          value,
          fix: expect.stringContaining('`serviceMonitors: true`'),
        });
      }
    }
    expect(() => made({ [field]: false })).not.toThrow();
  });
});

test('a store that is elsewhere is reached on its port, and no user is made there', () => {
  const objects = rendered({
    minio: { kind: 'external', endpoint: 'https://s3.example.org:9443', secretName: 'keys' },
  });
  expect(objects.map(({ kind }) => kind)).not.toContain('StatefulSet');
  expect(only(objects, 'NetworkPolicy', 'oscar-manager').spec.egress).toContainEqual({
    ports: [{ protocol: 'TCP', port: 9443 }],
  });
  const { data } = objects.find(({ data }) => data?.['settings.json']?.includes('"secrets"'))!;
  expect(JSON.parse(data['settings.json']).store).toMatchObject({
    external: true,
    credentials: { secretName: 'keys' },
  });
});

describe('certificates', () => {
  const ingress = (host: string) => ({ kind: 'ingress', host, tlsSecretName: 'tls' }) as const;
  const opened = (props: PlatformProps) =>
    rendered(props)
      .filter(({ metadata }) => metadata.name === 'oscar-certificates')
      .map(({ metadata }) => metadata.namespace);

  test.each<[string, PlatformProps, string[]]>([
    ['none', {}, []],
    ["the manager's", { manager: { route: ingress('a.example.org') } }, ['oscar']],
    ["the store's", { minio: { route: ingress('a.example.org') } }, ['oscar']],
    ["the services'", { servicesRoute: ingress('a.example.org') }, ['oscar-svc']],
    [
      'all',
      {
        manager: { route: ingress('a.example.org') },
        minio: { route: ingress('b.example.org') },
        servicesRoute: ingress('c.example.org'),
      },
      ['oscar', 'oscar-svc'],
    ],
    ['a route without TLS', { servicesRoute: { kind: 'ingress', host: 'a.example.org' } }, []],
  ])('%s: challenges are let in there', (_what, props, namespaces) => {
    expect(opened(props)).toEqual(namespaces);
  });
});

test('services that come later are in the rights of the manager and the declaration', () => {
  const objects = manifests((chart) => {
    const platform = new Platform(chart, 'platform', { programs: PROGRAMS });
    platform.services.addService('late');
  });
  expect(
    only(
      objects.filter(({ metadata }) => metadata.namespace === 'oscar-svc'),
      'Role',
      'oscar-manager',
    ).rules.at(-1),
  ).toMatchObject({ resourceNames: ['late-token'] });
  expect(JSON.stringify(objects)).toContain('late-minio');
});

test('what a Job of any service may still run from stays on the nodes', () => {
  const objects = manifests((chart) => {
    const platform = new Platform(chart, 'platform', { programs: PROGRAMS });
    for (const [name, days] of [
      ['quick', 1],
      ['slow', 30],
      ['usual', 2],
    ] as const) {
      const job = { deadlineSeconds: days * 86_400 };
      new FileService(chart, name, { platform, image: 'a', script: Script.inline('true\n'), job });
    }
  });
  const { template } = only(objects, 'DaemonSet', 'oscar-supervisor-installer').spec;
  // A week of waiting, the four tries of the slowest, and a day.
  expect(template.spec.initContainers[0].args.slice(2)).toEqual(['--keep', `${(7 + 4 * 30 + 1) * 86_400}`]);
});

test.each<[PlatformProps, (string | number)[]]>([
  [{ name: 'Oscar' }, ['name']],
  [{ name: 'o'.repeat(35) }, ['name']],
  [{ namespace: 'a.b' }, ['namespace']],
  [{ servicesNamespace: '-' }, ['servicesNamespace']],
  [{ servicesNamespace: 'oscar' }, ['servicesNamespace']],
  [{ images: { mirror: 'https://mirror.example.org' } }, ['images', 'mirror']],
  [{ images: { replace: { mc: 'no image' } } }, ['images', 'replace', 'mc']],
  [{ buckets: { In: {} } }, ['buckets', 'In']],
  [{ buckets: { inbox: { expireDays: 0 } } }, ['buckets', 'inbox', 'expireDays']],
  [{ buckets: { inbox: { quota: '-1Gi' } } }, ['buckets', 'inbox', 'quota']],
  [{ servicesRoute: { kind: 'ingress', host: 'a b' } }, ['servicesRoute', 'host']],
  [{ bucketMountDriver: 'a b' }, ['bucketMountDriver']],
  [{ manager: { replicas: 0 } }, ['manager', 'replicas']],
  [{ minio: { kind: 'distributed', pods: 2 } }, ['minio', 'pods']],
])('refuses %j', (props, field) => {
  expect(refusal(() => made(props)).field).toEqual(field);
});

test('the longest name that is taken stays legal in every object made from it', () => {
  const objects = rendered({ name: 'o'.repeat(34) });
  for (const { kind, metadata } of objects) {
    // A Job's or a StatefulSet's name is a label of its pods, and 6 or more characters longer as their name.
    expect(metadata.name.length).toBeLessThanOrEqual(['Job', 'StatefulSet'].includes(kind) ? 57 : 253);
  }
});
