import { folder, HEAD, load, refusal, warnings, WHOLE } from './files';
import { platform } from './platform';

const directory = folder();
/** A function with `more` in it, in a file of its own, named `f`. */
const functionWith = (more: string) =>
  `functions:\n  oscar:\n  - cluster:\n      name: f\n      image: busybox\n      script: script.sh\n${more
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n')}\n`;
const files = (fdl: string, beside = '') => ({
  'e.yaml': `${WHOLE}services:\n  - fdl: f.yaml\n${beside}`,
  'f.yaml': fdl,
});
const loaded = (fdl: string, beside = '') => load(directory, files(fdl, beside));
const props = (fdl: string, beside = '') => loaded(fdl, beside).serviceProps('f', platform);

describe('what is found in the wild', () => {
  test.each([
    ['a tab behind a value, and CRLF', 'log_level: CRITICAL\t\t\r', { logLevel: 'CRITICAL' }],
    ['`Variables`', 'environment:\n  Variables:\n    A: x', { environment: { A: 'x' } }],
    [
      'both spellings',
      'environment:\n  Variables: { A: x, B: y }\n  variables: { A: z }',
      { environment: { A: 'z', B: 'y' } },
    ],
    ['an empty list', 'allowed_users: []', { allowedUsers: [] }],
    ['a list that is empty behind the colon', 'allowed_users:', {}],
    ['a number for CPU', 'cpu: 1.0', { cpu: '1.0' }],
    ['a number for memory', 'memory: 1024', { memory: '1024' }],
    ['totals of all Jobs', 'total_cpu: 2\ntotal_memory: 4Gi', { totalCpu: '2', totalMemory: '4Gi' }],
    ['empty totals', 'total_cpu: ""\ntotal_memory: ""', {}],
    [
      'numbers and booleans in variables',
      'environment: { variables: { V: 1.10, ON: true, N: 0x1F, E: "", Q: "null" } }',
      { environment: { V: '1.10', ON: 'true', N: '0x1F', E: '', Q: 'null' } },
    ],
    ['a boolean as text', 'image_prefetch: "true"', { imagePrefetch: true }],
    ['upper and lower case', 'isolation_level: USER\nlog_level: debug', { isolationLevel: 'user', logLevel: 'DEBUG' }],
    ['`api_port` as a number', 'expose: { api_port: 80 }', { expose: { ports: [80] } }],
    ['`api_port` as a list', 'expose: { api_port: [80, "81"] }', { expose: { ports: [80, 81] } }],
    ['`port`', 'expose: { port: 80 }', { expose: { ports: [80] } }],
    ['port 0', 'expose: { api_port: 0 }', {}],
    ['node port 0', 'expose: { api_port: 1, nodePort: 0 }', { expose: { ports: [1] } }],
    ['no limit of pods', 'synchronous: { min_scale: 0, max_scale: 0 }', { synchronous: { minScale: 0 } }],
    ['`enable_gpu`', 'enable_gpu: true', { gpu: 1 }],
    [
      'anchors and merge keys',
      'labels: &l { a: b }\nannotations:\n  <<: *l\n  c: d',
      { labels: { a: 'b' }, annotations: { a: 'b', c: 'd' } },
    ],
  ])('%s', (_, text, expected) => {
    const environment = loaded(functionWith(text));
    expect(environment.warnings).toEqual([]);
    const { script, ...rest } = environment.serviceProps('f', platform);
    expect(script.read('f')).toBe('echo done\n');
    expect(rest).toEqual({ platform, name: 'f', image: 'busybox', ...expected });
  });

  test.each([
    ['no id', 'minio'],
    ['an id', 'minio.default'],
    ['nothing', ''],
  ])('the platform’s own store by %s; prefixes as text or list', (_, name) => {
    const text = `input:\n- storage_provider: ${name}\n  path: a/in\n  prefix: x\n  suffix: [y, z]`;
    const [input] = props(functionWith(text)).inputs!;
    expect(input).toMatchObject({ path: 'a/in', prefix: ['x'], suffix: ['y', 'z'] });
    expect(input!.provider).toBe(platform.store);
  });

  test.each([
    ['an empty text', "''"],
    ['a list of it', "['']"],
    ['it among others', "['', x]"],
  ])('a filter of %s lets every file through, as in OSCAR', (_, filter) => {
    const binding = `[{ path: a/in, prefix: ${filter}, suffix: ${filter} }]`;
    const { inputs, outputs } = props(functionWith(`input: ${binding}\noutput: ${binding}`));
    for (const [place] of [inputs!, outputs!]) expect(Object.keys(place!)).toEqual(['provider', 'path']);
  });

  test('several functions in a file, in one or more entries', () => {
    const one = (name: string) => `      name: ${name}\n      image: i\n      script: script.sh\n`;
    const text = `functions:\n  oscar:\n  - x:\n${one('a')}    y:\n${one('b')}  - x:\n${one('c')}`;
    expect(loaded(text).serviceNames).toEqual(['a', 'b', 'c']);
  });

  test('buckets that it names are made; those that the environment declares stay as declared', () => {
    const fdl = functionWith(
      'input: [{ path: in/x }]\noutput: [{ storage_provider: minio.default, path: /out }, { storage_provider: s3.a, path: no }]\nmount: { path: mounted }',
    );
    const own =
      'storageProviders: { s3: { a: { region: x, secretName: s } } }\nbuckets: { in: { versioning: true } }\n';
    expect(loaded(fdl, own).platformProps().buckets).toEqual({ in: { versioning: true }, out: {}, mounted: {} });
  });
  test('a service of the environment makes no bucket, nor does a path laid over the file’s', () => {
    const inline = '  - { name: g, image: i, script: script.sh, input: [{ path: typo }] }\n';
    const environment = loaded(functionWith('input: [{ path: in }]'), `    input: [{ path: other }]\n${inline}`);
    expect(environment.platformProps().buckets).toEqual({});
  });
});

