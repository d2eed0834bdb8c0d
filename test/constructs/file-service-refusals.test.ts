import { FileService } from '../../src/constructs/file-service';
import { Script } from '../../src/constructs/script';
import { jobName, SERVICE_NAME_MAX } from '../../src/contract';
import { chart, platform, propsOf, refusal, synthesize } from './service-fixture';

type Given = Parameters<typeof synthesize>[0];
const webPlatform = () => platform({ route: { kind: 'ingress', host: 'oscar.example.org', className: 'nginx' } });

const APPARMOR = 'container.apparmor.security.beta.kubernetes.io';
const SECCOMP = 'seccomp.security.alpha.kubernetes.io';
const ONE_NODE = { mountPath: '/data', size: '1Gi', accessMode: 'ReadWriteOnce' } as const;

/** What is given, the field that the message names, and words of the problem. */
test.each<[Given, string, string]>([
  [{ name: 'Cow_Say' }, 'name', 'for example "cow-say"'],
  [{ name: 'a'.repeat(40) }, 'name', 'at most 39 characters'],
  [{ image: 'not an image' }, 'image', 'not an image reference'],
  [{ cpu: '1 core' }, 'cpu', 'not a quantity'],
  [{ memory: '512m' }, 'memory', 'less than one MiB'],
  [{ ephemeralStorage: '1' }, 'ephemeral_storage', 'less than one MiB'],
  [{ gpu: 0.5 }, 'gpu', 'whole numbers'],
  [{ synchronous: { minScale: -1 } }, 'synchronous.min_scale', 'whole numbers'],
  [{ synchronous: { minScale: 3, maxScale: 2 } }, 'synchronous.max_scale', 'from 3'],
  [{ synchronous: { maxScale: 0 } }, 'synchronous.max_scale', 'from 1'],
  [{ synchronous: { cpuThreshold: 101 } }, 'synchronous.cpu_threshold', 'percent'],
  [{ job: { retries: -1 } }, 'job.retries', 'whole numbers'],
  [{ job: { deadlineSeconds: 0 } }, 'job.deadline', 'seconds'],
  [{ job: { ttlSeconds: 2 ** 31 } }, 'job.ttl', 'seconds'],
  [{ job: { concurrency: 0 } }, 'job.concurrency', 'whole numbers from 1'],
  [{ job: { concurrency: 1.5 } }, 'job.concurrency', '(Jobs)'],
  [{ totalCpu: 'two' }, 'total_cpu', 'not a quantity'],
  [{ totalMemory: '512m' }, 'total_memory', 'less than one MiB'],
  [{ cpu: '1.5', totalCpu: '1499m' }, 'total_cpu', 'not enough for one Job'],
  [{ totalMemory: '255Mi' }, 'total_memory', '"256Mi"'],
  [{ invocation: { timeoutSeconds: 0 } }, 'timeout', 'seconds'],
  [{ invocation: { maxInflight: 0 } }, 'max_inflight', 'whole numbers'],
  [{ environment: { '1A': '' } }, 'environment.variables.1A', 'not a name that an environment variable can have'],
  [{ environment: { EVENT: 'x' } }, 'environment.variables.EVENT', 'OSCAR itself sets'],
  [{ environment: { A: 'a\0b' } }, 'environment.variables.A', 'NUL'],
  [{ secretEnvironment: { 'A-B': { secretName: 'a', key: 'b' } } }, 'environment.secrets.A-B', 'environment variable'],
  [{ secretEnvironment: { A: { secretName: 'A', key: 'b' } } }, 'environment.secrets.A.secretName', 'not a name'],
  [{ secretEnvironment: { A: { secretName: 'a', key: 'b c' } } }, 'environment.secrets.A.key', 'not a key'],
  [{ secretEnvironment: { OSCAR_SERVICE_TOKEN: { secretName: 'a', key: 'b' } } }, 'environment.secrets', 'itself sets'],
  [
    { environment: { A: 'x' }, secretEnvironment: { A: { secretName: 'a', key: 'b' } } },
    'environment.secrets.A',
    'plain and secret at once',
  ],
  [{ labels: { 'a b': 'c' } }, 'labels.a b', 'not a key'],
  [{ labels: { a: 'b c' } }, 'labels.a', 'not a label value'],
  [{ labels: { oscar_service: 'x' } }, 'labels.oscar_service', 'this key is ours'],
  [{ labels: { 'app.kubernetes.io/name': 'x' } }, 'labels.app.kubernetes.io/name', 'this key is ours'],
  [{ annotations: { 'oscar-cdk8s/config-hash': 'x' } }, 'annotations.oscar-cdk8s/config-hash', 'this key is ours'],
  [{ labels: { 'job-name': 'x' } }, 'labels.job-name', "Kubernetes' own"],
  [{ labels: { 'controller-uid': 'x' } }, 'labels.controller-uid', "Kubernetes' own"],
  [{ labels: { 'pod-template-hash': 'x' } }, 'labels.pod-template-hash', "Kubernetes' own"],
  [{ labels: { 'batch.kubernetes.io/job-name': 'x' } }, 'labels.batch.kubernetes.io/job-name', "Kubernetes' own"],
  [{ annotations: { [`${APPARMOR}/oscar-container`]: 'unconfined' } }, `annotations.${APPARMOR}`, 'baseline'],
  [{ annotations: { [`${APPARMOR}/main`]: 'runtime/default' } }, `annotations.${APPARMOR}`, "don't have"],
  [{ annotations: { [`${SECCOMP}/pod`]: 'unconfined' } }, `annotations.${SECCOMP}`, 'baseline'],
  [{ annotations: { [`container.${SECCOMP}/oscar-container`]: 'x' } }, `annotations.container.${SECCOMP}`, 'baseline'],
  [{ annotations: { 'a b': 'x' } }, 'annotations.a b', 'not a key'],
  [{ nodeSelector: { gpu: 'a b' } }, 'node_selector.gpu', 'not a label value'],
  [{ tolerations: [{ operator: 'Exists', value: 'x', key: 'a' }] }, 'tolerations[0]', 'leave out the value'],
  [{ tolerations: [{}] }, 'tolerations[0]', 'operator: Exists'],
  [{ tolerations: [{ key: 'a b', operator: 'Exists' }] }, 'tolerations[0]', 'not a key'],
  [{ tolerations: [{ operator: 'Exists', tolerationSeconds: 5 }] }, 'tolerations[0]', 'NoExecute'],
  [{ priorityClassName: 'A' }, 'priority_class', 'not a name'],
  [{ runtimeClassName: 'A' }, 'runtime_class', 'not a name'],
  [{ imagePullSecrets: ['ok', 'A'] }, 'image_pull_secrets[1]', 'not a name'],
  [{ volume: { mountPath: '/data' } }, 'volume', 'neither a size'],
  [{ volume: { mountPath: 'data', size: '1Gi' } }, 'volume.mount_path', 'an absolute path'],
  [{ volume: { mountPath: '/oscar/bin', size: '1Gi' } }, 'volume.mount_path', 'would hide /oscar/bin'],
  [{ volume: { mountPath: '/oscar/work', size: '1Gi' } }, 'volume.mount_path', 'would hide /oscar/work'],
  [{ volume: { mountPath: '/data', size: '1' } }, 'volume.size', 'less than one MiB'],
  [{ volume: { mountPath: '/data', name: 'A' } }, 'volume.name', 'not a name'],
  [{ volume: { mountPath: '/data', size: '1Gi', storageClassName: 'A' } }, 'volume.storage_class', 'not a name'],
  [{ volume: { mountPath: '/data', name: 'oscar-supervisor' } }, 'volume.name', "a volume of the platform's own"],
  [{ volume: { mountPath: '/data', name: 'oscar-supervisor-0a1b' } }, 'volume.name', "a volume of the platform's own"],
  [{ volume: { mountPath: '/data', name: 'data-oscar-minio-0' } }, 'volume.name', "a volume of the platform's own"],
  [
    { name: 'oscar-supervisor', volume: { mountPath: '/data', size: '1Gi' } },
    'volume.name',
    'name the volume otherwise',
  ],
  [{ volume: ONE_NODE, synchronous: { maxScale: 2 } }, 'volume.access_mode', 'up to 2 warm pods'],
  [{ volume: ONE_NODE, synchronous: { minScale: 2, maxScale: 2 } }, 'volume.access_mode', 'up to 2 warm pods'],
  [
    { platform: webPlatform(), volume: ONE_NODE, expose: { ports: [80] } },
    'volume.access_mode',
    '`expose.max_scale: 1`',
  ],
  [{ egress: [{ cidr: '10.0.0.1' }] }, 'egress[0].cidr', 'not a network'],
  [{ egress: [{ cidr: '::/0', ports: [1, 0] }] }, 'egress[0].ports[1]', 'TCP ports'],
  [{ expose: { ports: [80] } }, 'expose', 'no route'],
  [{ platform: webPlatform(), expose: { ports: [] } }, 'expose.api_port', 'one TCP port or more'],
  [{ platform: webPlatform(), expose: { ports: [80, 80] } }, 'expose.api_port', 'each once'],
  [{ platform: webPlatform(), expose: { ports: [0] } }, 'expose.api_port[0]', 'TCP ports'],
  [{ platform: webPlatform(), expose: { ports: [80], minScale: 0 } }, 'expose.min_scale', 'from 1'],
  [{ platform: webPlatform(), expose: { ports: [80], nodePort: 80 } }, 'expose.nodePort', 'node ports'],
  [{ platform: webPlatform(), expose: { ports: [80], healthPath: 'x' } }, 'expose.health_path', 'begins with "/"'],
  [{ script: Script.fromFile('/nowhere/script.sh') }, 'script', 'there is no such script'],
  [{ script: Script.inline(' ') }, 'script', 'is empty'],
])('%j is refused at %s', (given, field, problem) => {
  const message = refusal(() => synthesize(given));
  expect(message).toContain(`service "${given!.name ?? 'cowsay'}": ${field}`);
  expect(message).toContain(problem);
  expect(message).toContain(' Fix: ');
});

