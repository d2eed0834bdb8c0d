import { FileService } from '../../src/constructs/file-service';
import { StorageProvider } from '../../src/constructs/storage';
import { chart, platform, propsOf, refusal } from './service-fixture';

/** A service whose users have buckets of their own, and what its platform knows then. */
function declared(users: readonly string[], more: Parameters<typeof propsOf>[0] = {}) {
  const here = platform();
  const { store, services } = here;
  const service = new FileService(
    chart(),
    'grey',
    propsOf({
      platform: here,
      isolationLevel: 'user',
      allowedUsers: users,
      inputs: [{ ...store.path('photos/in'), suffix: ['.jpg'] }],
      outputs: [store.path('archive/out')],
      ...more,
    }),
  );
  return { service, services, store };
}

test('each user has a bucket that is bound, read and written as the shared one is', () => {
  const { services } = declared(['ann', 'bob']);
  const rule = [{ prefix: 'in/', suffix: '.jpg' }];
  expect(services.bucketDeclarations()).toMatchObject([
    { name: 'archive', notifications: [] },
    { name: 'oscar-bodies' },
    { name: 'oscar-records' },
    { name: 'photos', notifications: rule },
    { name: 'photos-ann', notifications: rule },
    { name: 'photos-bob', notifications: rule },
  ]);
  expect(services.bindings().map(({ path, suffix }) => [path, suffix])).toEqual([
    ['photos-ann/in/', ['.jpg']],
    ['photos-bob/in/', ['.jpg']],
    ['photos/in/', ['.jpg']],
  ]);
  expect(services.users()[0]).toMatchObject({
    read: ['oscar-bodies/grey/', 'photos-ann/in/', 'photos-bob/in/', 'photos/in/'],
    write: ['archive/out/', 'oscar-records/done/grey/', 'photos-ann/out/', 'photos-bob/out/'],
  });
});

test('such a bucket is like the shared one, unless it is declared itself', () => {
  const here = platform();
  here.services.declareBucket('films', { versioning: true, expireDays: 3, quota: '1Gi' });
  here.services.declareBucket('films-bob', { expireDays: 9 });
  declared(['ann', 'bob'], { platform: here, inputs: [here.store.path('films/in')] });
  const buckets = Object.fromEntries(here.services.bucketDeclarations().map((bucket) => [bucket.name, bucket]));
  expect(buckets['films-ann']).toMatchObject({ versioning: true, expireDays: 3, quota: '1Gi' });
  expect(buckets['films-bob']).toMatchObject({ versioning: false, expireDays: 9 });
});

test('bindings that come later count as well, in any order', () => {
  const { service, services, store } = declared(['ann'], { inputs: [], outputs: [store0().path('archive/a')] });
  service.onUpload(store.path('photos/in'));
  service.onUpload(store.path('photos/more'));
  service.writesTo(store.path('archive/b'));
  expect(services.users()[0].write).toEqual([
    'archive/a/',
    'archive/b/',
    'oscar-records/done/grey/',
    'photos-ann/a/',
    'photos-ann/b/',
  ]);
});
const store0 = () => platform().store;

test('without isolation there are none', () => {
  const { services } = declared(['ann'], { isolationLevel: 'service' });
  expect(services.bucketDeclarations().map(({ name }) => name)).not.toContain('photos-ann');
});

test('a name of a user that makes no name of a bucket is refused', () => {
  const message = refusal(() => declared(['ann', '62bb11b4@egi.eu']));
  expect(message).toBe(
    'service "grey": allowed_users[1]: the bucket of this user, beside "photos", would have a name that S3 refuses: ' +
      '"photos-62bb11b4@egi.eu", got "62bb11b4@egi.eu". Allowed: lower-case letters, digits, "-" and ".", ending in a ' +
      'letter or digit; at most 63 with the bucket\'s name and a "-". Fix: for example "62bb11b4-egi-eu".',
  );
});

test('the fix for a name that is too long fits', () => {
  const message = refusal(() => declared(['a'.repeat(57)]));
  expect(message).toContain(`Fix: for example "${'a'.repeat(56)}".`);
  expect(() => declared(['a'.repeat(56)])).not.toThrow();
});

test.each(['', 'Ann', 'a/b', '*', '${aws:username}', 'ann-', '-.a'])('"%s" is no name of such a user', (user) => {
  expect(refusal(() => declared([user]))).toContain('service "grey": allowed_users[0]: the bucket of this user');
});

test.each(['bodies', 'records'])('a user whose bucket would be the platform’s own is refused: %s', (user) => {
  const here = platform();
  here.services.declareBucket('oscar');
  const act = () => declared([user], { platform: here, inputs: [here.store.path('oscar/in')] });
  expect(refusal(act)).toContain(
    `service "grey": allowed_users[0]: the bucket of this user, beside "oscar", would be "oscar-${user}", which the ` +
      'platform keeps for itself',
  );
});

test('names of users matter only where they make buckets', () => {
  const s3 = StorageProvider.s3('aws', { region: 'x', secretName: 'aws' });
  const { services } = declared(['Ann@egi.eu'], { inputs: [s3.path('photos/in')] });
  expect(services.bindings()).toEqual([]);
  expect(services.users()[0].write).toEqual(['archive/out/']);
});

test('two users never share a bucket, in whichever services', () => {
  const here = platform();
  here.services.declareBucket('photos-a');
  declared(['a-b'], { platform: here });
  const another = (users: string[], name: string) =>
    declared(users, { platform: here, name, inputs: [here.store.path('photos-a/in')] });
  expect(refusal(() => another(['b'], 'second'))).toContain(
    'service "second": allowed_users[0]: the bucket of this user, beside "photos-a", would be "photos-a-b", which is ' +
      'that of the user "a-b"',
  );
  expect(() => another(['c'], 'third')).not.toThrow();
});

test('one user has one bucket for all services', () => {
  const here = platform();
  declared(['ann'], { platform: here });
  expect(() => declared(['ann'], { platform: here, name: 'second' })).not.toThrow();
});

test('a user who is named twice counts once', () => {
  const { services } = declared(['ann', 'ann']);
  expect(services.bindings().map(({ path }) => path)).toEqual(['photos-ann/in/', 'photos/in/']);
});

test('an output that would trigger the service again in a bucket of its users is refused', () => {
  const act = () => declared(['ann'], { outputs: [store0().path('archive/in')], inputs: [store0().path('photos/in')] });
  expect(refusal(act)).toContain('its output would trigger itself');
});
