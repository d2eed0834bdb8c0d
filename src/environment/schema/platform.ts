import { z } from 'zod';
import { flag, integer, list, map, object, optional, required, text } from './types';

const route = z
  .discriminatedUnion(
    'kind',
    [
      object({
        kind: required(z.literal('ingress'), 'An Ingress.'),
        host: required(text, 'DNS name.'),
        tlsSecretName: optional(text, "Secret (type `kubernetes.io/tls`) with the host's certificate.", 'no TLS'),
        className: optional(text, 'Ingress class.', "the cluster's default class"),
        annotations: optional(map(text), 'For the ingress controller.', 'none'),
      }),
      object({
        kind: required(z.literal('httpRoute'), "A Gateway API HTTPRoute; TLS is the Gateway's business."),
        host: required(text, 'DNS name.'),
        gateway: required(
          object({
            name: required(text, "The Gateway's name."),
            namespace: optional(text, "The Gateway's namespace.", "the route's"),
            sectionName: optional(text, 'Listener.', 'all'),
          }),
          'Gateway that the route belongs to.',
        ),
      }),
    ],
    { error: 'a route with `kind`: ingress or httpRoute' },
  )
  .meta({ title: 'route' });

const resources = object({
  cpu: optional(text, 'CPU request, a Kubernetes quantity.'),
  memory: optional(text, 'Memory request, a Kubernetes quantity.'),
  cpuLimit: optional(text, 'CPU limit.', 'the request'),
  memoryLimit: optional(text, 'Memory limit.', 'the request'),
}).meta({ title: 'resources' });

const images = object({
  mirror: optional(text, 'Registry (and path) that mirrors the others; put before each full name.', 'none'),
  node: optional(text, "Image of the manager, the provisioner and the supervisor's installer.", 'a pinned one'),
  minio: optional(text, 'Image of the store.', 'a pinned one'),
  mc: optional(text, "Image of the store's client.", 'a pinned one'),
  pause: optional(text, 'Image that holds prefetched images on nodes.', 'a pinned one'),
});

const manager = object({
  replicas: optional(integer(1), 'Pods of the manager.', '2'),
  resources: optional(resources, 'CPU and memory of each pod.'),
  route: optional(route, 'How the API is reached from outside.', 'reached inside the cluster only'),
  maxBodyBytes: optional(integer(1), 'Largest request body, in bytes.', '104857600 (100 MiB)'),
  idleSeconds: optional(integer(1), 'Seconds without a request after which a service goes back to no pods.', '300'),
  coldStartSeconds: optional(integer(1), 'Seconds that a request may wait for the first pod.', '120'),
  corsOrigins: optional(
    list(text),
    "Origins that browsers may call from. `*` is any, but changes nothing by the admin's login: that takes a name.",
    'none',
  ),
  adminSecretName: optional(
    text,
    "Secret (keys `username`, `password`) of the admin, in the platform's namespace.",
    '`<name>-admin`, generated in the cluster',
  ),
});

const minio = z
  .discriminatedUnion(
    'kind',
    [
      object({
        kind: optional(
          z.enum(['standalone', 'distributed']),
          '`standalone`: one pod. `distributed`: `pods` pods, erasure-coded. Fixed once the store exists: its drives know one another.',
          'standalone',
        ),
        pods: optional(integer(4, 32), 'Pods of a distributed store. Fixed once the store exists.', '4'),
        storage: optional(text, "Size of each pod's volume, a Kubernetes quantity. Fixed once the store exists: Kubernetes changes no StatefulSet's volumes.", '10Gi'),
        storageClassName: optional(text, 'Storage class of the volumes. Fixed once the store exists.', "the cluster's default class"),
        resources: optional(resources, 'CPU and memory of each pod.'),
        region: optional(text, 'Region that the store answers for.', 'us-east-1'),
        route: optional(route, 'How the S3 API is reached from outside.', 'reached inside the cluster only'),
        rootSecretName: optional(
          text,
          "Secret (keys `rootUser`, `rootPassword`) in the platform's namespace.",
          '`<name>-minio-root`, generated in the cluster',
        ),
      }),
      object({
        kind: required(
          z.literal('external'),
          "A store that is there already; nothing is deployed. Each service's user is made by hand: it reads the service's inputs and `<name>-bodies/<service>/`, writes its outputs and `<name>-records/done/<service>/`, and its keys are the Secret `<service>-minio`. So is the sweep's, `<name>.platform.sweep`: it lists the services' input folders and keeps `<name>-records`, and its keys are the Secret `<name>-sweep` in the platform's namespace. The provisioner's log has each policy.",
        ),
        endpoint: required(text, '`https://host[:port]`.'),
        secretName: required(
          text,
          "Secret (keys `accessKey`, `secretKey`) in the platform's namespace, with the rights to make buckets and notifications.",
        ),
        region: optional(text, "The store's region.", 'us-east-1'),
        verify: optional(flag, 'Verify TLS certificates.', 'true'),
      }),
    ],
    { error: 'a store with `kind`: standalone, distributed or external' },
  )
  .meta({ title: 'minio' });

