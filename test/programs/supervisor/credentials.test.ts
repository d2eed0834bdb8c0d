import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readProvider } from '../../../src/programs/supervisor/credentials';
import type { Definition } from '../../../src/programs/supervisor/definition';
import { InvocationError } from '../../../src/programs/supervisor/failure';
import { certificates } from './storage/support/certificate';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'oscar-providers-'))));
afterEach(() => rmSync(folder, { recursive: true }));

type Fields = Record<string, unknown>;
/** @param providers by `<type>.<id>` */
function read(name: string, providers: Record<string, Fields> = {}) {
  const types: Record<string, Record<string, Fields>> = {};
  for (const [key, fields] of Object.entries(providers)) {
    const [type, ...id] = key.split('.');
    (types[type] ??= {})[id.join('.')] = fields;
  }
  return readProvider(name, { providers: types } as unknown as Definition, folder);
}

function mount(provider: string, secrets: Record<string, string>): void {
  mkdirSync(join(folder, provider));
  for (const [key, value] of Object.entries(secrets)) writeFileSync(join(folder, provider, key), value);
}

const KEYS = { accessKey: 'AK', secretKey: 'SK' };
const UPSTREAM = { access_key: 'AK', secret_key: 'SK' };

describe('minio', () => {
  test('the public half from the definition, the secret one from the mounted Secret', () => {
    mount('minio.default', { ...KEYS, sessionToken: 'T' });
    const settings = read('minio.default', {
      'minio.default': { endpoint: 'https://minio.example.org:9000/', region: 'eu-1', verify: false },
    });
    expect(settings).toEqual({
      type: 'minio',
      endpoint: 'https://minio.example.org:9000',
      region: 'eu-1',
      pathStyle: true,
      ...KEYS,
      sessionToken: 'T',
      tls: { verify: false },
    });
  });

  test('upstream’s form, with its defaults', () => {
    expect(read('minio.default', { 'minio.default': UPSTREAM })).toEqual({
      type: 'minio',
      endpoint: 'http://minio-service.minio:9000',
      region: 'us-east-1',
      pathStyle: true,
      ...KEYS,
      tls: { verify: true },
    });
  });

  test('a mounted key comes before the definition’s', () => {
    mount('minio.default', { accessKey: 'mounted' });
    expect(read('minio.default', { 'minio.default': UPSTREAM })).toMatchObject({
      accessKey: 'mounted',
      secretKey: 'SK',
    });
  });

  test('what is empty in the definition is not there', () => {
    const fields = { ...UPSTREAM, endpoint: '', region: null, verify: '', session_token: '' };
    expect(read('minio.default', { 'minio.default': fields })).toEqual(
      read('minio.default', { 'minio.default': UPSTREAM }),
    );
  });

  test.each(['minio', 'MINIO', 'MinIO.default', 'minio.'])('name: %s', (name) => {
    expect(read(name, { 'minio.default': UPSTREAM })).toMatchObject(KEYS);
  });

  test('ids are told apart, by case and to their end', () => {
    const providers = { 'minio.a.b': { ...UPSTREAM, region: 'right' }, 'minio.a': UPSTREAM, 'minio.A.b': UPSTREAM };
    expect(read('minio.a.b', providers)).toMatchObject({ region: 'right' });
  });

  test.each([
    [true, true],
    [false, false],
    ['true', true],
    ['false', false],
    ['False', false],
    [undefined, true],
    [null, true],
  ])('verify: %j', (verify, result) => {
    expect(read('minio', { 'minio.default': { ...UPSTREAM, verify } }).tls.verify).toBe(result);
  });
});

describe('s3', () => {
  const s3 = (fields: Fields = {}) => read('s3.default', { 's3.default': { ...UPSTREAM, ...fields } });

  test.each([
    [undefined, 'https://s3.us-east-1.amazonaws.com'],
    ['eu-west-3', 'https://s3.eu-west-3.amazonaws.com'],
    ['us-gov-west-1', 'https://s3.us-gov-west-1.amazonaws.com'],
    ['cn-north-1', 'https://s3.cn-north-1.amazonaws.com.cn'],
  ])('region %s: %s', (region, endpoint) => {
    expect(s3({ region })).toMatchObject({ type: 's3', endpoint, region: region ?? 'us-east-1', pathStyle: false });
  });

  test.each([
    [{}, false],
    [{ path_style: true }, true],
    [{ path_style: 'true' }, true],
    [{ endpoint: 'https://s3.example.org' }, true],
    [{ endpoint: 'https://s3.example.org', path_style: false }, false],
  ])('%j: path style %s', (fields, pathStyle) => expect(s3(fields)).toMatchObject({ pathStyle }));

  test('a session token, as upstream’s form would have it', () =>
    expect(s3({ session_token: 'T' })).toMatchObject({ sessionToken: 'T' }));
});

