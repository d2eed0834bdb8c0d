import { LOG_LEVELS } from '../../contract';
import { choice, flag, integer, list, map, object, optional, required, text } from './types';

const place = {
  storage_provider: optional(text, '`<type>.<id>`, or `<type>` for the id `default`.', 'minio.default'),
  path: required(text, 'On `minio` and `s3` the first part is the bucket: `bucket/folder`.'),
};
const filteredPlace = object({
  ...place,
  prefix: optional(list(text), 'File names begin with one of these; with an empty one, any do.', 'any'),
  suffix: optional(list(text), 'File names end with one of these; with an empty one, any do.', 'any'),
});

const environment = object({
  variables: optional(map(text), 'Plain variables, by name. `Variables` is the same.', 'none'),
  secrets: optional(
    map(
      object({
        secretName: required(text, "Secret in the services' namespace."),
        key: required(text, 'Key in the Secret.'),
      }),
    ),
    'Variables from Secrets, by name: `{ secretName, key }`. Never a value.',
    'none',
  ),
});

const synchronous = object({
  min_scale: optional(integer(0), 'Pods that are always there.', '0 (started on demand)'),
  max_scale: optional(integer(0), 'Most pods. 0 is the default.', '1'),
  cpu_threshold: optional(integer(1, 100), 'Percent of the CPU request at which a pod is added.', '80'),
});

const expose = object({
  api_port: optional(
    list(integer(0, 65535)),
    'TCP port of the server in the container, or a list of which the route reaches the first. 0: not exposed. `port` is the same.',
  ),
  min_scale: optional(
    integer(0),
    'Pods that are always there. At least 1 where a port is exposed: nothing would start one on demand.',
    '1',
  ),
  max_scale: optional(integer(0), 'Most pods. 0 is the default.', '10'),
  cpu_threshold: optional(integer(1, 100), 'Percent of the CPU request at which a pod is added.', '80'),
  rewrite_target: optional(
    flag,
    '`true`: the server gets the path as clients ask for it, `/system/services/<name>/exposed/…`. `false`: the route takes that prefix off.',
    'false',
  ),
  default_command: optional(flag, "Run the image's own command instead of the script.", 'false'),
  set_auth: optional(
    flag,
    "Basic auth at the Ingress: the service's name and its token. It guards the Ingress only: inside the cluster an exposed service is open to everybody.",
    'false',
  ),
  health_path: optional(text, 'Path (GET) that readiness and liveness are asked from.', '/'),
  nodePort: optional(integer(0, 65535), 'Also open this port on every node. 0: none.', 'none'),
});

const volume = object({
  name: optional(text, 'Of an existing claim; without `size` it is attached and not made.', "the service's name"),
  size: optional(text, 'Kubernetes quantity; makes a claim.'),
  mount_path: required(text, 'Absolute path in the container.'),
  storage_class: optional(text, 'Storage class of the claim.', "the cluster's default class"),
  access_mode: optional(
    choice(['ReadWriteOnce', 'ReadWriteMany']),
    'Access mode of the claim. `ReadWriteOnce` is for a `max_scale` of 1; Jobs then wait for the node that has it.',
    'ReadWriteMany',
  ),
});

const toleration = object({
  key: optional(text, 'Taint key.', 'all'),
  operator: optional(choice(['Exists', 'Equal']), 'How `value` is compared.', 'Equal'),
  value: optional(text, 'Taint value.'),
  effect: optional(choice(['NoSchedule', 'PreferNoSchedule', 'NoExecute']), 'Taint effect.', 'all'),
  toleration_seconds: optional(integer(0), 'How long a `NoExecute` taint is tolerated.', 'for ever'),
});

/** A few runs of the sweep by its usual schedule: what it has seen to have failed, it never asks for again. */
export const SHORTEST_TTL_SECONDS = 900;

const job = object({
  retries: optional(integer(0), 'How often a failed file is tried again.', '3'),
  deadline: optional(integer(1), 'Seconds after which a try is ended, from when its pod is on a node: waiting for room does not count, for 7 days.', '3600'),
  ttl: optional(
    integer(0),
    `Seconds that a finished Job is kept. Below ${SHORTEST_TTL_SECONDS} there is a warning where the service has inputs in the platform's store: a Job that failed may be removed before the sweep has seen it, which then runs the file again, each time.`,
    '86400',
  ),
  concurrency: optional(integer(1), 'How many Jobs of the service are under way at one time, at most. The others wait for their turn, the oldest first.', 'any number'),
});

