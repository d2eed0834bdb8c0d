import fc from 'fast-check';
import { withoutOverlap } from '../../src/constructs/notification-rules';
import { ServiceRegistry } from '../../src/constructs/service-registry';
import { StorageProvider } from '../../src/constructs/storage';
import { keyPrefix, KEEP_LABEL, NotificationRule } from '../../src/contract';
import { platform, refusal } from './service-fixture';

const store = platform().store;
const elsewhere = StorageProvider.webdav('dcache', { hostname: 'dcache.example.org', secretName: 'dcache' });

function registry(...services: string[]): ServiceRegistry {
  const made = new ServiceRegistry({ servicesNamespace: 'oscar-svc', platform: 'oscar' });
  made.declareBucket('photos', { versioning: true, expireDays: 30, quota: '10Gi' });
  made.declareBucket('archive');
  services.forEach((service) => made.addService(service));
  return made;
}

test('a name is taken once', () => {
  const message = refusal(() => registry('a', 'a'));
  expect(message).toBe('service "a": name: two services have this name. Fix: rename one.');
});

test('a bucket that nobody declared is refused, and the declared ones are named', () => {
  const services = registry('a');
  const message = refusal(() => services.addInput('a', store.path('foto/in'), 0));
  expect(message).toContain('service "a": input[0].path: no bucket "foto" is declared, got "foto/in"');
  expect(message).toContain('archive, photos');
  expect(refusal(() => services.addOutput('a', store.path('foto/in'), 2))).toContain('output[2].path');
  expect(refusal(() => services.addMount('a', store.path('foto')))).toContain('mount.path');
});

test('the first declaration of a bucket stands', () => {
  const services = registry();
  services.declareBucket('photos', { versioning: false });
  expect(services.bucketDeclarations()).toEqual([
    { name: 'archive', versioning: false, notifications: [] },
    { name: 'photos', versioning: true, expireDays: 30, quota: '10Gi', notifications: [] },
  ]);
});

test('uploads are told by folder and suffix, for each bucket once', () => {
  const services = registry('a', 'b');
  services.addInput('a', { ...store.path('photos/in'), suffix: ['.jpg', '.png'] }, 0);
  services.addInput('b', { ...store.path('photos/in/raw'), suffix: ['.jpg'] }, 0);
  services.addInput('b', store.path('archive'), 1);
  expect(services.bucketDeclarations().map(({ name, notifications }) => [name, notifications])).toEqual([
    ['archive', [{ prefix: '', suffix: '' }]],
    ['oscar-bodies', []],
    ['oscar-records', []],
    [
      'photos',
      [
        { prefix: 'in/', suffix: '.jpg' },
        { prefix: 'in/', suffix: '.png' },
      ],
    ],
  ]);
});

describe('the bucket of bodies', () => {
  const bodies = (...deadlines: number[]) => {
    const services = registry('a');
    deadlines.forEach((seconds) => services.addJobLifetime(seconds));
    return services.bucketDeclarations().find(({ name }) => name === 'oscar-bodies');
  };
  const DAY = 24 * 3600;

  test.each([
    ['an hour', [3600], 2],
    ['a day', [DAY], 2],
    ['a little more', [DAY + 1, 60], 3],
    ['a week', [60, 7 * DAY], 8],
  ])('keeps them longer than any Job may run: %s', (_, deadlines, expireDays) => {
    expect(bodies(...deadlines)).toEqual({ name: 'oscar-bodies', versioning: false, expireDays, notifications: [] });
  });

  test("is nobody's to declare, nor to bind", () => {
    expect(refusal(() => registry().declareBucket('oscar-bodies'))).toBe(
      'buckets.oscar-bodies: the platform keeps this bucket for itself: the bodies of Jobs that no environment variable ' +
        'holds are in it, got "oscar-bodies". Allowed: any other name. Fix: rename the bucket, and the paths in it.',
    );
    expect(refusal(() => registry('a').addInput('a', store.path('oscar-bodies/a'), 0))).toContain(
      'no bucket "oscar-bodies" is declared',
    );
    expect(() => registry().declareBucket('other-bodies')).not.toThrow();
  });

  test('is there with services only, and closes no ring', () => {
    expect(
      registry()
        .bucketDeclarations()
        .map(({ name }) => name),
    ).toEqual(['archive', 'photos']);
    const services = registry('a');
    services.addOutput('a', store.path('photos'), 0);
    expect(() => services.addInput('a', store.path('archive'), 0)).not.toThrow();
  });
});