describe('webdav', () => {
  const webdav = (fields: Fields) => read('webdav.dcache', { 'webdav.dcache': fields });
  const login = { login: 'user', password: 'pw' };

  test.each([
    ['dav.example.org', 'https://dav.example.org'],
    ['dav.example.org:2880', 'https://dav.example.org:2880'],
    [
      'dav.example.org/remote.php/dav/files/me@example.org/',
      'https://dav.example.org/remote.php/dav/files/me@example.org',
    ],
    ['http://dav.example.org:80/', 'http://dav.example.org'],
    ['HTTPS://dav.example.org', 'https://dav.example.org'],
    ['[::1]:80', 'https://[::1]:80'],
  ])('hostname %s', (hostname, url) => {
    expect(webdav({ hostname, ...login })).toEqual({ type: 'webdav', url, auth: login, tls: { verify: true } });
  });

  test('a token comes before a login', () => {
    mount('webdav.dcache', { token: 'TOKEN\n' });
    expect(webdav({ hostname: 'x', ...login })).toMatchObject({ auth: { token: 'TOKEN' } });
  });

  test('the login from the definition, the password from the Secret', () => {
    mount('webdav.dcache', { password: 'mounted ñ\n' });
    expect(webdav({ hostname: 'x', login: 'user' })).toMatchObject({ auth: { login: 'user', password: 'mounted ñ' } });
  });

  test('no credentials: the server may ask for none', () =>
    expect(webdav({ hostname: 'x' })).not.toHaveProperty('auth'));

  test.each([
    ['password', { login: 'user' }],
    ['login', { password: 'SECRET' }],
  ])('half of a login: no %s', (missing, fields) => {
    expect(refusal(() => webdav({ hostname: 'x', ...fields }))).toMatch(`provider webdav.dcache: no \`${missing}\``);
  });
});

describe('onedata', () => {
  const fields = { oneprovider_host: 'one.example.org:8443', space: 'my space', token: 'TOKEN' };

  test('upstream’s form', () => {
    expect(read('onedata.one', { 'onedata.one': fields })).toEqual({
      type: 'onedata',
      url: 'https://one.example.org:8443',
      space: 'my space',
      token: 'TOKEN',
      tls: { verify: true },
    });
  });

  test.each(['oneprovider_host', 'space', 'token'])('no %s', (field) => {
    const message = refusal(() => read('onedata.one', { 'onedata.one': { ...fields, [field]: '' } }));
    expect(message).toMatch(`provider onedata.one: no \`${field}\`. Fix: `);
    expect(message).toContain(`\`storage_providers.onedata.one.${field}\``);
  });
});