const supervisor = z
  .discriminatedUnion(
    'kind',
    [
      object({
        kind: required(z.literal('nodeLocal'), 'A DaemonSet installs the supervisor on every node.'),
        hostPath: optional(text, 'Folder on the nodes.', '/var/lib/oscar-cdk8s'),
      }),
      object({
        kind: required(z.literal('shared'), 'One ReadWriteMany claim, filled by a Job.'),
        storageClassName: optional(text, 'Storage class of the claim.', "the cluster's default class"),
        size: optional(text, 'Size of the claim, a Kubernetes quantity.', '1Gi'),
      }),
      object({ kind: required(z.literal('perPod'), 'An init container fills an emptyDir in every pod.') }),
      object({
        kind: required(z.literal('image'), 'An OCI image volume.'),
        image: required(text, 'Image that holds the supervisor.'),
      }),
    ],
    { error: 'a supervisor volume with `kind`: nodeLocal, shared, perPod or image' },
  )
  .meta({ title: 'supervisor' });

const serviceMonitors = z.union(
  [
    flag,
    object({
      labels: optional(map(text), "By which a Prometheus chooses its ServiceMonitors, e.g. `release`.", 'none'),
    }),
  ],
  { error: 'true, false or a map with labels' },
);

const alerts = z.union(
  [
    flag,
    object({ labels: optional(map(text), 'By which a Prometheus chooses its PrometheusRules, e.g. `release`.', 'none') }),
  ],
  { error: 'true, false or a map with labels' },
);

const dashboard = z.union(
  [
    flag,
    object({
      labels: optional(map(text), "By which Grafana's sidecar chooses its ConfigMaps.", '`grafana_dashboard: "1"`'),
    }),
  ],
  { error: 'true, false or a map with labels' },
);

const sweep = object({
  schedule: optional(text, 'When it runs: five fields of cron.', '`*/5 * * * *` (every 5 minutes)'),
}).meta({ title: 'sweep' });

export const platformSchema = object({
  name: optional(text, "Names the platform's objects.", 'oscar'),
  namespace: optional(text, 'Namespace of the platform.', "the platform's name"),
  servicesNamespace: optional(text, 'Namespace of the services.', '`<namespace>-svc`'),
  createNamespaces: optional(flag, 'Whether the two Namespaces are made here.', 'true'),
  images: optional(images, "The platform's own images."),
  manager: optional(manager, 'The HTTP API that takes events and requests.'),
  minio: optional(minio, 'The object store.'),
  supervisor: optional(supervisor, "How the supervisor comes into services' pods.", '`kind: nodeLocal`'),
  sweep: optional(sweep, 'Looks for uploads whose event was lost, and has them processed.'),
  networkPolicies: optional(flag, 'Default-deny policies in both namespaces that open what is needed.', 'true'),
  servicesRoute: optional(route, 'How exposed services are reached from outside.', "they can't be exposed"),
  bucketMountDriver: optional(text, "CSI driver for services' bucket mounts.", 'none'),
  serviceMonitors: optional(serviceMonitors, 'ServiceMonitors for the Prometheus operator.', 'false'),
  alerts: optional(
    alerts,
    'A PrometheusRule for the Prometheus operator; needs `serviceMonitors`. What each alert means: docs/OPERATIONS.md.',
    'false',
  ),
  dashboard: optional(
    dashboard,
    "A dashboard for Grafana, in a ConfigMap that its sidecar loads; needs `serviceMonitors`.",
    'false',
  ),
});