test('the bucket of records is nobody’s to declare', () => {
  expect(refusal(() => registry().declareBucket('oscar-records'))).toContain(
    'the platform keeps this bucket for itself: the records of uploads that are done with are in it',
  );
  for (const act of [
    (services: ServiceRegistry) => services.addInput('a', store.path('oscar-records/bound'), 0),
    (services: ServiceRegistry) => services.addOutput('a', store.path('oscar-records/done/b'), 0),
    (services: ServiceRegistry) => services.addMount('a', store.path('oscar-records')),
  ]) {
    expect(refusal(() => act(registry('a')))).toContain('no bucket "oscar-records" is declared');
  }
});

test('bindings are what services wait for, with their filters, in the order of their names', () => {
  const services = registry('b', 'a');
  services.addInput('b', { ...store.path('photos/in'), suffix: ['.png'] }, 0);
  services.addInput('b', { ...store.path('photos/in'), prefix: ['x'], suffix: ['.jpg'] }, 1);
  services.addInput('a', store.path('archive'), 0);
  services.addInput('a', { ...store.path('photos'), provider: elsewhere }, 1);
  expect(services.bindings()).toEqual([
    { service: 'a', path: 'archive/', prefix: [], suffix: [] },
    { service: 'b', path: 'photos/in/', prefix: [], suffix: ['.png'] },
    { service: 'b', path: 'photos/in/', prefix: ['x'], suffix: ['.jpg'] },
  ]);
});

test('a folder with two filters is one folder to the store: one rule, one right', () => {
  const services = registry('a');
  services.addInput('a', { ...store.path('photos/in'), prefix: ['x'], suffix: ['.jpg'] }, 0);
  services.addInput('a', { ...store.path('photos/in'), prefix: ['y'], suffix: ['.jpg'] }, 1);
  const photos = services.bucketDeclarations().find(({ name }) => name === 'photos');
  expect(photos?.notifications).toEqual([{ prefix: 'in/', suffix: '.jpg' }]);
  expect(services.users()[0].read).toEqual(['oscar-bodies/a/', 'photos/in/']);
  expect(services.bindings().map(({ prefix }) => prefix)).toEqual([['x'], ['y']]);
});

test.each(['photos/a*', 'photos/wh?t', 'photos/${aws:username}'])('%s would be a right to other paths', (path) => {
  for (const act of [
    (services: ServiceRegistry) => services.addInput('a', store.path(path), 0),
    (services: ServiceRegistry) => services.addOutput('a', store.path(path), 0),
    (services: ServiceRegistry) => services.addMount('a', store.path(path)),
  ]) {
    expect(refusal(() => act(registry('a')))).toContain('names without "*", "?" and "${"');
  }
  expect(() => registry('a').addOutput('a', { ...store.path(path), provider: elsewhere }, 0)).not.toThrow();
});

test('each service has a token, a user of its own for its own paths, and a mount has another', () => {
  const services = registry('b', 'a');
  services.addInput('a', store.path('photos/in'), 0);
  services.addOutput('a', store.path('archive'), 0);
  services.addMount('b', store.path('photos/out'));
  expect(services.users()).toEqual([
    {
      name: 'oscar.a',
      secret: { namespace: 'oscar-svc', name: 'a-minio' },
      read: ['oscar-bodies/a/', 'photos/in/'],
      write: ['archive/', 'oscar-records/done/a/'],
      remove: [],
      list: [],
      notify: [],
      mount: [],
    },
    {
      name: 'oscar.b',
      secret: { namespace: 'oscar-svc', name: 'b-minio' },
      read: ['oscar-bodies/b/'],
      write: [],
      remove: [],
      list: [],
      notify: [],
      mount: [],
    },
    {
      name: 'oscar.b.mount',
      secret: { namespace: 'oscar-svc', name: 'b-mount' },
      read: [],
      write: [],
      remove: [],
      list: [],
      notify: [],
      mount: ['photos/out/'],
    },
  ]);
  expect(services.secrets().map(({ name, data }) => [name, data])).toEqual([
    ['a-token', { token: { hex: 64 }, auth: { htpasswd: { user: 'a', passwordKey: 'token' } } }],
    ['a-minio', { accessKey: { text: 'oscar.a' }, secretKey: { hex: 40 } }],
    ['b-token', { token: { hex: 64 }, auth: { htpasswd: { user: 'b', passwordKey: 'token' } } }],
    ['b-minio', { accessKey: { text: 'oscar.b' }, secretKey: { hex: 40 } }],
    [
      'b-mount',
      {
        accessKey: { text: 'oscar.b.mount' },
        secretKey: { hex: 40 },
        accessKeyID: { text: 'oscar.b.mount' },
        secretAccessKey: { copyOf: 'secretKey' },
        endpoint: { text: 'http://oscar-minio.oscar.svc:9000' },
        region: { text: 'us-east-1' },
      },
    ],
  ]);
  for (const { namespace, labels, annotations } of services.secrets()) {
    expect(namespace).toBe('oscar-svc');
    expect(labels[KEEP_LABEL]).toBe('true');
    expect(annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' });
  }
});

describe('names that are made from services’ names', () => {
  const accessKeys = (services: ServiceRegistry) =>
    services.secrets().flatMap(({ data }) => (data['accessKey'] as { text: string } | undefined)?.text ?? []);

  test.each([
    ['the store’s root user', ['root']],
    ['a user of another service’s mount', ['foo', 'foo-mount', 'foo-mount-mount']],
    ['another service’s token', ['a', 'a-token', 'a-minio', 'a-mount']],
  ])('%s stays itself', (_, names) => {
    const services = registry(...names);
    names.forEach((name) => services.addMount(name, store.path('photos/out')));
    const users = ['oscar-root', ...accessKeys(services)];
    expect(new Set(users).size).toBe(1 + 2 * names.length);
    expect(new Set(services.secrets().map(({ name }) => name)).size).toBe(3 * names.length);
  });

  test('no two services share a user or a Secret, whatever they are called', () => {
    const word = fc.constantFrom('a', 'b', 'mount', 'minio', 'token', 'root');
    const name = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('-'));
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 8 }), (names) => {
        const services = registry(...names);
        names.forEach((one) => services.addMount(one, store.path('photos')));
        expect(new Set(['oscar-root', ...accessKeys(services)]).size).toBe(1 + 2 * names.length);
        expect(new Set(services.secrets().map(({ name }) => name)).size).toBe(3 * names.length);
      }),
    );
  });
});

