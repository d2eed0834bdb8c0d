import { refusal, synthesize } from './service-fixture';

const basic = `Basic ${Buffer.from('me:hunter2').toString('base64')}`;
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJlLWh1bnRlcjI';
const github = `ghp_${'hunter2'.repeat(6)}`;

/** Refused under any name. */
const VALUES = [
  'postgres://me:hunter2@db:5432/x',
  'https://me:hunter2@x',
  '-----BEGIN RSA PRIVATE KEY-----\nhunter2',
  '-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2',
  github,
  `gho_${'hunter2'.repeat(6)}`,
  `github_pat_${'hunter2'.repeat(6)}`,
  `glpat-${'hunter2'.repeat(3)}`,
  `xoxb-1234-${'hunter2'.repeat(3)}`,
  'AKIAHUNTER2HUNTER2AB',
  jwt,
  `{"auth": "${jwt}"}`,
  'Bearer hunter2hunter2',
  'Authorization: bearer hunter2hunter2',
  basic,
  `Authorization: ${basic}`,
];

test.each([
  ...['DB_PASSWORD', 'dbPassword', 'PGPASSWORD', 'DB_PASS', 'dbPass', 'PASS', 'MYSQL_PWD', 'mysqlPwd', 'GITHUB_PAT'],
  ...[
    'API_KEY',
    'APIKEY',
    'API_KEY_2',
    'AWS_SECRET_ACCESS_KEY',
    'HF_TOKEN',
    'token',
    'TOKEN2',
    'TOKEN_2',
    'CLIENT_SECRET',
  ],
  ...['SECRET_TOKEN_VALUE', 'secretTokenValue', 'PASSWORD_VALUE_1', 'GOOGLE_CREDENTIALS'],
])('a variable %s is refused, its value untold', (name) => {
  const message = refusal(() => synthesize({ environment: { [name]: 'hunter2' } }));
  expect(message).toContain(`service "cowsay": environment.variables.${name}: looks like a secret in plain text`);
  expect(message).toContain(`environment.secrets.${name}: { secretName, key }`);
  expect(message).not.toContain('hunter2');
});

test.each(VALUES)('%j is refused under any name, in a variable and an annotation', (value) => {
  const variable = refusal(() => synthesize({ environment: { NAME: value } }));
  expect(variable).toContain('environment.variables.NAME: looks like a secret');
  const annotation = refusal(() => synthesize({ annotations: { 'example.org/note': value } }));
  expect(annotation).toContain('service "cowsay": annotations.example.org/note: looks like a secret');
  for (const message of [variable, annotation]) expect(message).not.toMatch(/hunter/i);
});

test('a label that is a token', () => {
  expect(refusal(() => synthesize({ labels: { note: github } }))).toContain('labels.note: looks like a secret');
});

test.each([
  ['TOKENIZER_PATH', 'gpt2'],
  ['MAX_TOKENS', '100'],
  ['TOKEN_LIMIT', '100'],
  ['AWS_ACCESS_KEY_ID', 'AKIA'],
  ['DB_PASSWORD_FILE', 'db'],
  ['DB_PASSWORD', '/run/secrets/db'],
  ['TOKEN', 'https://auth.example.org/token'],
  ['USE_API_KEY', 'false'],
  ['PASSWORD', ''],
  ['KEYBOARD', 'us'],
  ['PWD', 'here'],
  ['OLDPWD', 'there'],
  ['PASS_THROUGH', 'yes'],
  ['COMPASS', 'north'],
  ['PATH', '/usr/bin:/bin'],
  ['LD_LIBRARY_PATH', '/a:/b'],
  ['PATTERN', '*.jpg'],
  ['INPUT_PATTERN', '^gh[a-z]_x'],
  ['PATIENCE', '3'],
  ['AUTH_MODE', 'Bearer'],
  ['AUTH_HELP', 'Bearer authentication'],
  ['LEVEL', 'Basic'],
  ['NOTE', 'Basic authentication is done elsewhere'],
  ['NOTE', 'ghp_short and glpat-x'],
  ['MODEL', 'eyJ.b.c'],
  ['TEMPLATE', 'Bearer ${TOKEN}'],
  ['VALUE', '2'],
  ['HIGH_PASS', '300'],
  ['LOW_PASS', '0.5'],
  ['FILE_PAT', '*.csv'],
  ['ALLOW_EMPTY_PASSWORD', 'yes'],
  ['EOS_TOKEN', '</s>'],
  ['MASK_TOKEN', '[MASK]'],
  ['DB_PASSWORD', '$(PGPASSWORD)'],
  ['DATABASE_URL', 'postgres://$(DB_USER):$(DB_PASSWORD)@db:5432/app'],
  ['DATABASE_URL', 'postgres://user:${DB_PASSWORD}@db/app'],
  ['TEMPLATE', 'postgres://{{.Data.username}}:{{.Data.password}}@db/app'],
  ['LINK', 'https://example.org:8443?mail=a@b.org'],
  ['CHALLENGE', 'Bearer realm="https://auth.example.org/token"'],
  ['NOTE', 'uses bearer OAuth2 tokens'],
  ['NOTE', 'Bearer required'],
  ['DIGEST', 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
])('a variable %s=%s is none, nor is it in an annotation', (name, value) => {
  expect(() => synthesize({ environment: { [name]: value }, annotations: { [name]: value } })).not.toThrow();
});
