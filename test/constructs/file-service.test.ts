import { ServiceDefinition } from '../../src/contract';
import { FileService, FileServiceProps } from '../../src/constructs/file-service';
import { Script } from '../../src/constructs/script';
import { StorageProvider } from '../../src/constructs/storage';
import { parse } from 'yaml';
import { byKind, chart, Manifest, manifests, platform, propsOf, refusal, synthesize } from './service-fixture';

const webPlatform = () =>
  platform({
    route: { kind: 'ingress', host: 'oscar.example.org', className: 'nginx' },
    bucketMountDriver: 'ru.yandex.s3.csi',
  });

/** Every property set: one that is added has to be added here, and its effect below. */
function everything(): Required<Omit<FileServiceProps, 'expose'>> {
  const on = webPlatform();
  const dcache = StorageProvider.webdav('dcache', { hostname: 'dav.example.org:2880', secretName: 'dcache-keys' });
  return {
    platform: on,
    name: 'grayify',
    image: 'ghcr.io/grycap/imagemagick:7',
    script: Script.inline('#!/bin/sh\nconvert "$INPUT_FILE_PATH"\n'),
    cpu: '1.5',
    memory: '2048Mi',
    ephemeralStorage: '4Gi',
    gpu: 2,
    logLevel: 'DEBUG',
    inputs: [{ ...on.store.path('photos/in'), prefix: ['img'], suffix: ['.jpg'] }],
    outputs: [{ ...dcache.path('gray'), suffix: ['.png'] }],
    storageProviders: [StorageProvider.s3('aws', { region: 'eu-west-1', secretName: 'aws-keys' })],
    environment: { QUALITY: '80' },
    secretEnvironment: { LICENSE_KEY: { secretName: 'licenses', key: 'magick' } },
    fileStageIn: true,
    isolationLevel: 'user',
    visibility: 'restricted',
    allowedUsers: ['62bb@egi.eu'],
    vo: 'vo.example.eu',
    synchronous: { minScale: 2, maxScale: 5, cpuThreshold: 60 },
    job: { retries: 1, deadlineSeconds: 60, ttlSeconds: 30 },
    invocation: { timeoutSeconds: 20, maxInflight: 4 },
    volume: {
      name: 'models',
      size: '10Gi',
      mountPath: '/models',
      storageClassName: 'fast',
      accessMode: 'ReadWriteOnce',
    },
    mount: on.store.path('photos/shared'),
    imagePrefetch: true,
    imagePullSecrets: ['registry'],
    nodeSelector: { gpu: 'a100' },
    tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
    priorityClassName: 'batch',
    runtimeClassName: 'nvidia',
    annotations: { 'example.org/contact': 'us' },
    labels: { team: 'vision' },
    egress: [{ cidr: '203.0.113.0/24', ports: [443] }, { cidr: '2001:db8::/32' }],
  };
}

