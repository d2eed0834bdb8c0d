import { Chart } from 'cdk8s';
import fc from 'fast-check';
import { ENVIRONMENT_LABEL } from '../../src/contract';
import { Images } from '../../src/constructs/images';
import { Minio, MinioPlace, MinioProps } from '../../src/constructs/minio';
import type { MinioDeployed, MinioExternal, MinioOptions } from '../../src/constructs/minio-options';
import { kinds, Manifest, manifests, only, refusal } from '../support/platform';

const EVENTS = { endpoint: 'http://p-manager.p.svc:8080/events', secretName: 'p-webhook' };
const EXTERNAL: MinioExternal = { kind: 'external', endpoint: 'https://s3.example.org', secretName: 'keys' };

function made(options: MinioOptions = {}, place: Partial<MinioPlace> = {}) {
  let minio!: Minio;
  const props: MinioProps = { ...options, namespace: 'p', ...place };
  const objects = manifests((chart) => (minio = new Minio(chart, 'minio', props)));
  return { minio, objects };
}
const pod = (objects: readonly Manifest[]) => only(objects, 'StatefulSet').spec.template.spec;
const variables = (objects: readonly Manifest[]): Record<string, unknown> =>
  Object.fromEntries(
    pod(objects).containers[0].env.map(({ name, value, valueFrom }: Manifest) => [
      name,
      value ?? `${valueFrom.secretKeyRef.name}/${valueFrom.secretKeyRef.key}`,
    ]),
  );

