import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bindingRecord, MANAGER_ENDPOINT_ENV } from '../../src/contract';
import { usersOfPrograms } from '../../src/constructs/platform-users';
import type { Log } from '../../src/programs/common/log';
import { sweep } from '../../src/programs/provisioner/sweep/sweep';
import { BucketStore, Keys } from './support/bucket-store';
import { program, run } from './support/process';
import { ServiceUsers, userOf } from './support/service-users';
import { binding } from './support/store-work';

const PLACE = { platform: 'oscar', namespace: 'oscar' };
const NAME = 'oscar.platform.sweep';
const BUCKETS = ['inn', 'inn-ann', 'whole', 'other', 'oscar-bodies', 'oscar-records'];
/** The last is a folder of a user's bucket (`isolation_level: user`). */
const BINDINGS = [binding('cow', 'inn/cow/'), binding('say', 'whole/'), binding('cow', 'inn-ann/cow/')];
/** An upload of before the bindings: nothing is asked of a manager, and none is there. */
const UPLOAD = 'inn/cow/file';

let minio: BucketStore;
let users: ServiceUsers;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oscar-sweep-user-'));
  minio = await BucketStore.startFor({ port: 9, token: 'not-a-secret' }, ...BUCKETS);
  for (const key of ['cow/file', 'cow-not/file', 'file'])
    for (const bucket of BUCKETS) await minio.put(`${bucket}/${key}`, 'content');
  for (const { service, path } of BINDINGS) {
    const record = { service, path, since: new Date(Date.now() + 1000).toISOString() };
    await minio.put(`oscar-records/${bindingRecord(service, path)}`, JSON.stringify(record));
  }
  users = new ServiceUsers(minio, [...usersOfPrograms(PLACE, BINDINGS), userOf('cow')]);
  await users.converge();
});
afterAll(async () => {
  await minio?.remove();
  rmSync(folder, { recursive: true });
});

async function answer(method: string, path: string, body?: string, headers?: Record<string, string>) {
  const { status, body: text } = await users.ask(NAME, method, path, body, headers);
  return status === 403 || text.includes('AccessDenied') ? 'refused' : status;
}
const list = (bucket: string, prefix: string) =>
  answer('GET', `/${bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`);
const removal = (bucket: string, key: string) => {
  const document = `<Delete><Object><Key>${key}</Key></Object></Delete>`;
  const digest = createHash('md5').update(document).digest('base64');
  return answer('POST', `/${bucket}?delete=`, document, { 'content-md5': digest });
};

/** @returns the exit code, or what it gave up with */
async function swept(
  keys: Keys,
  wait: () => Promise<unknown> = async () => {},
  log: Log = () => undefined,
): Promise<string | number> {
  for (const [secret, files] of Object.entries({ minio: keys, webhook: { token: 'not-a-secret' } })) {
    mkdirSync(join(folder, secret), { recursive: true });
    for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, secret, name), value);
  }
  const env = { [MANAGER_ENDPOINT_ENV]: 'http://127.0.0.1:9' };
  const declaration = { ...users.declaration, bindings: BINDINGS };
  return sweep(declaration, { env, secretsDir: folder, log, wait }).catch(({ message }: Error) => message);
}