describe('fields that do nothing here', () => {
  test.each([
    ['alpine', 'alpine: true', 'the supervisor brings its own libraries and runs in every image'],
    ['kserve', 'kserve: { type: inference }', 'models are not served through KServe here'],
    ['token', 'token: hush', 'each service has a token of its own, made in the cluster'],
  ])('%s is a warning, and an error when strict', (field, text, reason) => {
    const line = `f.yaml:7:7: warning: service "f": ${field}: it does nothing here: ${reason}. Fix: leave it out.`;
    expect(warnings(directory, loaded(functionWith(text)))).toEqual([line]);
    expect(refusal(directory, files(functionWith(text)), { strict: true })).toEqual([line.replace('warning: ', '')]);
  });
  test.each([
    'cluster_id: x',
    'clusters: {}',
    'delegation: static',
    'federation: {}',
    'interlink_node_name: x',
    'replicas: []',
    'rescheduler_threshold: 1',
    'enable_sgx: true',
    'ephemeral_storage_request: 1Gi',
    'owner: x',
    'bucket_list: []',
    'namespace: x',
    'volume_status: {}',
    'expose: { api_port: 1, auth_type: basic }',
    'expose: { api_port: 1, probe_mode: direct }',
    'volume: { size: 1Gi, mount_path: /a, lifecycle_policy: retain }',
  ])('%s', (text) => {
    expect(warnings(directory, loaded(functionWith(text)))).toEqual([expect.stringContaining('it does nothing here')]);
  });
  test('a field that nobody knows is named, with the nearest one', () => {
    expect(warnings(directory, loaded(functionWith('imgae: x\nexpose: { api_port: 1, xyz: 1 }')))).toEqual([
      'f.yaml:7:7: warning: service "f": imgae: there is no such field, and it is ignored. Fix: write "image", if that is what is meant.',
      expect.stringContaining(
        'f.yaml:8:30: warning: service "f": expose.xyz: there is no such field, and it is ignored.',
      ),
    ]);
  });
  test('`expose` without a port exposes nothing, and says so', () => {
    const environment = loaded(functionWith('expose: { min_scale: 1 }'));
    expect(warnings(directory, environment)[0]).toContain('f.yaml:7:7: warning: service "f": expose.api_port');
    expect(environment.serviceProps('f', platform).expose).toBeUndefined();
  });
  test('what stands beside the functions', () => {
    const text = `${functionWith('')}clusters: {}\nfuncions: {}\nstorage_providers: { rucio: { a: {} } }\n`;
    expect(warnings(directory, loaded(text)).map((line) => line.split('. ')[0])).toEqual([
      'f.yaml:8:1: warning: clusters: it does nothing here: an environment is one platform on one cluster, and services are not delegated to others',
      'f.yaml:9:1: warning: funcions: there is no such field, and it is ignored',
      'f.yaml:10:22: warning: storage_providers.rucio: there is no such storage provider, and it is ignored',
    ]);
  });
});