describe('standalone', () => {
  const { minio, objects } = made({}, { events: EVENTS });

  test('is one pod with a drive of its own, for which no drain waits', () => {
    expect(kinds(objects)).toEqual(['StatefulSet', 'Service', 'Service']);
    expect(only(objects, 'StatefulSet').spec.replicas).toBe(1);
    expect(pod(objects).containers[0].args).toEqual(['server', '/data/drive']);
  });

  test('its store is what services reach it by', () => {
    expect(minio.store.settings).toEqual({
      endpoint: 'http://oscar-minio.p.svc:9000',
      region: 'us-east-1',
      verify: true,
    });
    expect(minio.store.isPlatformStore).toBe(true);
    expect(minio.externalPort).toBeUndefined();
  });

  test('root credentials are by reference, to a Secret that the provisioner makes', () => {
    expect(variables(objects)).toMatchObject({
      MINIO_ROOT_USER: 'oscar-minio-root/rootUser',
      MINIO_ROOT_PASSWORD: 'oscar-minio-root/rootPassword',
    });
    expect(minio.secrets).toMatchObject([
      {
        namespace: 'p',
        name: 'oscar-minio-root',
        data: { rootUser: { text: 'oscar-root' }, rootPassword: { hex: 40 } },
      },
    ]);
  });

  test('events wait in a queue on the volume, and uploads for the queue', () => {
    expect(variables(objects)).toMatchObject({
      MINIO_NOTIFY_WEBHOOK_ENABLE_OSCAR: 'on',
      MINIO_NOTIFY_WEBHOOK_ENDPOINT_OSCAR: EVENTS.endpoint,
      MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_OSCAR: 'p-webhook/token',
      MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_OSCAR: '/data/queue',
      MINIO_NOTIFY_WEBHOOK_QUEUE_LIMIT_OSCAR: '500000',
      MINIO_API_SYNC_EVENTS: 'on',
      MINIO_SYNC_BOOT: 'on',
    });
    expect(pod(objects).containers[0].volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
  });

  test('nothing of it needs a writable image, a token or root', () => {
    const { automountServiceAccountToken, securityContext, containers } = pod(objects);
    expect(automountServiceAccountToken).toBe(false);
    expect(securityContext.runAsNonRoot).toBe(true);
    expect(containers[0].securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
    expect(variables(objects)).toMatchObject({ HOME: '/tmp', MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' });
  });

  test('its volume is kept by pruning tools', () => {
    const [{ metadata, spec }] = only(objects, 'StatefulSet').spec.volumeClaimTemplates;
    expect(metadata.labels['oscar-cdk8s/keep']).toBe('true');
    expect(metadata.annotations['kustomize.toolkit.fluxcd.io/prune']).toBe('disabled');
    expect(spec).toEqual({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } });
  });

  test('its claims stay as they are when the environment gets another name', () => {
    const claims = (environment: string) => {
      const build = (chart: Chart) => new Minio(chart, 'minio', { namespace: 'p' });
      return only(manifests(build, { labels: { [ENVIRONMENT_LABEL]: environment } }), 'StatefulSet').spec
        .volumeClaimTemplates;
    };
    expect(claims('production')).toEqual(claims('staging'));
  });

  test('ready means that the store serves reads', () => {
    const { readinessProbe, livenessProbe, startupProbe } = pod(objects).containers[0];
    expect(readinessProbe.httpGet.path).toBe('/minio/health/cluster/read');
    expect(livenessProbe.httpGet.path).toBe('/minio/health/live');
    expect(startupProbe.httpGet.path).toBe('/minio/health/live');
  });
});

test('without a target for events none is set', () => {
  expect(Object.keys(variables(made().objects)).filter((name) => /NOTIFY|SYNC/.test(name))).toEqual([]);
});

describe('distributed', () => {
  const { objects } = made({ kind: 'distributed' });

  test('is four pods that start together and know each other before they are ready', () => {
    const { replicas, podManagementPolicy, serviceName } = only(objects, 'StatefulSet').spec;
    expect([replicas, podManagementPolicy, serviceName]).toEqual([4, 'Parallel', 'oscar-minio-peers']);
    expect(only(objects, 'Service', 'oscar-minio-peers').spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
    expect(pod(objects).containers[0].args).toEqual([
      'server',
      'http://oscar-minio-{0...3}.oscar-minio-peers.p.svc:9000/data/drive',
    ]);
  });

  test('is spread over hosts as far as there are some, and gives up one pod at a time', () => {
    const [{ podAffinityTerm }] = pod(objects).affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
    expect(podAffinityTerm).toEqual({
      topologyKey: 'kubernetes.io/hostname',
      labelSelector: only(objects, 'StatefulSet').spec.selector,
    });
    expect(only(objects, 'PodDisruptionBudget').spec).toEqual({
      maxUnavailable: 1,
      selector: only(objects, 'StatefulSet').spec.selector,
    });
  });
});

test('every property of a deployed store shows up', () => {
  const options: Required<MinioDeployed> = {
    kind: 'distributed',
    pods: 6,
    storage: '1024Gi',
    storageClassName: 'fast',
    resources: { cpu: '3', memory: '6Gi' },
    region: 'eu-south-2',
    route: { kind: 'httpRoute', host: 's3.example.org', gateway: { name: 'public' } },
    rootSecretName: 'root',
  };
  const place: Required<MinioPlace> = {
    name: 'q',
    namespace: 'elsewhere',
    events: EVENTS,
    images: new Images({ replace: { minio: 'example.org/minio:1' } }),
    serviceMonitor: { labels: { release: 'prometheus' } },
  };
  const { minio, objects } = made(options, place);
  const { metadata, spec } = only(objects, 'StatefulSet');
  expect(metadata).toMatchObject({ name: 'q-minio', namespace: 'elsewhere' });
  expect(spec.replicas).toBe(6);
  expect(spec.volumeClaimTemplates[0].spec).toMatchObject({
    storageClassName: 'fast',
    resources: { requests: { storage: '1Ti' } },
  });
  expect(pod(objects).containers[0]).toMatchObject({
    image: 'example.org/minio:1',
    resources: { requests: { cpu: '3', memory: '6Gi' } },
  });
  expect(variables(objects)).toMatchObject({
    MINIO_SITE_REGION: 'eu-south-2',
    MINIO_ROOT_USER: 'root/rootUser',
    MINIO_NOTIFY_WEBHOOK_ENDPOINT_OSCAR: EVENTS.endpoint,
  });
  expect(minio.secrets.map(({ name }) => name)).toEqual(['q-minio-metrics']);
  expect(only(objects, 'ServiceMonitor').metadata.labels).toMatchObject({
    release: 'prometheus',
    'app.kubernetes.io/component': 'minio',
  });
  expect(minio.store.settings.region).toBe('eu-south-2');
  expect(only(objects, 'HTTPRoute').spec).toMatchObject({
    hostnames: ['s3.example.org'],
    rules: [{ backendRefs: [{ name: 'q-minio', port: 9000 }] }],
  });
});

test('uploads of any size stream through ingress-nginx', () => {
  const { objects } = made({ route: { kind: 'ingress', host: 's3.example.org', className: 'nginx' } });
  expect(only(objects, 'Ingress').metadata.annotations).toMatchObject({
    'nginx.ingress.kubernetes.io/proxy-body-size': '0',
    'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
  });
});

test('metrics are taken from each pod once', () => {
  const { objects } = made({ kind: 'distributed' }, { serviceMonitor: true });
  const { matchLabels, matchExpressions } = only(objects, 'ServiceMonitor').spec.selector;
  const [{ key, operator }] = matchExpressions;
  expect(operator).toBe('DoesNotExist');
  const selected = objects.filter(
    ({ kind, metadata: { labels } }) =>
      kind === 'Service' &&
      !(key in labels) &&
      Object.entries(matchLabels).every(([label, value]) => labels[label] === value),
  );
  expect(selected.map(({ metadata }) => metadata.name)).toEqual(['oscar-minio']);
});

test('metrics are shown to Prometheus alone, by a token of the root user', () => {
  const { minio, objects } = made({ rootSecretName: 'root' }, { serviceMonitor: true });
  const { endpoints } = only(objects, 'ServiceMonitor').spec;
  const authorization = { credentials: { name: 'oscar-minio-metrics', key: 'token' } };
  const relabelings = [{ sourceLabels: ['__metrics_path__'], targetLabel: 'metrics_path' }];
  expect(endpoints).toEqual([
    { port: 'http', path: '/minio/v2/metrics/cluster', authorization, relabelings },
    { port: 'http', path: '/minio/v2/metrics/node', authorization, relabelings },
  ]);
  expect(minio.secrets).toMatchObject([
    {
      namespace: 'p',
      name: 'oscar-minio-metrics',
      data: { token: { metricsToken: { secretName: 'root', userKey: 'rootUser', passwordKey: 'rootPassword' } } },
    },
  ]);
  expect(variables(objects)).not.toHaveProperty('MINIO_PROMETHEUS_AUTH_TYPE');
  expect(made({}, { serviceMonitor: true }).minio.secrets).toHaveLength(2);
});

test('a label that Kubernetes refuses is refused', () => {
  const finding = refusal(() => made({}, { serviceMonitor: { labels: { release: 'a b' } } }));
  expect(finding.field).toEqual(['serviceMonitors', 'labels', 'release']);
});

describe('external', () => {
  test('deploys nothing; every property shows up', () => {
    const options: Required<MinioExternal> = {
      ...EXTERNAL,
      endpoint: 'https://s3.example.org:9443/',
      region: 'eu-1',
      verify: false,
    };
    const { minio, objects } = made(options);
    expect(objects).toEqual([]);
    expect(minio.store.settings).toEqual({ endpoint: 'https://s3.example.org:9443', region: 'eu-1', verify: false });
    expect(minio.credentials).toEqual({
      secretName: 'keys',
      keys: { accessKey: 'accessKey', secretKey: 'secretKey' },
    });
    expect(minio.secrets).toEqual([]);
    expect(minio.externalPort).toBe(9443);
  });

  test.each([
    ['https://s3.example.org', 443],
    ['http://s3.example.org', 80],
  ])('%s is on port %d', (endpoint, port) => {
    expect(made({ ...EXTERNAL, endpoint }).minio.externalPort).toBe(port);
  });

  test.each([
    's3.example.org',
    'ftp://s3.example.org',
    'https://s3.example.org/path',
    'https://s3.example.org?a=b',
    '',
  ])('refuses the endpoint %j', (endpoint) => {
    expect(refusal(() => made({ ...EXTERNAL, endpoint }))).toMatchObject({
      field: ['minio', 'endpoint'],
      value: endpoint,
    });
  });

  test('a password in the endpoint is refused without being repeated', () => {
    const finding = refusal(() => made({ ...EXTERNAL, endpoint: 'https://me:hunter2@s3.example.org' }));
    expect(finding.fix).toContain('secretName');
    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });
});

test.each<[MinioOptions, string]>([
  [{ pods: 4 }, 'pods'],
  [{ kind: 'distributed', pods: 3 }, 'pods'],
  [{ kind: 'distributed', pods: 33 }, 'pods'],
  [{ kind: 'distributed', pods: 17 }, 'pods'],
  [{ storage: 'much' }, 'storage'],
  [{ storageClassName: 'A' }, 'storageClassName'],
  [{ region: 'a b' }, 'region'],
  [{ rootSecretName: 'A' }, 'rootSecretName'],
  [{ rootSecretName: 'oscar-webhook' }, 'rootSecretName'],
  [{ rootSecretName: 'oscar-minio-metrics' }, 'rootSecretName'],
  [{ ...EXTERNAL, secretName: 'oscar-webhook' }, 'secretName'],
  [{ ...EXTERNAL, secretName: 'A' }, 'secretName'],
])('refuses %j', (options, field) => {
  expect(refusal(() => made(options)).field).toEqual(['minio', field]);
});

test.each([{ namespace: 'Bad_NS' }, { name: 'Bad_Name' }, { name: 'o'.repeat(35) }])('refuses %j', (place) => {
  expect(refusal(() => made({}, place)).field).toEqual(Object.keys(place));
});

test('so many pods are taken as MinIO can divide into sets of 2 to 16', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 32 }), (pods) => {
      let taken = true;
      try {
        made({ kind: 'distributed', pods });
      } catch {
        taken = false;
      }
      return taken === ![17, 19, 23, 29, 31].includes(pods);
    }),
  );
});

test('a store that was moved out may keep the Secret that was made for it', () => {
  const { minio } = made({ ...EXTERNAL, secretName: 'oscar-minio-root' });
  expect(minio.credentials.secretName).toBe('oscar-minio-root');
});
