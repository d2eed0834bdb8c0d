import { folder, HEAD, load, refusal, warnings, WHOLE } from './files';
import { platform } from './platform';

const directory = folder();
const refused = (text: string | Buffer) => refusal(directory, { 'e.yaml': text });
const service = (name: string, more = '') => `  - name: ${name}\n    image: busybox\n    script: script.sh\n${more}`;

describe('a file that is no environment', () => {
  test.each<[string, string | Buffer, string]>([
    ['empty', '', 'e.yaml:1:1: the file is empty.'],
    ['only a comment', '# nothing', 'e.yaml:1:1: the file is empty.'],
    ['a list', '- a', 'e.yaml:1:1: the file does not hold a map.'],
    ['not text', Buffer.from([0xff, 0xfe, 0x00]), 'e.yaml: the file is not UTF-8 text.'],
    ['binary', 'a: \0', 'e.yaml:1:4: not valid YAML: null byte is not allowed in input.'],
    [
      'a tab',
      `${WHOLE}services:\n\t- a`,
      'e.yaml:6:1: not valid YAML: tab characters must not be used in indentation.',
    ],
    ['not YAML', `${WHOLE}a: b: c`, 'e.yaml:5:5: not valid YAML: bad indentation of a mapping entry.'],
    ['a key twice', `${WHOLE}name: other`, 'e.yaml:5:1: not valid YAML: duplicated mapping key.'],
    [
      'two documents',
      `${WHOLE}---\nname: other`,
      'e.yaml:5:1: not valid YAML: expected a single document in the stream, but found more.',
    ],
    [
      'itself inside',
      `${WHOLE}x: &x [*x]`,
      'e.yaml: the file is nested more than 100 levels deep, or contains itself.',
    ],
    ['more than any memory holds', laughs(9), 'e.yaml: the file stands for more than 5000000 values.'],
    [
      'another kind',
      'kind: Service',
      'e.yaml:1:7: kind: this is not an environment, got "Service". Allowed: Environment.',
    ],
    [
      'no version of the format',
      'kind: Environment',
      'e.yaml:1:1: apiVersion: the version of the format is missing. Allowed: oscar-cdk8s/v1.',
    ],
    [
      'an unknown version of the format',
      'apiVersion: oscar-cdk8s/v9\nkind: Environment',
      'e.yaml:1:13: apiVersion: this version of the format is unknown, got "oscar-cdk8s/v9". Allowed: oscar-cdk8s/v1.',
    ],
  ])('%s', (_, text, line) => expect(refused(text)).toEqual([line]));

  test('not there', () => {
    expect(refusal(directory, { 'e.yaml': `${HEAD}extends: gone.yaml` })).toEqual([
      'e.yaml:3:10: extends: the base is not usable, got "gone.yaml".',
      "gone.yaml: the file can't be read (it does not exist).",
    ]);
  });
});

function laughs(levels: number): string {
  const lines = Array.from(
    { length: levels },
    (_, i) =>
      `a${i}: &a${i} [${Array(10)
        .fill(i ? `*a${i - 1}` : 1)
        .join(',')}]`,
  );
  return `${WHOLE}${lines.join('\n')}`;
}

describe('a field', () => {
  test.each([
    [
      'unknown, like a known one',
      'plattform: {}',
      'e.yaml:5:1: plattform: there is no such field. Fix: write "platform", if that is what is meant.',
    ],
    [
      'unknown, like the services',
      'servces: []',
      'e.yaml:5:1: servces: there is no such field. Fix: write "services", if that is what is meant.',
    ],
    [
      'unknown, like none',
      'platform:\n  supervisor: { kind: perPod, xyz: 1 }',
      'e.yaml:6:31: platform.supervisor.xyz: there is no such field. Allowed: kind.',
    ],
    [
      'of the wrong type',
      'platform:\n  manager: { replicas: two }',
      'e.yaml:6:24: platform.manager.replicas: this value does not belong here, got "two". Allowed: a whole number of at least 1.',
    ],
    [
      'out of range',
      'platform: { minio: { pods: 3 } }',
      'e.yaml:5:28: platform.minio.pods: this value does not belong here, got "3". Allowed: a whole number from 4 to 32.',
    ],
    [
      'that YAML 1.1 took for a boolean',
      'platform: { networkPolicies: yes }',
      'e.yaml:5:30: platform.networkPolicies: this value does not belong here, got "yes". Allowed: true or false.',
    ],
    [
      'that is a map where text belongs',
      'platform: { name: { a: 1 } }',
      'e.yaml:5:13: platform.name: a map does not belong here. Allowed: text.',
    ],
    [
      'of an unknown kind',
      'platform: { minio: { kind: cloud } }',
      'e.yaml:5:28: platform.minio.kind: this value does not belong here, got "cloud". Allowed: a store with `kind`: standalone, distributed or external.',
    ],
    [
      'missing',
      'platform: { minio: { kind: external, secretName: s } }',
      'e.yaml:5:13: platform.minio.endpoint: it is missing. Allowed: text.',
    ],
    [
      'refused by what it is for',
      'kubernetesVersion: 1.20',
      'e.yaml:5:20: kubernetesVersion: not a Kubernetes version that can be rendered for, got "1.20". Allowed: 1.27 and later, as "1.N". Fix: name the minor version of the cluster, e.g. "1.34".',
    ],
    [
      'that would hold a secret',
      'storageProviders: { s3: { aws: { password: hush } } }',
      'e.yaml:5:34: storageProviders.s3.aws.password: there is no such field. Fix: put it in a Secret and name that in `secretName`.',
    ],
    [
      'that defines the platform’s own store',
      'storageProviders: { minio: { default: { region: x } } }',
      "e.yaml:5:30: storageProviders.minio.default: this is the platform's own store, which is not defined here. Fix: use `platform.minio`, or another id.",
    ],
  ])('%s', (_, text, line) => expect(refused(`${WHOLE}${text}`)).toEqual([line]));

  test('name and version have to fit a label', () => {
    expect(refused(`${HEAD}name: Test\nversion: 1+2\n`)).toEqual([
      'e.yaml:3:7: name: this value does not belong here, got "Test". Allowed: lower-case letters, digits and "-", at most 63.',
      'e.yaml:4:10: version: this value does not belong here, got "1+2". Allowed: what a label may hold: letters, digits, "-", "_", ".", at most 63, e.g. 1.4.0.',
    ]);
    expect(refused(HEAD)).toHaveLength(2);
  });
});

