import { checkBinding, StorageBinding, StorageProvider } from '../../src/constructs/storage';
import { platform, refusal } from './service-fixture';

const secretName = 'keys';
const at = { service: 'cowsay', field: ['input', 0] };

test('providers keep the public half apart from the Secret', () => {
  const minio = StorageProvider.minio('lab', { endpoint: 'http://a:9000', region: 'x', verify: false, secretName });
  const s3 = StorageProvider.s3('aws', { region: 'eu-west-1', secretName });
  const webdav = StorageProvider.webdav('dcache', { hostname: 'dav.example.org', login: 'me', secretName });
  const onedata = StorageProvider.onedata('my_onedata', {
    oneprovider_host: 'one.example.org',
    space: 's',
    secretName,
  });
  expect([minio, s3, webdav, onedata].map(({ name, settings }) => [name, settings])).toEqual([
    ['minio.lab', { endpoint: 'http://a:9000', region: 'x', verify: false }],
    ['s3.aws', { region: 'eu-west-1' }],
    ['webdav.dcache', { hostname: 'dav.example.org', login: 'me' }],
    ['onedata.my_onedata', { oneprovider_host: 'one.example.org', space: 's' }],
  ]);
  expect([minio, s3, webdav, onedata].every((one) => one.secretName === secretName && !one.isPlatformStore)).toBe(true);
  expect(platform().store.isPlatformStore).toBe(true);
});

test.each([
  [StorageProvider.minio('a', { endpoint: 'http://a:9000', region: 'x', verify: true, secretName }), 'a', 9000],
  [StorageProvider.minio('a', { endpoint: 'http://a', region: 'x', verify: true, secretName }), 'a', 80],
  [StorageProvider.s3('a', { region: 'x', secretName }), 's3.amazonaws.com', 443],
  [StorageProvider.s3('a', { endpoint: 'https://b:8443', region: 'x', secretName }), 'b', 8443],
  [StorageProvider.webdav('a', { hostname: 'dav', secretName }), 'dav', 443],
  [StorageProvider.webdav('a', { hostname: 'dav:2880', secretName }), 'dav', 2880],
  [StorageProvider.webdav('a', { hostname: 'dav.x.org/remote.php/webdav/', secretName }), 'dav.x.org', 443],
  [StorageProvider.webdav('a', { hostname: 'dav:8443/@me', secretName }), 'dav', 8443],
  [StorageProvider.webdav('a', { hostname: 'http://dav', secretName }), 'dav', 80],
  [StorageProvider.webdav('a', { hostname: 'http://dav:8080/files', secretName }), 'dav', 8080],
  [StorageProvider.webdav('a', { hostname: 'https://dav/a%20b', secretName }), 'dav', 443],
  [StorageProvider.onedata('a', { oneprovider_host: 'one', space: 's', secretName }), 'one', 443],
])('%#: the address is known', (provider, host, port) => expect(provider.address).toEqual({ host, port }));

test.each<[string, () => unknown, string]>([
  [
    'the own id for another',
    () => StorageProvider.minio('default', { endpoint: 'http://a', region: '', verify: true, secretName }),
    "platform's own store",
  ],
  [
    'no address',
    () => StorageProvider.minio('a', { endpoint: 'a:9000', region: '', verify: true, secretName }),
    'not the address',
  ],
  ['an id that is no folder', () => StorageProvider.s3('a/b', { region: '', secretName }), 'not an id'],
  ['an id that leads out', () => StorageProvider.s3('..', { region: '', secretName }), 'not an id'],
  ['a Secret that can’t be', () => StorageProvider.s3('a', { region: '', secretName: 'A' }), 'not a name'],
  [
    'a scheme before a host',
    () => StorageProvider.onedata('a', { oneprovider_host: 'https://one', space: '', secretName }),
    'no "https://"',
  ],
  [
    'a port that can’t be',
    () => StorageProvider.onedata('a', { oneprovider_host: 'one:70000', space: '', secretName }),
    'not a host',
  ],
  [
    'a path after a host',
    () => StorageProvider.onedata('a', { oneprovider_host: 'a/b', space: '', secretName }),
    'not a host',
  ],
])('%s is refused', (_, act, problem) => expect(refusal(act)).toContain(problem));

test.each(['', 'ftp://dav', 'dav:70000', 'http://', 'https:///a', 'dav/a?b', 'dav/a#b', 'dav/a b', 'dav\\a', 'dav:a'])(
  'the WebDAV address %j is refused',
  (hostname) =>
    expect(refusal(() => StorageProvider.webdav('a', { hostname, secretName }))).toContain(
      `storage_providers.webdav.a.hostname: not the address of a WebDAV server, got "${JSON.stringify(hostname).slice(1, -1)}"`,
    ),
);

test.each(['https://me:hush@dav', 'me:hush@dav/a', 'http://hush@dav', 'ftp://me:hush@dav', 'me:hush@d v'])(
  'the login in %j is refused and not told',
  (hostname) => {
    const message = refusal(() => StorageProvider.webdav('a', { hostname, secretName }));
    expect(message).toContain('a user or password is written in the address');
    expect(message).not.toContain('hush');
  },
);

test('paths lose the slashes that people write around them', () => {
  expect(platform().store.path('/photos//in/').path).toBe('photos/in');
});

const store = platform().store;
const webdav = StorageProvider.webdav('a', { hostname: 'dav', secretName });
test.each<[string, StorageBinding, string]>([
  ['no bucket', store.path('/'), 'bucket'],
  ['a bucket that S3 refuses', store.path('Photos/in'), 'not a name that S3 takes'],
  ['a way out', store.path('photos/../etc'), 'not a path'],
  ['an empty filter', { ...store.path('photos'), suffix: [''] }, 'input[0].suffix[0]'],
  ['a folder as a filter', { ...store.path('photos'), prefix: ['ok', 'in/'] }, 'input[0].prefix[1]'],
  ['an unknown type', { provider: { type: 'ftp', name: 'ftp.a' } as never, path: 'a' }, 'minio, s3, webdav, onedata'],
])('%s is refused', (_, binding, problem) => expect(refusal(() => checkBinding(at, binding))).toContain(problem));

test('a provider without buckets may be used at its root', () => {
  expect(() => checkBinding(at, webdav.path('/'))).not.toThrow();
  expect(() => checkBinding(at, webdav.path('Any Folder'))).not.toThrow();
});
