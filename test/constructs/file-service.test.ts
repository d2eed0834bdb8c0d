import { ServiceDefinition } from '../../src/contract';
import { FileService } from '../../src/constructs/file-service';
import { Script } from '../../src/constructs/script';
import { StorageProvider } from '../../src/constructs/storage';
import { parse } from 'yaml';
import { byKind, chart, Manifest, platform, propsOf, refusal, secretsIn, synthesize } from './service-fixture';

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

  test('the supervisor has an empty folder to work in, whatever the image is like', () => {
    for (const pod of [spec, kinds.PodTemplate.template.spec]) {
      expect(pod.volumes).toContainEqual({ name: 'work', emptyDir: {} });
      expect(pod.containers[0].volumeMounts).toContainEqual({ name: 'work', mountPath: '/oscar/work' });
    }
  });

  test('what scripts leave behind is reaped by the warm pod’s own process, and ends with a Job’s', () => {
    expect(spec.shareProcessNamespace).toBe(true);
    expect(kinds.PodTemplate.template.spec).not.toHaveProperty('shareProcessNamespace');
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

test('a volume of one node is let go by the old pod before the new one takes it', () => {
  const volume = { size: '1Gi', mountPath: '/data', accessMode: 'ReadWriteOnce' } as const;
  const { PersistentVolumeClaim, Deployment } = synthesize({ volume });
  expect(PersistentVolumeClaim.spec.accessModes).toEqual(['ReadWriteOnce']);
  expect(Deployment.spec.strategy).toEqual({ type: 'Recreate' });
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
    service.writesTo(StorageProvider.webdav('plain', { hostname: 'http://dav/a', secretName: 'dcache' }).path('out'));
    expect(byKind(scope).NetworkPolicy.spec.egress).toContainEqual({
      ports: [
        { protocol: 'TCP', port: 80 },
        { protocol: 'TCP', port: 2880 },
      ],
    });
    const photos = on.services.bucketDeclarations().find(({ name }) => name === 'photos');
    expect(photos?.notifications).toEqual([{ prefix: 'in/', suffix: '.jpg' }]);
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
    expect(sources[2].secret).toEqual({
      name: 'aws',
      items: [
        { key: 'sessionToken', path: 's3.aws/sessionToken' },
        { key: 'ca.crt', path: 's3.aws/ca.crt' },
      ],
      optional: true,
    });
  });

  test('two providers of one name have to be the same', () => {
    const at = (hostname: string) => StorageProvider.webdav('a', { hostname, secretName: 's' }).path('x');
    expect(() => synthesize({ inputs: [at('one')], outputs: [at('one')] })).not.toThrow();
    expect(refusal(() => synthesize({ inputs: [at('one')], outputs: [at('two')] }))).toContain(
      'two different providers have this name, got "webdav.a"',
    );
  });
});