describe('every property shows', () => {
  const scope = chart();
  const props = everything();
  new FileService(scope, 'id', props);
  const kinds = byKind(scope);
  const warm = kinds.Deployment.spec.template;
  const job = kinds.PodTemplate.template;
  const definition = parse(kinds.ConfigMap.data['function_config.yaml']) as ServiceDefinition;

  test('in the definition', () => {
    expect(definition).toEqual({
      name: 'grayify',
      image: 'ghcr.io/grycap/imagemagick:7',
      log_level: 'DEBUG',
      cpu: '1.5',
      memory: '2048Mi',
      enable_gpu: true,
      file_stage_in: true,
      isolation_level: 'user',
      input: [{ storage_provider: 'minio.default', path: 'photos/in', prefix: ['img'], suffix: ['.jpg'] }],
      output: [{ storage_provider: 'webdav.dcache', path: 'gray', prefix: [], suffix: ['.png'] }],
      environment: { variables: { QUALITY: '80' } },
      annotations: { 'example.org/contact': 'us' },
      labels: { team: 'vision' },
      storage_providers: {
        minio: { default: { endpoint: 'http://oscar-minio.oscar.svc:9000', region: 'us-east-1', verify: true } },
        webdav: { dcache: { hostname: 'dav.example.org:2880' } },
        s3: { aws: { region: 'eu-west-1' } },
      },
      synchronous: { min_scale: 2, max_scale: 5 },
      allowed_users: ['62bb@egi.eu'],
      visibility: 'restricted',
      vo: 'vo.example.eu',
      job: { retries: 1, deadlineSeconds: 60, ttlSeconds: 30 },
      invocation: { timeoutSeconds: 20, maxInflight: 4 },
    } satisfies ServiceDefinition);
    expect(kinds.ConfigMap.data['script.sh']).toContain('convert');
  });

  test.each([
    ['warm', warm],
    ['job', job],
  ])('in the %s pod', (_, { metadata, spec }) => {
    const [container] = spec.containers;
    expect(metadata.labels).toMatchObject({ team: 'vision', oscar_service: 'grayify' });
    expect(metadata.annotations).toMatchObject({ 'example.org/contact': 'us' });
    expect(container).toMatchObject({ image: 'ghcr.io/grycap/imagemagick:7', imagePullPolicy: 'Always' });
    const resources = { cpu: '1500m', memory: '2Gi', 'ephemeral-storage': '4Gi', 'nvidia.com/gpu': '2' };
    expect(container.resources).toEqual({ limits: resources, requests: resources });
    expect(container.env).toContainEqual({ name: 'QUALITY', value: '80' });
    expect(container.env).toContainEqual({
      name: 'LICENSE_KEY',
      valueFrom: { secretKeyRef: { name: 'licenses', key: 'magick' } },
    });
    expect(container.volumeMounts).toContainEqual({ name: 'volume', mountPath: '/models' });
    expect(container.volumeMounts).toContainEqual({ name: 'mount', mountPath: '/mnt/photos/shared' });
    expect(spec).toMatchObject({
      imagePullSecrets: [{ name: 'registry' }],
      nodeSelector: { gpu: 'a100' },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
      priorityClassName: 'batch',
      runtimeClassName: 'nvidia',
    });
    expect(secretsIn(spec)).toEqual(['aws-keys', 'dcache-keys', 'grayify-minio']);
  });

  test('around the pods', () => {
    expect(warm.spec.terminationGracePeriodSeconds).toBe(30);
    expect(kinds.HorizontalPodAutoscaler.spec).toMatchObject({ minReplicas: 2, maxReplicas: 5 });
    expect(kinds.HorizontalPodAutoscaler.spec.metrics[0].resource.target.averageUtilization).toBe(60);
    expect(kinds.PodDisruptionBudget.spec.maxUnavailable).toBe(1);
    expect(kinds.Deployment.spec.strategy).toEqual({ type: 'Recreate' });
    expect(kinds.DaemonSet.metadata.name).toBe('grayify-prefetch');
    expect(manifests(scope).find(({ metadata }) => metadata.name === 'models')).toMatchObject({
      kind: 'PersistentVolumeClaim',
      metadata: { labels: { 'oscar-cdk8s/keep': 'true' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '10Gi' } },
        storageClassName: 'fast',
      },
    });
    const { egress } = kinds.NetworkPolicy.spec;
    expect(egress).toContainEqual({
      ports: [
        { protocol: 'TCP', port: 443 },
        { protocol: 'TCP', port: 2880 },
      ],
    });
    expect(egress).toContainEqual({
      to: [{ ipBlock: { cidr: '203.0.113.0/24' } }],
      ports: [{ protocol: 'TCP', port: 443 }],
    });
    expect(egress).toContainEqual({ to: [{ ipBlock: { cidr: '2001:db8::/32' } }] });
  });

  test('what its platform has to know', () => {
    const { services } = props.platform;
    expect(services.serviceNames).toEqual(['grayify']);
    expect(services.users()[0]).toMatchObject({ read: ['photos/in/'], write: [] });
    expect(services.users()[1]).toMatchObject({ read: ['photos/shared/'], write: ['photos/shared/'] });
  });
});

function secretsIn(spec: Manifest): string[] {
  const { projected } = spec.volumes.find(({ name }: { name: string }) => name === 'providers');
  return [...new Set<string>(projected.sources.map(({ secret }: Manifest) => secret.name))].sort();
}