const egress = object({
  cidr: required(text, 'Addresses, e.g. `0.0.0.0/0`.'),
  ports: optional(list(integer(1, 65535)), 'TCP ports.', 'all'),
});

/** What a service is made of, whichever file says it. Field names are FDL's; those that FDL lacks are ours. */
export const serviceShape = {
  name: required(text, 'RFC 1035 label of at most 39 characters.'),
  image: required(text, 'Container image. Pulled at every start.'),
  script: required(text, 'Script that runs for each file or request: path, relative to the file that says so.'),
  cpu: optional(text, 'CPU limit and request, a Kubernetes quantity.', '0.2'),
  memory: optional(text, 'Memory limit and request, a Kubernetes quantity.', '256Mi'),
  total_cpu: optional(text, 'Limit of the CPU that all Jobs of the service use at one time, a Kubernetes quantity: as many run as it is enough for, the others wait for their turn. Of this, `total_memory` and `job.concurrency` the lowest limit holds. Empty: none.', 'none'),
  total_memory: optional(text, 'The same for memory.', 'none'),
  ephemeral_storage: optional(text, 'Limit of what the container writes to its own disk.', 'none'),
  gpu: optional(integer(0), 'Number of GPUs (`nvidia.com/gpu`).', '1 with `enable_gpu`, else 0'),
  enable_gpu: optional(flag, 'One GPU.', 'false'),
  log_level: optional(choice(LOG_LEVELS), "The supervisor's log level.", 'INFO'),
  input: optional(list(filteredPlace), 'Where files come from.', 'none: only requests run the service'),
  output: optional(list(filteredPlace), 'Where results go.', 'none: results are only in the answer'),
  storage_providers: optional(
    list(text),
    'Further providers (`<type>.<id>`) that the script uses by itself.',
    'those of inputs and outputs',
  ),
  environment: optional(environment, "The script's environment variables."),
  synchronous: optional(synchronous, 'Warm pods that answer requests.'),
  expose: optional(expose, 'The container is a server of its own, reached through the platform’s route.', 'not exposed'),
  volume: optional(volume, 'Persistent folder.', 'none'),
  mount: optional(object(place), "Folder of a bucket, mounted by the platform's `bucketMountDriver`.", 'none'),
  image_pull_secrets: optional(list(text), 'Secrets (type `kubernetes.io/dockerconfigjson`).', 'none'),
  image_prefetch: optional(flag, 'Keep the image on every node.', 'false'),
  file_stage_in: optional(flag, 'Leave the input where it is: `true` means that it is not downloaded.', 'false'),
  isolation_level: optional(choice(['service', 'user']), '`user`: each of `allowed_users` has a bucket of their own beside that of each input, `<bucket>-<user>`, where the same folders are read and written.', 'service'),
  visibility: optional(choice(['public', 'restricted', 'private']), 'Kept in the definition.', 'private'),
  allowed_users: optional(list(text), 'Who may use the service. Kept in the definition; with `isolation_level: user` they have buckets, and the names have to fit in those of buckets: lower-case letters, digits, `-` and `.`.', 'none'),
  vo: optional(text, 'Virtual organization; kept in the definition.', 'none'),
  annotations: optional(map(text), "On the service's pods.", 'none'),
  labels: optional(map(text), "On the service's pods.", 'none'),
  node_selector: optional(map(text), 'Labels of the nodes that pods may run on.', 'any node'),
  tolerations: optional(list(toleration), 'Taints that pods put up with.', 'none'),
  priority_class: optional(text, "The pods' priority class.", "the cluster's default class"),
  runtime_class: optional(text, "The pods' runtime class.", "the cluster's default class"),
  job: optional(job, 'Jobs that process files.'),
  timeout: optional(integer(1), 'Seconds that a request may take.', '300'),
  max_inflight: optional(integer(1), 'Scripts that run at the same time in one pod.', '1'),
  egress: optional(
    list(egress),
    'What the script may reach besides DNS, the store and the providers of inputs and outputs.',
    'nothing',
  ),
};

export const serviceSchema = object(serviceShape);
