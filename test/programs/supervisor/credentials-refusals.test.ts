import fc from 'fast-check';
import { readProvider } from '../../../src/programs/supervisor/credentials';
import type { Definition } from '../../../src/programs/supervisor/definition';
import { InvocationError } from '../../../src/programs/supervisor/failure';
import { Fields, KEYS, MountedProviders, refusal, UPSTREAM } from './credentials-fixture';

const providers = new MountedProviders();
const { mount, read } = providers;

test('missing keys: what, and both places for it', () => {
  expect(refusal(() => read('minio.mine', { 'minio.mine': { access_key: 'AK' } }))).toBe(
    "provider minio.mine: no `secretKey`. Fix: put it into the provider's Secret, which is mounted as " +
      `${providers.folder}/minio.mine/secretKey; or, as upstream has it, into the definition, ` +
      '`storage_providers.minio.mine.secret_key`',
  );
});

test('a provider that is nowhere', () =>
  expect(refusal(() => read('s3.none'))).toMatch(/provider s3\.none: no `accessKey`/));

test.each(['swift.default', '', '.', '__proto__', 'toString.a'])('type: %j', (name) => {
  expect(refusal(() => read(name))).toMatch(/no storage provider of the type .*\. Allowed: minio, s3, webdav, onedata/);
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
  ['verify', { verify: { toString: 0 } }, /verify` is "object". Allowed: true, false/],
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
        readProvider(
          `${type}.${id}`,
          { providers: { [type]: { [id]: provider } } } as unknown as Definition,
          providers.folder,
        );
      } catch (error) {
        if (!(error instanceof InvocationError) || error.kind !== 'configuration') throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
