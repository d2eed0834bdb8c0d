import { DEFINITION_KEY, SERVICE_LABEL, ServiceDefinition, toYaml } from '../../../src/contract';
import type { ConfigMap, PodTemplate } from '../../../src/programs/manager/kubernetes/objects';
import { Services } from '../../../src/programs/manager/state/services';

export const INPUT = { storage_provider: 'minio.default', path: 'pictures/in', prefix: [], suffix: [] };

/** A service's definition, as synthesis writes it. */
export function definition(name: string, more: Partial<ServiceDefinition> = {}): ServiceDefinition {
  return {
    name,
    image: 'ghcr.io/grycap/cowsay',
    log_level: 'INFO',
    cpu: '0.2',
    memory: '256Mi',
    enable_gpu: false,
    file_stage_in: false,
    isolation_level: 'service',
    input: [INPUT],
    output: [],
    environment: { variables: {} },
    annotations: {},
    labels: {},
    storage_providers: {
      minio: { default: { endpoint: 'http://oscar-minio.oscar.svc:9000', region: 'us-east-1', verify: true } },
    },
    synchronous: { min_scale: 0, max_scale: 1 },
    allowed_users: [],
    visibility: 'private',
    vo: '',
    job: { retries: 3, deadlineSeconds: 3600, ttlSeconds: 86400 },
    invocation: { timeoutSeconds: 300, maxInflight: 1 },
    ...more,
  };
}

const labels = (service: string, component: string) => ({
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/instance': service,
  [SERVICE_LABEL]: service,
});

/** With what names it, as the API takes it. */
type Whole<T> = T & { readonly [field: string]: unknown } & { readonly apiVersion: string; readonly kind: string };

/** The ConfigMap of a service. */
export function configMap(of: ServiceDefinition, namespace = 'oscar-svc'): Whole<ConfigMap> {
  return {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name: of.name, namespace, labels: labels(of.name, 'service') },
    data: { [DEFINITION_KEY]: toYaml(of as never), 'script.sh': '#!/bin/sh\n' },
  };
}

/** The PodTemplate of a service. */
export function podTemplate(service: string, namespace = 'oscar-svc'): Whole<PodTemplate> {
  return {
    ...{ apiVersion: 'v1', kind: 'PodTemplate' },
    metadata: {
      name: service,
      namespace,
      labels: { ...labels(service, 'service'), 'argocd.argoproj.io/instance': 'x' },
    },
    template: {
      metadata: { labels: labels(service, 'job') },
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'oscar-container',
            image: 'ghcr.io/grycap/cowsay',
            imagePullPolicy: 'Always',
            env: [{ name: 'OSCAR_SERVICE_NAME', value: service }],
          },
          { name: 'beside', image: 'busybox' },
        ],
      },
    },
  };
}

/** What a manager knows that has seen these services. */
export function known(...definitions: ServiceDefinition[]): Services {
  const services = new Services(() => {});
  for (const one of definitions) {
    services.onConfigMap(one.name, configMap(one));
    services.onPodTemplate(one.name, podTemplate(one.name));
  }
  return services;
}

interface Told {
  readonly eventName: string;
  readonly sequencer: string;
  /** @default now */
  readonly eventTime: string;
  readonly eventSource: string;
}

/** A message of MinIO's webhook. */
export function eventOf(bucket: string, key: string, more: Partial<Told> = {}) {
  const { eventName = 's3:ObjectCreated:Put', sequencer = '17D1A2B3C4D5E6F7' } = more;
  const { eventTime = new Date().toISOString(), eventSource = 'minio:s3' } = more;
  const encoded = encodeURIComponent(key).replaceAll('%20', '+');
  return {
    EventName: eventName,
    Key: `${bucket}/${key}`,
    Records: [
      {
        eventVersion: '2.0',
        eventSource,
        awsRegion: '',
        eventTime,
        eventName,
        userIdentity: { principalId: 'somebody' },
        requestParameters: { principalId: 'somebody', region: '', sourceIPAddress: '127.0.0.1' },
        responseElements: { 'x-amz-request-id': '1' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'Config',
          bucket: { name: bucket, ownerIdentity: { principalId: 'somebody' }, arn: `arn:aws:s3:::${bucket}` },
          object: { key: encoded, size: 12, eTag: 'd41d8cd98f00b204e9800998ecf8427e', sequencer },
        },
        source: { host: '127.0.0.1', port: '', userAgent: 'MinIO' },
      },
    ],
  };
}
