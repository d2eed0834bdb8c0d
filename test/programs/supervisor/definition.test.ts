import { toYaml } from '../../../src/contract';
import { readDefinition } from '../../../src/programs/supervisor/definition';
import { InvocationError } from '../../../src/programs/supervisor/failure';
import { temporaryFolder } from './temporary';

const folder = temporaryFolder();

const read = (text: string) => {
  folder.write('function_config.yaml', text);
  return readDefinition(folder.path);
};

function failure(run: () => unknown): InvocationError {
  try {
    run();
  } catch (error) {
    return error as InvocationError;
  }
  throw new Error('it succeeded');
}

const DEFAULTS = {
  name: '',
  logLevel: 'INFO',
  fileStageIn: false,
  isolationLevel: 'service',
  input: [],
  output: [],
  providers: {},
  timeoutSeconds: 300,
  maxInflight: 1,
};

test.each([
  ['nothing at all', ''],
  ['comments', '# nothing\n'],
  ['an empty map', '{}'],
  ['null everywhere', ['log_level', 'input', 'output', 'storage_providers', 'invocation'].join(':\n') + ':\n'],
  ['empty words', 'log_level: ""\nisolation_level: ""\nfile_stage_in: ""\n'],
])('%s means defaults', (_, text) => expect(read(text)).toEqual(DEFAULTS));

test('ours, as synth writes it', () => {
  const minio = { default: { endpoint: 'http://minio:9000', region: 'us-east-1', verify: false } };
  const output = { storage_provider: 'minio.default', path: 'bucket/out', prefix: ['a'], suffix: ['.txt', '.png'] };
  const written = {
    name: 'cowsay',
    image: 'busybox',
    log_level: 'CRITICAL',
    file_stage_in: true,
    isolation_level: 'user',
    input: [{ storage_provider: 'minio.default', path: 'bucket/in', prefix: [], suffix: [] }],
    output: [output],
    storage_providers: { minio },
    invocation: { timeoutSeconds: 7, maxInflight: 3 },
  };
  expect(read(toYaml(written))).toEqual({
    name: 'cowsay',
    logLevel: 'CRITICAL',
    fileStageIn: true,
    isolationLevel: 'user',
    input: written.input,
    output: [output],
    providers: { minio },
    timeoutSeconds: 7,
    maxInflight: 3,
  });
});

test("upstream's, with what it doesn't know of left out", () => {
  const text = `
name: plants
log_level: debug
isolation_level: USER
file_stage_in: "true"
input:
- storage_provider: minio
  path: /plants/in/
output:
- storage_provider: Onedata.my.id
  path: out
  prefix: res
  suffix:
storage_providers:
  minio:
    default:
      endpoint: https://minio.example
      access_key: AKIA
      secret_key: wJalr
`;
  expect(read(text)).toEqual({
    ...DEFAULTS,
    name: 'plants',
    logLevel: 'DEBUG',
    isolationLevel: 'user',
    fileStageIn: true,
    input: [{ storage_provider: 'minio.default', path: 'plants/in', prefix: [], suffix: [] }],
    output: [{ storage_provider: 'onedata.my.id', path: 'out', prefix: ['res'], suffix: [] }],
    providers: { minio: { default: { endpoint: 'https://minio.example', access_key: 'AKIA', secret_key: 'wJalr' } } },
  });
});

test.each([
  ['true', true],
  ['yes', true],
  ['"On"', true],
  ['1', true],
  ['false', false],
  ['"FALSE"', false],
  ['"n"', false],
  ['0', false],
])('file_stage_in: %s', (text, flag) => expect(read(`file_stage_in: ${text}`).fileStageIn).toBe(flag));