describe('what one service alone can have', () => {
  test('a port of every node', () => {
    const services = registry('a', 'b');
    services.addNodePort('a', 30080);
    services.addNodePort('b', 30081);
    expect(refusal(() => services.addNodePort('b', 30080))).toBe(
      'service "b": expose.nodePort: the service "a" has this port of every node, got 30080. ' +
        'Fix: choose another port, or leave it out to be reached by the route only.',
    );
  });

  test('a volume that it makes', () => {
    const services = registry('a', 'b');
    services.addClaim('a', 'models');
    expect(refusal(() => services.addClaim('b', 'models'))).toContain(
      'service "b": volume.name: the service "a" makes a volume of this name, got "models"',
    );
  });

  test('a path that is mounted, if the other is in another store', () => {
    const services = registry('a', 'b', 'c');
    services.addMount('a', store.path('photos/in'));
    services.addMount('b', store.path('photos/in'));
    const elsewhere = StorageProvider.s3('aws', { region: 'x', secretName: 'aws' });
    services.addMount('c', elsewhere.path('photos/out'));
    expect(refusal(() => services.addMount('c', elsewhere.path('photos/in')))).toContain(
      'service "c": mount.path: the service "a" mounts this path of another store',
    );
    expect(services.users().filter(({ secret }) => secret.name === 'c-mount')).toEqual([]);
  });
});

const folder = fc.array(fc.constantFrom('a', 'b', 'ab', 'in'), { maxLength: 3 }).map((parts) => parts.join('/'));
const rule = fc
  .tuple(folder, fc.constantFrom('', '.gz', '.tar.gz', 'r.gz', '.jpg', 'g'))
  .map(([path, suffix]): NotificationRule => ({ prefix: keyPrefix(path), suffix }));
const key = fc
  .tuple(folder, fc.constantFrom('x', 'x.gz', 'x.tar.gz', 'x.jpg', 'xg', 'tar.gz'))
  .map(([path, name]) => keyPrefix(path) + name);

const matches = (key: string) => (rule: NotificationRule) => key.startsWith(rule.prefix) && key.endsWith(rule.suffix);

test('rules never overlap, as S3 demands', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
      const made = withoutOverlap(rules);
      for (const a of made) {
        for (const b of made) {
          if (a === b) continue;
          const prefixes = a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix);
          const suffixes = a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix);
          expect(prefixes && suffixes).toBe(false);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('no upload that a rule was about is lost', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), key, (rules, key) => {
      if (rules.some(matches(key))) expect(withoutOverlap(rules).some(matches(key))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('rules that don’t overlap stay as they are, and the order of services changes nothing', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 12 }), (rules) => {
      const made = withoutOverlap(rules);
      expect(withoutOverlap(made)).toEqual(made);
      expect(withoutOverlap([...rules].reverse())).toEqual(made);
    }),
  );
});
