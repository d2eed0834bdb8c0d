import { createHash } from 'node:crypto';
import { UserDeclaration } from '../../src/contract';
import { BucketStore } from './support/bucket-store';
import { program, run } from './support/process';
import { mountUserOf, ServiceUsers, userOf } from './support/service-users';

/** Names that begin with one another. */
const SERVICES = ['cow', 'cow-b', 'cowb', 'say', 'mnt'];
const MOUNT = mountUserOf('mnt', 'shared/mnt/');
const users: readonly UserDeclaration[] = [...SERVICES.map((service) => userOf(service)), MOUNT];
const BUCKETS = ['inn', 'in-cow', 'out', 'shared', 'oscar-bodies', 'oscar-records'];
const PLACES = [
  ...SERVICES.flatMap((service) => [
    `inn/${service}/`,
    `out/${service}/`,
    `shared/${service}/`,
    `oscar-bodies/${service}/`,
    `oscar-records/done/${service}/`,
    `oscar-records/bound/${service}/`,
  ]),
  ...BUCKETS.map((bucket) => `${bucket}/`),
  'oscar-records/done/',
  'in-cow/cow/',
];

let minio: BucketStore;
let services: ServiceUsers;
beforeAll(async () => {
  minio = await BucketStore.startFor({ port: 9, token: 'not-a-secret' }, ...BUCKETS);
  for (const place of PLACES) await minio.put(`${place}file`, `content of ${place}`);
  services = new ServiceUsers(minio, users);
});
afterAll(() => minio?.remove());

const stored = async (name: string) => {
  const lines = (await minio.mc('admin', 'user', 'list', 'oscar')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).find(({ accessKey }) => accessKey === name);
};
const all = (what: string) => users.map(({ name }) => `${what.replace('NAME', name)}`).sort();