test.each<Given>([
  { volume: ONE_NODE },
  { platform: webPlatform(), volume: ONE_NODE, expose: { ports: [80], maxScale: 1 } },
  { annotations: { [`${APPARMOR}/oscar-container`]: 'runtime/default', [`${SECCOMP}/pod`]: 'localhost/a.json' } },
  { labels: { 'example.org/job-name': 'x' }, annotations: { 'job-name': 'x' } },
])('%j is taken', (given) => {
  expect(() => synthesize(given)).not.toThrow();
});

test('the name that a Job gets stays one that Kubernetes takes, with its pods’ endings', () => {
  const service = 'a'.repeat(SERVICE_NAME_MAX);
  const job = jobName(service, { bucket: 'b', key: 'k', modified: 0 });
  expect(job.length + '-abcde'.length).toBeLessThanOrEqual(63 + '-abcde'.length);
  expect(job).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
  expect(job.length).toBeLessThanOrEqual(63);
});

test('two services of one name', () => {
  const on = platform();
  const scope = chart();
  new FileService(scope, 'a', propsOf({ platform: on, name: 'cowsay' }));
  expect(refusal(() => new FileService(scope, 'b', propsOf({ platform: on, name: 'cowsay' })))).toContain(
    'service "cowsay": name: two services have this name',
  );
});