describe('services', () => {
  test.each([
    ['no list', 'services: { a: 1 }', 'e.yaml:5:1: services: this is not a list. Allowed: a list of services.'],
    [
      'no map',
      'services: [a]',
      'e.yaml:5:12: services[0]: this is not a service. Allowed: a map with `name` or `fdl`.',
    ],
    [
      'no name',
      'services:\n  - image: a',
      'e.yaml:6:5: services[0].name: the service has no name. Allowed: text, or `fdl` instead.',
    ],
    [
      'a name twice',
      `services:\n${service('a')}${service('a')}`,
      'e.yaml:9:11: service "a": name: two services have this name. Fix: rename one.',
    ],
    [
      'a typo',
      `services:\n${service('a', '    memroy: 1Gi')}`,
      'e.yaml:9:5: service "a": memroy: there is no such field. Fix: write "memory", if that is what is meant.',
    ],
    [
      'a typo of another spelling',
      `services:\n${service('a', '    expose: { prot: 80 }')}`,
      'e.yaml:9:15: service "a": expose.prot: there is no such field. Fix: write "port", if that is what is meant.',
    ],
    [
      'no script',
      'services:\n  - name: a\n    image: b',
      'e.yaml:6:5: service "a": script: it is missing. Allowed: text.',
    ],
    [
      'a script that is not there',
      'services: [{ name: a, image: b, script: x/gone.sh }]',
      'e.yaml:5:41: service "a": script: the script "x/gone.sh" is not there, got "x/gone.sh". Allowed: a path, relative to the environment file.',
    ],
    [
      'an unknown provider',
      `services:\n${service('a', '    output: [{ storage_provider: s3.awss, path: a }]\n')}storageProviders: { s3: { aws: {} } }`,
      'e.yaml:9:34: service "a": output[0].storage_provider: no storage provider "s3.awss" is defined. Allowed: one of: minio.default, s3.aws. Fix: write "s3.aws", if that is what is meant.',
    ],
    [
      'a provider without its Secret',
      `services:\n${service('a', '    output: [{ storage_provider: s3.aws, path: a }]\n')}storageProviders: { s3: { aws: { region: x } } }`,
      "e.yaml:10:27: secretName: it is missing. Allowed: text. Fix: name the Secret with its credentials in the environment's `storageProviders.s3.aws.secretName`.",
    ],
    [
      'a secret in plain text',
      `services:\n${service('a', '    environment: { secrets: { KEY: hush } }')}`,
      'e.yaml:9:36: service "a": environment.secrets.KEY: a secret may not stand here in plain text. Fix: put it in a Secret of the services\' namespace and write `KEY: { secretName: NAME, key: KEY }`.',
    ],
    [
      'a removal of what is not there',
      'services: [{ name: a, remove: true }]',
      'e.yaml:5:20: services[0].name: there is no service "a" to remove.',
    ],
  ])('%s', (_, text, line) => expect(refused(`${WHOLE}${text}`)).toEqual([line]));

  test('everything that is wrong is told at once, file by file and line by line', () => {
    const lines = refusal(directory, {
      'e.yaml': `${WHOLE}extends: b.yaml\nservices:\n  - name: a\n    cpu: [1]\n  - name: b\n    expose: { api_port: x }\n`,
      'b.yaml': `${HEAD}platform: { manager: { replicas: x } }\nservices:\n${service('a')}  - name: b\n`,
    });
    expect(lines.map((line) => line.split(': ')[0])).toEqual([
      'e.yaml:8:5',
      'e.yaml:9:5',
      'e.yaml:9:5',
      'e.yaml:10:25',
      'b.yaml:3:34',
    ]);
  });
});