describe('a small service', () => {
  const kinds = synthesize();
  const { spec } = kinds.Deployment.spec.template;

  test('is these objects, named as it is and in the services’ namespace', () => {
    expect(Object.keys(kinds).sort()).toEqual(['ConfigMap', 'Deployment', 'NetworkPolicy', 'PodTemplate', 'Service']);
    for (const { metadata } of Object.values(kinds)) {
      expect(metadata).toMatchObject({ name: 'cowsay', namespace: 'oscar-svc' });
      expect(metadata.labels).toMatchObject({ oscar_service: 'cowsay', 'oscar-cdk8s/version': '1' });
    }
  });

  test('is started and ended by the manager: the number of pods is not in the manifest', () => {
    expect(kinds.Deployment.spec).not.toHaveProperty('replicas');
  });

  test('has no more rights than its image needs', () => {
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(spec.containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, privileged: false });
  });

  test('runs the supervisor in the user’s image, by its own loader', () => {
    const command = [
      '/oscar/bin/ld.so',
      '--library-path',
      '/oscar/bin/lib',
      '/oscar/bin/node',
      '/oscar/bin/supervisor.cjs',
    ];
    expect(spec.containers[0].command).toEqual([...command, 'serve']);
    expect(kinds.PodTemplate.template.spec.containers[0].command).toEqual(command);
    expect(kinds.PodTemplate.template.spec.restartPolicy).toBe('Never');
  });

  test('readiness and liveness are not the same', () => {
    const { readinessProbe, livenessProbe } = spec.containers[0];
    expect(readinessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(livenessProbe).not.toEqual(readinessProbe);
  });

  test('no manifest has the value of a secret, and no empty text that the server drops', () => {
    expect(spec.containers[0].env.slice(0, 3)).toEqual([
      { name: 'OSCAR_SERVICE_NAME', value: 'cowsay' },
      { name: 'OSCAR_SERVICE_TOKEN', valueFrom: { secretKeyRef: { name: 'cowsay-token', key: 'token' } } },
      { name: 'OSCAR_SERVICE_BASE_PATH' },
    ]);
  });

  test('the Service reaches warm pods only, and the policy is for Jobs’ pods too', () => {
    expect(kinds.Service.spec).toEqual({
      selector: { 'app.kubernetes.io/component': 'service', 'app.kubernetes.io/instance': 'cowsay' },
      ports: [{ name: 'http', port: 8080, targetPort: 'http' }],
    });
    expect(kinds.PodTemplate.template.metadata.labels['app.kubernetes.io/component']).toBe('job');
    expect(kinds.NetworkPolicy.spec.podSelector.matchExpressions[0].values).toEqual(['job', 'service']);
  });

  test('only the manager is heard, only DNS and the store are reached', () => {
    const { ingress, egress, policyTypes } = kinds.NetworkPolicy.spec;
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    expect(ingress).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'oscar' } },
            podSelector: {
              matchLabels: { 'app.kubernetes.io/component': 'manager', 'app.kubernetes.io/instance': 'oscar' },
            },
          },
        ],
        ports: [{ protocol: 'TCP', port: 8080 }],
      },
    ]);
    expect(egress).toHaveLength(2);
    expect(egress[0].ports.map(({ port }: Manifest) => port)).toEqual([53, 53]);
    expect(egress[1].to[0].podSelector.matchLabels['app.kubernetes.io/component']).toBe('minio');
  });

  test('pods carry the environment and not its version, or each version would restart them', () => {
    for (const { metadata } of [kinds.Deployment.spec.template, kinds.PodTemplate.template]) {
      expect(metadata.labels['oscar-cdk8s/environment']).toBe('test');
      expect(metadata.labels).not.toHaveProperty('oscar-cdk8s/version');
    }
  });
});

test.each(['https://s3.example.org:8443', 'https://minio.oscar.svc:8443'])(
  'a store that is not the platform’s own is reached by its port: %s',
  (endpoint) => {
    const store = StorageProvider.platformStore({ endpoint, region: 'x', verify: true });
    const { NetworkPolicy } = synthesize({ platform: platform({ store, externalStore: true }) });
    expect(NetworkPolicy.spec.egress[1]).toEqual({ ports: [{ protocol: 'TCP', port: 8443 }] });
  },
);

test('without network policies none is made', () => {
  expect(synthesize({ platform: platform({ networkPolicies: false }) })).not.toHaveProperty('NetworkPolicy');
});