test('two services of one node port, or of one volume', () => {
  const on = webPlatform();
  const scope = chart();
  const add = (name: string, more: Given) => new FileService(scope, name, propsOf({ platform: on, ...more }));
  const expose = { ports: [80], nodePort: 30080 };
  const volume = { name: 'models', mountPath: '/models' };
  add('a', { expose, volume: { ...volume, size: '1Gi' } });
  expect(refusal(() => add('b', { expose }))).toContain('service "b": expose.nodePort: the service "a" has this port');
  expect(refusal(() => add('c', { volume: { ...volume, size: '1Gi' } }))).toContain('the service "a" makes a volume');
  expect(() => add('d', { volume })).not.toThrow();
});

test('an undeclared bucket, at construction and at a later binding', () => {
  const on = platform();
  expect(refusal(() => synthesize({ platform: on, inputs: [on.store.path('foto/in')] }))).toContain(
    'service "cowsay": input[0].path: no bucket "foto" is declared',
  );
  const service = new FileService(chart(), 'other', propsOf({ platform: on }));
  expect(refusal(() => service.writesTo(on.store.path('foto/out')))).toContain('service "other": output[0].path');
});

test('an output that would trigger the service itself', () => {
  const on = platform();
  const message = refusal(() =>
    synthesize({ platform: on, inputs: [on.store.path('photos/in')], outputs: [on.store.path('photos/in/done')] }),
  );
  expect(message).toContain('service "cowsay": output[0].path: its output would trigger itself');
});

describe('the script and the definition have to fit a ConfigMap', () => {
  const large = Script.inline('#'.repeat(1048576 - 1500));

  test('a script that fills it leaves no room', () => {
    const message = refusal(() => synthesize({ script: Script.inline('#'.repeat(1048576)) }));
    expect(message).toContain(
      'service "cowsay": script: the script and the definition are more than a ConfigMap holds',
    );
    expect(message).toContain('at most 1048576 bytes together');
  });

  test('bindings that are added later count', () => {
    const on = platform();
    const service = new FileService(chart(), 'cowsay', propsOf({ platform: on, script: large }));
    const suffix = Array.from({ length: 100 }, (_, i) => `.suffix-${i}`);
    expect(refusal(() => service.onUpload(on.store.path('photos/in'), { suffix }))).toContain(
      'more than a ConfigMap holds',
    );
  });
});