describe('extends', () => {
  test('a chain of bases is laid together; paths are relative to the file that says them', () => {
    const environment = load(directory, {
      'e.yaml': `${WHOLE}extends: base/b.yaml\nplatform: { manager: { replicas: 3 } }\nservices:\n  - name: a\n    cpu: 2\n${service('c')}`,
      'base/b.yaml': `${HEAD}extends: c.yaml\nplatform: { manager: { idleSeconds: 5 } }\nservices:\n${service('a')}${service('b')}  - { name: z, remove: true }`,
      'base/c.yaml': `${HEAD}platform: { manager: { idleSeconds: 1, coldStartSeconds: 2 } }\nservices:\n${service('z')}`,
      'base/script.sh': 'echo base',
    });
    expect(environment.platformProps().manager).toEqual({ replicas: 3, idleSeconds: 5, coldStartSeconds: 2 });
    expect(environment.serviceNames).toEqual(['a', 'b', 'c']);
  });
  test('a ring is refused where it closes', () => {
    expect(refusal(directory, { 'e.yaml': `${HEAD}extends: f.yaml`, 'f.yaml': `${HEAD}extends: ./e.yaml` })).toEqual([
      'f.yaml:3:10: extends: the environment extends itself, got "./e.yaml".',
    ]);
  });
  test('an old kind’s field is named where the base says it', () => {
    expect(
      refusal(directory, {
        'e.yaml': `${WHOLE}extends: f.yaml\nplatform: { supervisor: { kind: perPod } }`,
        'f.yaml': `${HEAD}platform:\n  supervisor: { kind: shared, size: 1Gi }`,
      }),
    ).toEqual(['f.yaml:4:31: platform.supervisor.size: there is no such field. Allowed: kind.']);
  });
});

describe('a short `ttl`', () => {
  const input = (provider: string) => `    input: [{ ${provider}path: in }]\n`;
  const s3 = 'storageProviders: { s3: { aws: { region: r, secretName: s } } }\n';
  const loaded = (more: string, options = {}) =>
    load(directory, { 'e.yaml': `${WHOLE}${s3}services:\n${service('a', more)}` }, options);
  const line =
    'e.yaml:11:17: warning: service "a": job.ttl: a Job that failed may be removed before the sweep has seen it, which ' +
    'then runs the file again, each time, got 899. Allowed: 900 or more for a service with inputs in the ' +
    "platform's store. Fix: write 900 (three times the sweep's interval, where it has another schedule), or leave `ttl` out: it is a day then.";

  test('is a warning where files come from the store, and an error when strict', () => {
    const text = `${input('')}    job: { ttl: 899 }\n`;
    expect(warnings(directory, loaded(text))).toEqual([line]);
    expect(loaded(text).serviceProps('a', platform).job).toEqual({ ttlSeconds: 899 });
    expect(() => loaded(text, { strict: true })).toThrow('each time, got 899.');
  });

  test.each([
    ['0 is the extreme', `${input('')}    job: { ttl: 0 }\n`, 1],
    ['the store is named', `${input('storage_provider: minio, ')}    job: { ttl: 1 }\n`, 1],
    ['it is long enough', `${input('')}    job: { ttl: 900 }\n`, 0],
    ['it is left out', `${input('')}    job: { retries: 1 }\n`, 0],
    ['no job is described', input(''), 0],
    ['there are no inputs, so nothing is swept', '    job: { ttl: 0 }\n', 0],
    ['inputs are not in the store', `${input('storage_provider: s3.aws, ')}    job: { ttl: 0 }\n`, 0],
  ])('%s', (_, more, count) => expect(warnings(directory, loaded(more))).toHaveLength(count));
});

test('its files are all that it is made of, each once, as the user would type them', () => {
  const fdl = 'functions:\n  oscar:\n    - a: { name: three, image: busybox, script: three.sh }\n';
  const environment = load(directory, {
    'e.yaml': `${WHOLE}extends: base/base.yaml\nservices:\n${service('one')}  - fdl: fdl/three.yaml\n`,
    'base/base.yaml': `${HEAD}services:\n${service('two')}${service('one')}`,
    'base/script.sh': 'echo\n',
    'fdl/three.yaml': fdl,
    'fdl/three.sh': 'echo\n',
  });
  const files = environment.files().map((file) => file.replace(`${directory}/`, ''));
  expect(files.sort()).toEqual([
    'base/base.yaml',
    'base/script.sh',
    'e.yaml',
    'fdl/three.sh',
    'fdl/three.yaml',
    'script.sh',
  ]);
});