describe('users of services', () => {
  test('are made from nothing, and found as they are then', async () => {
    expect(await services.converge()).toEqual(all('changed: user "NAME": policy written; created; policy attached'));
    expect(await services.converge()).toEqual(all('as declared: user "NAME"'));
  });

  describe('may do exactly what is declared:', () => {
    const md5 = (text: string) => createHash('md5').update(text).digest('base64');

    /** Each returns whether it was let. Anything but yes or "403" is no answer to the question. */
    const answered = ({ status, body }: { status: number; body: Buffer }) => {
      if (status === 403) return false;
      if (status >= 200 && status < 300) return true;
      throw new Error(`${status}: ${body.toString()}`);
    };
    type Ask = (method: string, path: string, body?: string, headers?: Record<string, string>) => Promise<boolean>;
    const asker =
      (name: string): Ask =>
      async (...call) =>
        answered(await services.ask(name, ...call));

    async function multipart(name: string, path: string, end: 'complete' | 'abort'): Promise<boolean> {
      const ask = (...call: Parameters<Ask>) => services.ask(name, ...call);
      const begun = await ask('POST', `/${path}?uploads=`);
      if (!answered(begun)) return false;
      const id = /<UploadId>([^<]*)</.exec(begun.body.toString())![1];
      const part = await ask('PUT', `/${path}?partNumber=1&uploadId=${id}`, 'part');
      if (!answered(part)) return false;
      if (end === 'abort') return answered(await ask('DELETE', `/${path}?uploadId=${id}`));
      const tag = createHash('md5').update('part').digest('hex');
      const parts = `<Part><PartNumber>1</PartNumber><ETag>${tag}</ETag></Part>`;
      const document = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
      return answered(await ask('POST', `/${path}?uploadId=${id}`, document));
    }

    const isIn = (place: string, folders: readonly string[]) => folders.some((folder) => place.startsWith(folder));

    test.each(users)('$name, on every path that is anybody’s', async (user) => {
      const { name, read, write, mount } = user;
      const ask = asker(name);
      const found: Record<string, unknown> = {};
      const wanted: Record<string, unknown> = {};
      for (const place of PLACES) {
        const path = `${place}file`;
        const [gets, puts] = [isIn(place, [...read, ...mount]), isIn(place, [...write, ...mount])];
        const mounted = isIn(place, mount);
        found[place] = {
          get: await ask('GET', `/${path}`),
          head: await ask('HEAD', `/${path}`),
          tags: await ask('GET', `/${path}?tagging=`),
          tag: await ask('PUT', `/${path}?tagging=`, '<Tagging><TagSet/></Tagging>'),
          put: await ask('PUT', `/${path}`, 'new'),
          other: await ask('PUT', `/${place}other`, 'new'),
          parts: await multipart(name, path, 'complete'),
          abort: await multipart(name, `${place}aborted`, 'abort'),
          copy: await ask('PUT', `/${write[0] ?? mount[0]}copy`, '', { 'x-amz-copy-source': `/${path}` }),
          delete: await ask('DELETE', `/${place}${mounted ? 'other' : 'file'}`),
        };
        wanted[place] = {
          ...{ get: gets, head: gets, copy: gets, put: puts, other: puts, parts: puts, abort: puts },
          ...{ tags: false, tag: false, delete: mounted },
        };
      }
      expect(found).toEqual(wanted);
    });

    test.each(users)('$name, on every bucket', async ({ name, mount }) => {
      const ask = asker(name);
      for (const bucket of BUCKETS) {
        const isMounted = isIn(`${bucket}/mnt/`, mount);
        const list = async (prefix: string) =>
          ask('GET', `/${bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`);
        expect([bucket, await list('mnt/'), await list('mnt/deeper')]).toEqual([bucket, isMounted, isMounted]);
        for (const prefix of ['', 'cow/', 'mnt', 'done/', 'mnt-not/'])
          expect([prefix, await list(prefix)]).toEqual([prefix, false]);
        expect(await ask('GET', `/${bucket}`)).toBe(false);
        expect(await ask('GET', `/${bucket}?location=`)).toBe(isMounted);
        for (const what of [
          'uploads',
          'versions',
          'notification',
          'lifecycle',
          'versioning',
          'policy',
          'encryption',
          'tagging',
        ])
          expect([what, await ask('GET', `/${bucket}?${what}=`)]).toEqual([what, false]);
        for (const what of ['notification', 'lifecycle', 'versioning', 'policy'])
          expect([what, await ask('PUT', `/${bucket}?${what}=`, 'x', { 'content-md5': md5('x') })]).toEqual([
            what,
            false,
          ]);
        expect(await ask('DELETE', `/${bucket}`)).toBe(false);
        const object = '<Delete><Object><Key>cow/file</Key></Object></Delete>';
        const answer = await services.ask(name, 'POST', `/${bucket}?delete=`, object, { 'content-md5': md5(object) });
        expect(answer.body.toString()).toContain('AccessDenied');
      }
      expect(await ask('PUT', '/another-bucket')).toBe(false);
      const buckets = (await services.ask(name, 'GET', '/')).body.toString();
      const names = [...buckets.matchAll(/<Name>([^<]*)</g)].map(([, one]) => one);
      expect(names).toEqual(mount.map((path) => path.split('/')[0]));
    });

    test.each(users)('$name, of the admin API: nothing', async ({ name }) => {
      const { accessKey, secretKey } = services.keysOf(name);
      const env = { ...process.env, MC_HOST_me: `http://${accessKey}:${secretKey}@127.0.0.1:${minio.port}` };
      for (const command of [
        ['info', 'me'],
        ['user', 'list', 'me'],
        ['user', 'info', 'me', name],
        ['user', 'add', 'me', 'somebody', 'not-a-secret'],
        ['user', 'enable', 'me', name],
        ['policy', 'list', 'me'],
        ['policy', 'attach', 'me', 'readwrite', '--user', name],
        ['accesskey', 'create', 'me'],
        ['config', 'get', 'me', 'notify_webhook'],
      ]) {
        const said = await run(program('mc'), ['--json', 'admin', ...command], env).catch(({ stdout }) => stdout);
        expect([command, said]).toEqual([command, expect.stringMatching(/Access Denied/)]);
      }
    });
  });

  test.each([
    ['deleted', ['user', 'remove', 'oscar', 'oscar.cow'], 'created; policy attached'],
    ['disabled', ['user', 'disable', 'oscar', 'oscar.cow'], 'enabled'],
    [
      'of another secret key',
      ['user', 'add', 'oscar', 'oscar.cow', 'of-somebody'],
      'secret key changed to that of its Secret',
    ],
    ['without its policy', ['policy', 'detach', 'oscar', 'oscar.cow', '--user', 'oscar.cow'], 'policy attached'],
    [
      'with more policies',
      ['policy', 'attach', 'oscar', 'readwrite', '--user', 'oscar.cow'],
      'policy "readwrite" detached, which is not declared',
    ],
    [
      'in a group',
      ['group', 'add', 'oscar', 'crew', 'oscar.cow'],
      'taken out of the group "crew", which is not declared',
    ],
  ])('one that somebody left %s is put right', async (_, command, what) => {
    await minio.mc('admin', ...command);
    const others = all('as declared: user "NAME"').filter((line) => !line.endsWith('"oscar.cow"'));
    expect(await services.converge()).toEqual([...others, `changed: user "oscar.cow": ${what}`].sort());
    expect(await services.converge()).toEqual(all('as declared: user "NAME"'));
    expect((await services.ask('oscar.cow', 'GET', '/inn/cow/file')).status).toBe(200);
    expect(await stored('oscar.cow')).toMatchObject({ policyName: 'oscar.cow', userStatus: 'enabled' });
    expect(await stored('oscar.cow')).not.toHaveProperty('memberOf');
  });

  test('whose policy is gone, or says something else, get it again', async () => {
    await minio.mc('admin', 'policy', 'detach', 'oscar', 'oscar.cow', '--user', 'oscar.cow');
    await minio.mc('admin', 'policy', 'remove', 'oscar', 'oscar.cow');
    expect(await services.converge()).toContain('changed: user "oscar.cow": policy written; policy attached');
    const wider = { ...services.declaration, users: [userOf('cow', { read: ['out/'] }), ...users.slice(1)] };
    expect(await services.converge(wider)).toContain('changed: user "oscar.cow": policy written');
    expect((await services.ask('oscar.cow', 'GET', '/out/say/file')).status).toBe(200);
    expect(await services.converge()).toContain('changed: user "oscar.cow": policy written');
    expect((await services.ask('oscar.cow', 'GET', '/out/say/file')).status).toBe(403);
  });

  test('whose Secret was made again get the new key', async () => {
    services.secretKeys.set('oscar.say', 'Made "again" + with % & more');
    expect(await services.converge()).toContain('changed: user "oscar.say": secret key changed to that of its Secret');
    expect((await services.ask('oscar.say', 'GET', '/inn/say/file')).status).toBe(200);
  });

  test('that are no longer declared are disabled, and those of others stay', async () => {
    const others = ['oscar', 'oscarx.cow', 'scar.cow', 'other.cow', 'somebody'];
    for (const name of others) await minio.mc('admin', 'user', 'add', 'oscar', name, 'not-a-secret');
    const less = { ...services.declaration, users: users.filter(({ name }) => !name.startsWith('oscar.mnt')) };
    const gone = ['oscar.mnt', 'oscar.mnt.mount'].map((name) => `user "${name}", which is not declared`);
    expect((await services.converge(less)).slice(4)).toEqual(
      gone.map((user) => `changed: ${user}: disabled; it stays, with its policy`),
    );
    expect((await services.converge(less)).slice(4)).toEqual(
      gone.map((user) => `left alone: ${user}: it is disabled, and stays with its policy`),
    );
    expect((await services.ask('oscar.mnt', 'GET', '/inn/mnt/file')).status).toBe(403);
    for (const name of others) expect(await stored(name)).toMatchObject({ userStatus: 'enabled' });
    const again = await services.converge();
    for (const { name } of users.slice(4)) expect(again).toContain(`changed: user "${name}": enabled`);
  });

  test('are right after two runs at once', async () => {
    for (const { name } of users) await minio.mc('admin', 'user', 'remove', 'oscar', name);
    const said = await Promise.all([services.converge(), services.converge()]);
    expect(said.flat().filter((line) => line.startsWith('failed'))).toEqual([]);
    expect(await services.converge()).toEqual(all('as declared: user "NAME"'));
  });

  test('and their keys were never told', () => {
    expect(services.logged.length).toBeGreaterThan(50);
    for (const secret of [...services.secretKeys.values(), minio.root.secretKey])
      expect(services.logged.join('\n')).not.toContain(secret);
  });
});