test.each([
  ['- a list', 'the definition', 'a map'],
  ['just text', 'the definition', 'a map'],
  ['name: 7', '"name" is 7', 'text'],
  ['log_level: LOUD', '"log_level" is "LOUD"', 'NOTSET, DEBUG, INFO, WARNING, ERROR, CRITICAL'],
  ['log_level: 10', '"log_level" is 10', 'NOTSET'],
  ['isolation_level: none', '"isolation_level"', 'service, user'],
  ['file_stage_in: perhaps', '"file_stage_in" is "perhaps"', 'true, false'],
  ['file_stage_in: []', '"file_stage_in" is []', 'true, false'],
  ['file_stage_in: { toString: 0 }', '"file_stage_in" is {"toString":0}', 'true, false'],
  ['output: bucket/out', '"output" is "bucket/out"', 'a list'],
  ['output: [bucket/out]', '"output[0]" is "bucket/out"', 'a map'],
  ['output: [{}, {path: 3}]', '"output[1].path" is 3', 'text'],
  ['output: [{prefix: [a, 1]}]', '"output[0].prefix" is ["a",1]', 'text or a list of texts'],
  ['input: [{suffix: {}}]', '"input[0].suffix"', 'text or a list of texts'],
  ['invocation: 5', '"invocation" is 5', 'a map'],
  ['invocation: {timeoutSeconds: 0}', '"invocation.timeoutSeconds" is 0', 'a whole number above 0'],
  ['invocation: {timeoutSeconds: "5"}', '"invocation.timeoutSeconds" is "5"', 'a whole number above 0'],
  ['invocation: {maxInflight: 1.5}', '"invocation.maxInflight" is 1.5', 'a whole number above 0'],
  ['storage_providers: {minio: 3}', '"storage_providers.minio"', 'a map'],
  ['storage_providers: {s3: {x: []}}', '"storage_providers.s3.x"', 'a map'],
])('%s is refused', (text, problem, allowed) => {
  const { kind, message, exitCode } = failure(() => read(text));
  expect({ kind, exitCode }).toEqual({ kind: 'configuration', exitCode: 1 });
  expect(message).toContain(`${folder.path}/function_config.yaml: `);
  expect(message).toContain(problem);
  expect(message).toContain(`Allowed: ${allowed}`);
});

test('a file that is no YAML is told by its line, without what is written there', () => {
  const { kind, message } = failure(() => read('name: a\nsecret_key: "wJalr\n'));
  expect(kind).toBe('configuration');
  expect(message).toMatch(/function_config\.yaml is no YAML: .*\(line \d+\)$/);
  expect(message).not.toContain('wJalr');
});

test.each([
  ['secret_key: *SuperSecret123', 'unidentified alias'],
  ['secret_key: !SuperSecret123', 'unknown tag'],
  ['secret_key: !SuperSecret123 {a: b}', 'unknown tag'],
  ['secret_key: !SuperSecret123!a b', 'undeclared tag handle'],
  ['secret_key: !<SuperSecret123> b', 'unknown tag'],
  ['secret_key: !<SuperSecret123^> b', 'tag name cannot contain such characters'],
  ['secret_key: !SuperSecret123%zz b', 'tag name cannot contain such characters'],
  ['%TAG !a! SuperSecret123%zz\n--- a', 'ill-formed tag prefix (second argument) of the TAG directive'],
  ['secret_key: "SuperSecret123', 'unexpected end of the stream within a double quoted scalar'],
  ['SuperSecret123: 1\nSuperSecret123: 2', 'duplicated mapping key'],
])('%j: a reason that repeats nothing of it', (text, reason) => {
  const { kind, message } = failure(() => read(text));
  expect(kind).toBe('configuration');
  expect(message).toMatch(/function_config\.yaml is no YAML: [^:]+ \(line \d+\)$/);
  expect(message).toContain(`: ${reason} (line `);
  expect(message).not.toContain('SuperSecret');
});

test('a provider that is written wrong shows none of its secrets', () => {
  const { message } = failure(() => read('storage_providers: {minio: {default: [wJalr]}}'));
  expect(message).not.toContain('wJalr');
});

test('no file', () => {
  const { kind, message } = failure(() => readDefinition(folder.path));
  expect(kind).toBe('configuration');
  expect(message).toContain('it is not there. Fix:');
});

test('names that every object has are no fields', () => {
  expect(read('__proto__: {log_level: DEBUG}\n').logLevel).toBe('INFO');
  expect(read('storage_providers: {minio: {constructor: {endpoint: a}}}').providers.minio).toHaveProperty(
    'constructor',
    { endpoint: 'a' },
  );
});