describe('what is refused', () => {
  test.each([
    ['no functions', 'functions: {}', 'f.yaml:1:1: functions.oscar: no functions are listed here. Allowed: a list.'],
    [
      'an entry that is no map',
      'functions: { oscar: [a] }',
      'f.yaml:1:22: functions.oscar[0]: this is not a function. Allowed: a map from a cluster to a service.',
    ],
    [
      'a service that is no map',
      'functions: { oscar: [{ a: b }] }',
      'f.yaml:1:27: functions.oscar[0].a: this is not a service. Allowed: a map with name, image, script ….',
    ],
    [
      'no name',
      'functions: { oscar: [{ a: { image: b } }] }',
      'f.yaml:1:24: functions.oscar[0].a.name: the function has no name. Allowed: text.',
    ],
    [
      'a script that is not there',
      functionWith('').replace('script.sh', 'gone.sh'),
      'f.yaml:6:15: service "f": script: the script "gone.sh" is not there, got "gone.sh". Allowed: a path, relative to the FDL file. Fix: put the script there, or name another beside `fdl` in the environment: `script: PATH`.',
    ],
    [
      'a secret variable in plain text',
      functionWith('environment:\n  secrets:\n    KEY: hush'),
      'f.yaml:9:16: service "f": environment.secrets.KEY: a secret may not stand here in plain text. Fix: put it in a Secret of the services\' namespace and write `KEY: { secretName: NAME, key: KEY }`.',
    ],
    [
      'a provider’s password in plain text',
      `${functionWith('')}storage_providers:\n  webdav:\n    d: { hostname: h, password: hush }`,
      "f.yaml:10:23: storage_providers.webdav.d.password: a secret may not stand here in plain text. Fix: put it in a Secret of the services' namespace and name that in the environment's `storageProviders.webdav.d.secretName`.",
    ],
    [
      'keys of the platform’s own store',
      `${functionWith('')}storage_providers:\n  minio:\n    default: { secret_key: hush }`,
      'f.yaml:10:16: storage_providers.minio.default.secret_key: a secret may not stand here in plain text. Fix: leave it out: each service has keys of its own for the platform’s store.',
    ],
  ])('%s', (_, text, line) => {
    const lines = refusal(directory, files(text));
    expect(lines).toEqual([line]);
    expect(lines.join()).not.toContain('hush');
  });
  test('a name that the environment has as well', () => {
    const beside = '  - { name: f, image: i, script: script.sh }\n';
    expect(refusal(directory, files(functionWith(''), beside))).toEqual([
      'e.yaml:7:13: service "f": name: two services have this name. Fix: rename one.',
    ]);
  });
  test('fields for a function that the file does not have', () => {
    expect(refusal(directory, files(functionWith(''), '    services: { g: {} }'))).toEqual([
      "e.yaml:7:17: services[0].services.g: the FDL file has no such function. Allowed: a map from the functions' names (f) to fields.",
    ]);
  });
});

describe('fields of the environment', () => {
  test('are laid over each function, and those for one function over these', () => {
    const result = props(
      functionWith('cpu: 1\nmemory: 1Gi\nvo: x'),
      '    cpu: 2\n    memory: 2Gi\n    vo: null\n    services: { f: { memory: 3Gi } }\n',
    );
    expect(result).toMatchObject({ cpu: '2', memory: '3Gi' });
    expect(result.vo).toBeUndefined();
  });
  test('of an overlay are laid over the base’s FDL file; the script is found where it is named', () => {
    const environment = load(directory, {
      'e.yaml': `${WHOLE}extends: base/b.yaml\nservices: [{ name: f, cpu: 3, script: mine.sh }]`,
      'mine.sh': 'echo mine',
      'base/b.yaml': `${HEAD}services: [{ fdl: fdl/f.yaml, script: ../script.sh }]`,
      'base/fdl/f.yaml': functionWith('memory: 9Gi'),
    });
    const result = environment.serviceProps('f', platform);
    expect(result).toMatchObject({ cpu: '3', memory: '9Gi' });
    expect(result.script.read('f')).toBe('echo mine');
  });
  test('a Secret’s reference takes the place of a value, which is a warning', () => {
    const environment = loaded(
      functionWith('environment: { secrets: { KEY: hush } }'),
      '    environment: { secrets: { KEY: { secretName: s, key: k } } }\n',
    );
    expect(environment.serviceProps('f', platform).secretEnvironment).toEqual({ KEY: { secretName: 's', key: 'k' } });
    expect(warnings(directory, environment)).toEqual([
      'f.yaml:7:33: warning: service "f": environment.secrets.KEY: it is ignored: the value comes from a Secret.',
    ]);
  });
  test('a provider is public in the file and secret in the environment', () => {
    const environment = loaded(
      `${functionWith('output: [{ storage_provider: webdav.d, path: a }]')}storage_providers:\n  webdav:\n    d: { hostname: h, login: l, password: hush }`,
      'storageProviders: { webdav: { d: { secretName: s } } }\n',
    );
    const [output] = environment.serviceProps('f', platform).outputs!;
    expect(output!.provider).toMatchObject({
      name: 'webdav.d',
      settings: { hostname: 'h', login: 'l' },
      secretName: 's',
    });
    expect(warnings(directory, environment)).toEqual([
      'f.yaml:10:33: warning: storage_providers.webdav.d.password: "password" is ignored: it comes from a Secret.',
    ]);
  });
});