describe('mounted secrets', () => {
  test.each([
    ['AK', 'AK'],
    ['AK\n', 'AK'],
    ['AK\r\n', 'AK'],
    [' AK ', ' AK '],
  ])('%j', (content, accessKey) => {
    mount('minio.default', { accessKey: content, secretKey: 'SK' });
    expect(read('minio')).toMatchObject({ accessKey });
  });

  test.each(['', '\n'])('%j is none', (content) => {
    mount('minio.default', { accessKey: content, secretKey: 'SK' });
    expect(refusal(() => read('minio'))).toMatch(/no `accessKey`/);
  });

  test.each(['SEC\nRET', 'SEC\u0000RET', 'SECRÉT', 'SECRET\n\n'])('%j can be no key, and is not told', (content) => {
    mount('minio.default', { accessKey: content, secretKey: 'SK' });
    const message = refusal(() => read('minio'));
    expect(message).toMatch(/`accessKey` has a character that no key has/);
    expect(message).not.toMatch(/SEC/);
  });

  test('one that is a folder', () => {
    mount('minio.default', { secretKey: 'SK' });
    mkdirSync(join(folder, 'minio.default', 'accessKey'));
    expect(refusal(() => read('minio'))).toMatch(/accessKey can't be read: EISDIR/);
  });

  test('certificates', () => {
    const { cert } = certificates([], []).ca;
    mount('minio.default', { ...KEYS, 'ca.crt': `# ours\n${cert}` });
    expect(read('minio').tls).toEqual({ verify: true, ca: `# ours\n${cert}`.trimEnd() });
  });

  test('certificates that are none', () => {
    mount('minio.default', { ...KEYS, 'ca.crt': 'nothing' });
    expect(refusal(() => read('minio'))).toMatch(/minio\.default\/ca\.crt holds no certificate in PEM form/);
  });
});

describe('refusals', () => {
  test('missing keys: what, and both places for it', () => {
    expect(refusal(() => read('minio.mine', { 'minio.mine': { access_key: 'AK' } }))).toBe(
      "provider minio.mine: no `secretKey`. Fix: put it into the provider's Secret, which is mounted as " +
        `${folder}/minio.mine/secretKey; or, as upstream has it, into the definition, ` +
        '`storage_providers.minio.mine.secret_key`',
    );
  });

  test('a provider that is nowhere', () =>
    expect(refusal(() => read('s3.none'))).toMatch(/provider s3\.none: no `accessKey`/));

  test.each(['swift.default', '', '.', '__proto__', 'toString.a'])('type: %j', (name) => {
    expect(refusal(() => read(name))).toMatch(
      /no storage provider of the type .*\. Allowed: minio, s3, webdav, onedata/,
    );
  });

  test.each(['minio.../../etc', 'minio./a', 'minio.a/b', 'minio.a\u0000', 'minio.ñ', 'minio..', 'minio. '])(
    'id: %j',
    (name) => {
      mount('minio.default', KEYS);
      expect(refusal(() => read(name))).toMatch(/is no id of a provider/);
    },
  );

  test.each(['minio.__proto__', 'minio.constructor', 'minio.toString'])('%s is nobody’s', (name) => {
    expect(refusal(() => read(name, { 'minio.default': UPSTREAM }))).toMatch(/no `accessKey`/);
  });

  test.each<[string, Fields, RegExp]>([
    ['endpoint', { endpoint: 'minio:9000' }, /endpoint` is "minio:9000". Allowed: an address such as/],
    ['endpoint', { endpoint: 'ftp://minio' }, /endpoint` is "ftp:\/\/minio"/],
    ['endpoint', { endpoint: 'http://minio/path' }, /without a path/],
    ['endpoint', { endpoint: 'http://minio?x' }, /Allowed: an address such as/],
    ['endpoint', { endpoint: 'http://user:SECRET@minio' }, /is "…@…"/],
    ['endpoint', { endpoint: ['http://minio'] }, /endpoint` is "object". Allowed: a text/],
    ['region', { region: 'evil.example/' }, /region` is "evil.example\/"/],
    ['verify', { verify: 'no' }, /verify` is "no". Allowed: true, false/],
  ])('%s: %j', (_, fields, expected) => {
    const message = refusal(() => read('minio', { 'minio.default': { ...UPSTREAM, ...fields } }));
    expect(message).toMatch(/^provider minio\.default: `storage_providers\.minio\.default\./);
    expect(message).toMatch(expected);
    expect(message).not.toContain('SECRET');
  });

  test.each([
    ['minio', 'endpoint', 'admin:SECRET@minio:9000'],
    ['minio', 'endpoint', 'http://admin:s3/SECRET@minio:9000'],
    ['minio', 'endpoint', 'http://admin:9/SECRET@minio:9000'],
    ['minio', 'endpoint', 'http://admin:?SECRET@minio:9000'],
    ['minio', 'region', 'admin:SECRET@minio'],
    ['webdav', 'hostname', 'admin:SECRET@minio'],
    ['webdav', 'hostname', 'admin:s3/SECRET@minio'],
    ['webdav', 'hostname', 'ftp://admin:SECRET@minio'],
    ['onedata', 'oneprovider_host', 'admin:s3/SECRET@minio'],
  ])('%s: an address with a password in it is not repeated: %s %s', (type, field, value) => {
    const fields = { ...UPSTREAM, space: 'space', token: 'TOKEN', [field]: value };
    const message = refusal(() => read(type, { [`${type}.default`]: fields }));
    expect(message).toContain(`.${field}\` is "…@…". Allowed: `);
    expect(message).not.toMatch(/SECRET|admin/);
  });

  test.each([null, undefined, 'text', 1, []])('a definition’s provider that is %j', (fields) => {
    expect(refusal(() => read('minio', { 'minio.default': fields as never }))).toMatch(/no `accessKey`/);
  });

  test('any name and fields: settings, or a refusal', () => {
    const fields = fc.dictionary(
      fc.constantFrom(
        'endpoint',
        'region',
        'verify',
        'access_key',
        'secret_key',
        'hostname',
        'token',
        'space',
        'oneprovider_host',
      ),
      fc.anything(),
    );
    const name = fc.tuple(fc.constantFrom('minio', 's3', 'webdav', 'onedata', 'x'), fc.string());
    fc.assert(
      fc.property(name, fields, ([type, id], provider) => {
        try {
          readProvider(`${type}.${id}`, { providers: { [type]: { [id]: provider } } } as unknown as Definition, folder);
        } catch (error) {
          if (!(error instanceof InvocationError) || error.kind !== 'configuration') throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InvocationError);
    expect((error as InvocationError).kind).toBe('configuration');
    return (error as InvocationError).message;
  }
  throw new Error('nothing was refused');
}