describe('the sweep’s user', () => {
  test('is made beside those of services, and found as it is then', async () => {
    expect(await users.converge()).toEqual(['as declared: user "oscar.cow"', `as declared: user "${NAME}"`]);
    expect(await swept(users.keysOf(NAME))).toBe(0);
  });

  test('lists the folders that services are bound to, and no other', async () => {
    expect([await list('inn', 'cow/'), await list('inn-ann', 'cow/'), await list('whole', '')]).toEqual([
      200, 200, 200,
    ]);
    for (const prefix of ['', 'cow', 'cow-not/', 'c'])
      for (const bucket of ['inn', 'inn-ann'])
        expect([prefix, await list(bucket, prefix)]).toEqual([prefix, 'refused']);
    for (const bucket of ['other', 'oscar-bodies'])
      for (const prefix of ['', 'cow/']) expect([bucket, await list(bucket, prefix)]).toEqual([bucket, 'refused']);
  });

  test.each(['inn', 'inn-ann', 'whole', 'other', 'oscar-bodies'])('reads and changes nothing in %s', async (bucket) => {
    for (const key of ['cow/file', 'file']) {
      const path = `/${bucket}/${key}`;
      expect({
        get: await answer('GET', path),
        head: await answer('HEAD', path),
        tags: await answer('GET', `${path}?tagging=`),
        put: await answer('PUT', path, 'new'),
        begin: await answer('POST', `${path}?uploads=`),
        copy: await answer('PUT', '/oscar-records/done/cow/copy', '', { 'x-amz-copy-source': path }),
        delete: await answer('DELETE', path),
        deletes: await removal(bucket, key),
      }).toEqual(
        Object.fromEntries(
          ['get', 'head', 'tags', 'put', 'begin', 'copy', 'delete', 'deletes'].map((what) => [what, 'refused']),
        ),
      );
    }
    expect((await minio.get(UPLOAD))!.toString()).toBe('content');
    for (const what of ['location', 'notification', 'lifecycle', 'versioning', 'policy', 'uploads'])
      expect([what, await answer('GET', `/${bucket}?${what}=`)]).toEqual([what, 'refused']);
    expect(await answer('DELETE', `/${bucket}`)).toBe('refused');
  });

  test('writes the notification rules of the buckets that services are bound to, and of no other', async () => {
    const rules = (bucket: string) => answer('PUT', `/${bucket}?notification=`, '<NotificationConfiguration/>');
    expect([await rules('inn'), await rules('inn-ann'), await rules('whole')]).toEqual([200, 200, 200]);
    for (const bucket of ['other', 'oscar-bodies', 'oscar-records'])
      expect([bucket, await rules(bucket)]).toEqual([bucket, 'refused']);
    const headers = { 'content-md5': createHash('md5').update('<x/>').digest('base64') };
    for (const what of ['lifecycle', 'versioning', 'policy', 'tagging'])
      expect([what, await answer('PUT', `/inn?${what}=`, '<x/>', headers)]).toEqual([what, 'refused']);
  });

  test('keeps records, and leaves the removal of bindings to the provisioner', async () => {
    const [record, bound] = ['/oscar-records/done/cow/cow-0', `/oscar-records/${bindingRecord('cow', 'inn/cow/')}`];
    expect([await answer('HEAD', record), await answer('GET', bound)]).toEqual([404, 200]);
    expect([await answer('PUT', record, 'done'), await answer('HEAD', record)]).toEqual([200, 200]);
    expect(await removal('oscar-records', record.slice('/oscar-records/'.length))).toBe(200);
    expect([await answer('HEAD', record), await answer('DELETE', bound)]).toEqual([404, 'refused']);
  });

  test('makes no bucket, and nothing by the admin API', async () => {
    expect(await answer('PUT', '/another-bucket')).toBe('refused');
    const { accessKey, secretKey } = users.keysOf(NAME);
    const env = { ...process.env, MC_HOST_me: `http://${accessKey}:${secretKey}@127.0.0.1:${minio.port}` };
    for (const command of [
      ['info', 'me'],
      ['user', 'list', 'me'],
      ['user', 'add', 'me', 'somebody', 'not-a-secret'],
      ['policy', 'attach', 'me', 'readwrite', '--user', NAME],
      ['accesskey', 'create', 'me'],
    ]) {
      const said = await run(program('mc'), ['--json', 'admin', ...command], env).catch(({ stdout }) => stdout);
      expect([command, said]).toEqual([command, expect.stringMatching(/Access Denied/)]);
    }
  });

  test.each([
    ['is not there yet', { accessKey: 'oscar.platform.none', secretKey: 'Secret-of-none-41c7' }, 'InvalidAccessKeyId'],
    ['has another key', { accessKey: NAME, secretKey: 'Secret-of-before-41c7' }, 'SignatureDoesNotMatch'],
    ['may not do this', { accessKey: 'oscar.cow', secretKey: 'Secret-of-oscar.cow-41c7' }, 'AccessDenied'],
  ])('that %s: the sweep gives up, and says what to do', async (_, keys, code) => {
    const said = await swept(keys);
    expect(said).toMatch(`(${code}). The provisioner makes the sweep's user`);
    expect(said).toMatch(/Fix: see the log of the provisioner/);
    expect(said).not.toContain(keys.secretKey);
  });

  test('is waited for by a sweep that comes before the provisioner is done', async () => {
    await minio.mc('admin', 'user', 'remove', 'oscar', NAME);
    const keys = users.keysOf(NAME);
    const lines: string[] = [];
    let waits = 0;
    const meanwhile = async () => {
      waits++;
      if (waits === 2) await minio.mc('admin', 'user', 'add', 'oscar', NAME, keys.secretKey);
      if (waits === 4) await users.converge();
    };
    expect(await swept(keys, meanwhile, (_, message) => void lines.push(message))).toBe(0);
    expect(waits).toBe(4);
    for (const [index, code] of ['InvalidAccessKeyId', 'InvalidAccessKeyId', 'AccessDenied', 'AccessDenied'].entries())
      expect(lines[index]).toContain(`(${code}): the provisioner may not be done yet; trying again in `);
  });

  test('has as many policies as it takes for hundreds of folders, and no more than that afterwards', async () => {
    const many = Array.from({ length: 400 }, (_, index) => binding(`service-${index}`, `inn/folder-${index}/`));
    const reader = userOf('cow', { read: many.map(({ path }) => path) });
    const declared = { ...users.declaration, users: [...usersOfPrograms(PLACE, many), reader] };
    expect(await users.converge(declared)).toContainEqual(
      expect.stringMatching(`^changed: user "${NAME}": policy written; policy attached$`),
    );
    expect(await users.converge(declared)).toEqual(['as declared: user "oscar.cow"', `as declared: user "${NAME}"`]);
    await minio.put('inn/folder-399/file', 'content');
    expect((await users.ask('oscar.cow', 'GET', '/inn/folder-399/file')).status).toBe(200);
    expect([await list('inn', 'folder-0/'), await list('inn', 'folder-399/')]).toEqual([200, 200]);
    expect([await list('inn', 'cow/'), await list('inn', 'folder-400/')]).toEqual(['refused', 'refused']);
    expect(await users.converge()).toContainEqual(expect.stringMatching(/policy "oscar\.platform\.sweep\.2" detached/));
    expect([await list('inn', 'cow/'), await list('inn', 'folder-399/')]).toEqual([200, 'refused']);
  });
});
