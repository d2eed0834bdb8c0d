import { ServiceDefinition } from '../../src/contract';
import { FileService, FileServiceProps } from '../../src/constructs/file-service';
import { Script } from '../../src/constructs/script';
import { StorageProvider } from '../../src/constructs/storage';
import { parse } from 'yaml';
import { byKind, chart, manifests, platform, secretsIn } from './service-fixture';

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
    totalCpu: '9',
    totalMemory: '10Gi',
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
    allowedUsers: ['62bb'],
    vo: 'vo.example.eu',
    synchronous: { minScale: 2, maxScale: 5, cpuThreshold: 60 },
    job: { retries: 1, deadlineSeconds: 60, ttlSeconds: 30, concurrency: 7 },
    invocation: { timeoutSeconds: 20, maxInflight: 4 },
    volume: {
      name: 'models',
      size: '10Gi',
      mountPath: '/models',
      storageClassName: 'fast',
      accessMode: 'ReadWriteMany',
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
      total_cpu: '9',
      total_memory: '10Gi',
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
      allowed_users: ['62bb'],
      visibility: 'restricted',
      vo: 'vo.example.eu',
      job: { retries: 1, deadlineSeconds: 60, ttlSeconds: 30, concurrency: 5 },
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
    expect(kinds.DaemonSet.metadata.name).toBe('grayify-prefetch');
    expect(manifests(scope).find(({ metadata }) => metadata.name === 'models')).toMatchObject({
      kind: 'PersistentVolumeClaim',
      metadata: { labels: { 'oscar-cdk8s/keep': 'true' } },
      spec: {
        accessModes: ['ReadWriteMany'],
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
    expect(services.users()[0]).toMatchObject({
      read: ['oscar-bodies/grayify/', 'photos-62bb/in/', 'photos/in/'],
      write: ['oscar-records/done/grayify/'],
    });
    expect(services.users()[1]).toMatchObject({ read: [], write: [], mount: ['photos/shared/'] });
  });
});