test.each([
  [{}, undefined, undefined, undefined],
  [{ minScale: 1 }, 1, undefined, undefined],
  [{ minScale: 3, maxScale: 3 }, 3, undefined, 1],
  [{ maxScale: 4 }, undefined, [1, 4], undefined],
  [{ minScale: 2, maxScale: 4 }, undefined, [2, 4], 1],
])('scale %j: replicas %p, autoscaler %p, disruption budget %p', (synchronous, replicas, range, unavailable) => {
  const { Deployment, HorizontalPodAutoscaler, PodDisruptionBudget } = synthesize({ synchronous });
  expect(Deployment.spec.replicas).toBe(replicas);
  expect(
    HorizontalPodAutoscaler && [HorizontalPodAutoscaler.spec.minReplicas, HorizontalPodAutoscaler.spec.maxReplicas],
  ).toEqual(range);
  expect(PodDisruptionBudget?.spec.maxUnavailable).toBe(unavailable);
});

test('the hash on warm pods changes with the script and the definition, and not on Jobs’', () => {
  const hash = (given: object) => {
    const { Deployment, PodTemplate } = synthesize(given);
    expect(PodTemplate.template.metadata).not.toHaveProperty('annotations');
    return Deployment.spec.template.metadata.annotations['oscar-cdk8s/config-hash'];
  };
  expect(hash({})).toBe(hash({}));
  expect(hash({ script: Script.inline('other') })).not.toBe(hash({}));
  expect(hash({ environment: { A: 'b' } })).not.toBe(hash({}));
});

test('a volume without a size is attached and not made', () => {
  const { PersistentVolumeClaim, Deployment } = synthesize({ volume: { name: 'models', mountPath: '/models' } });
  expect(PersistentVolumeClaim).toBeUndefined();
  expect(Deployment.spec.template.spec.volumes).toContainEqual({
    name: 'volume',
    persistentVolumeClaim: { claimName: 'models' },
  });
});

test('a volume that is made is named as the service and may be mounted on every node', () => {
  const { PersistentVolumeClaim } = synthesize({ volume: { size: '1Gi', mountPath: '/data' } });
  expect(PersistentVolumeClaim.metadata.name).toBe('cowsay');
  expect(PersistentVolumeClaim.spec).toEqual({
    accessModes: ['ReadWriteMany'],
    resources: { requests: { storage: '1Gi' } },
  });
});

describe('bindings', () => {
  test('added later, they stand in all objects', () => {
    const scope = chart();
    const on = platform();
    const service = new FileService(scope, 'cowsay', propsOf({ platform: on }));
    service.onUpload(on.store.path('photos/in'), { suffix: ['.jpg'] });
    service.writesTo(StorageProvider.webdav('dcache', { hostname: 'dav:2880', secretName: 'dcache' }).path('out'));
    const kinds = byKind(scope);
    const definition = parse(kinds.ConfigMap.data['function_config.yaml']) as ServiceDefinition;
    expect(definition.input[0]).toMatchObject({ path: 'photos/in', suffix: ['.jpg'] });
    expect(definition.output[0]).toMatchObject({ storage_provider: 'webdav.dcache', path: 'out' });
    expect(secretsIn(kinds.PodTemplate.template.spec)).toEqual(['cowsay-minio', 'dcache']);
    expect(kinds.NetworkPolicy.spec.egress).toContainEqual({ ports: [{ protocol: 'TCP', port: 2880 }] });
    expect(on.services.bucketDeclarations()[1].notifications).toEqual([{ prefix: 'in/', suffix: '.jpg' }]);
  });

  test('with another provider no event is raised, and its secrets are mounted under its name', () => {
    const on = platform();
    const s3 = StorageProvider.s3('aws', { region: 'x', secretName: 'aws' });
    const { PodTemplate } = synthesize({ platform: on, inputs: [s3.path('undeclared/in')] });
    expect(on.services.bucketDeclarations().every(({ notifications }) => !notifications.length)).toBe(true);
    const { sources } = PodTemplate.template.spec.volumes[2].projected;
    expect(sources[1].secret).toEqual({
      name: 'aws',
      items: [
        { key: 'accessKey', path: 's3.aws/accessKey' },
        { key: 'secretKey', path: 's3.aws/secretKey' },
      ],
    });
    expect(sources[2].secret).toMatchObject({ optional: true });
  });

  test('two providers of one name have to be the same', () => {
    const at = (hostname: string) => StorageProvider.webdav('a', { hostname, secretName: 's' }).path('x');
    expect(() => synthesize({ inputs: [at('one')], outputs: [at('one')] })).not.toThrow();
    expect(refusal(() => synthesize({ inputs: [at('one')], outputs: [at('two')] }))).toContain(
      'two different providers have this name, got "webdav.a"',
    );
  });
});
