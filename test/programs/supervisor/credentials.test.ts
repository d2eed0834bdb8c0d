import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fields, KEYS, MountedProviders, refusal, UPSTREAM } from './credentials-fixture';
import { certificates } from './storage/support/certificate';

const mounted = new MountedProviders();
const { mount, read } = mounted;

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
    mkdirSync(join(mounted.folder, 'minio.default', 'accessKey'));
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
