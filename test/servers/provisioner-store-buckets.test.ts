import { bindingRecord, completionRecord, UPLOAD_EVENTS, WEBHOOK_ARN } from '../../src/contract';
import { BucketStore } from './support/bucket-store';
import { binding, bucket, convergeStore, StoreAt } from './support/store-work';

const rule = (prefix: string, suffix = '') => ({ prefix, suffix });
const RECORDS = bucket('oscar-records');

describe('a real MinIO', () => {
  let minio: BucketStore;
  let at: StoreAt;
  beforeAll(async () => {
    // Nobody listens there: MinIO knows the target, and keeps what it would tell.
    minio = await BucketStore.startFor({ port: 9, token: 'not-a-secret' }, 'persons');
    at = { endpoint: `http://127.0.0.1:${minio.port}`, ...minio.root };
  });
  afterAll(() => minio?.remove());

  const text = async (path: string) => (await minio.ask('GET', path)).body.toString();
  const must = async (method: string, path: string, body = '') => {
    const answer = await minio.ask(method, path, Buffer.from(body));
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`);
  };

  describe('buckets', () => {
    const declared = bucket('all', {
      versioning: true,
      expireDays: 3,
      notifications: [rule('in/'), rule('other/', '.jpg')],
    });

    test('are made from nothing as declared, and found so at the second run', async () => {
      expect(await convergeStore(at, { buckets: [declared] })).toEqual([
        'changed: bucket "all": created',
        'changed: bucket "all": expiry: after 3 days',
        'changed: bucket "all": notifications: 2, where there were 0',
        'changed: bucket "all": versioning: turned on',
      ]);
      expect(await convergeStore(at, { buckets: [declared] })).toEqual([
        'as declared: bucket "all"',
        'as declared: bucket "all": expiry after 3 days',
        'as declared: bucket "all": notifications (2)',
        'as declared: bucket "all": versioning',
      ]);
      expect(await text('/all?versioning=')).toContain('<Status>Enabled</Status>');
      const lifecycle = JSON.parse(await minio.mc('ilm', 'rule', 'ls', 'oscar/all')).config.Rules;
      expect(lifecycle).toMatchObject([{ ID: 'oscar-cdk8s/oscar/expire', Status: 'Enabled', Expiration: { Days: 3 } }]);
      const told = (await minio.mc('event', 'ls', 'oscar/all'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const events = UPLOAD_EVENTS;
      expect(told.map(({ arn, prefix, suffix, event }) => [arn, prefix, suffix, event.sort()])).toEqual(
        expect.arrayContaining([
          [WEBHOOK_ARN, 'in/', '', [...events].sort()],
          [WEBHOOK_ARN, 'other/', '.jpg', [...events].sort()],
        ]),
      );
    });

    test('that somebody changed are set right; what is no longer declared of a declared one goes, versions stay', async () => {
      await must('PUT', '/all?notification=', '<NotificationConfiguration></NotificationConfiguration>');
      expect(await convergeStore(at, { buckets: [declared] })).toContain(
        'changed: bucket "all": notifications: 2, where there were 0',
      );
      expect(await convergeStore(at, { buckets: [bucket('all')] })).toEqual([
        'as declared: bucket "all"',
        'changed: bucket "all": expiry: removed, objects stay',
        'changed: bucket "all": notifications: 0, where there were 2',
        'left alone: bucket "all": versioning is on, and not declared: versions stay',
      ]);
      expect(await text('/all?lifecycle=')).toContain('NoSuchLifecycleConfiguration');
      expect(await text('/all?notification=')).not.toContain('QueueConfiguration');
    });

    test("lose other people's notifications, and it is said what they were", async () => {
      await must('PUT', '/theirs');
      await minio.mc('event', 'add', 'oscar/theirs', WEBHOOK_ARN, '--event', 'delete', '--prefix', 'a&b/');
      const said = await convergeStore(at, { buckets: [bucket('theirs', { notifications: [rule('in/')] })] });
      const [line] = said.filter((one) => one.includes('"theirs": notifications'));
      expect(line).toContain(
        `"theirs": notifications: 1, where there were 1; removed, as they are not the platform's: "`,
      );
      for (const part of [WEBHOOK_ARN, 's3:ObjectRemoved', 'prefix a&b/']) expect(line).toContain(part);
    });

    test("keep other people's rules of expiry", async () => {
      await must('PUT', '/shared');
      await minio.mc('ilm', 'rule', 'add', 'oscar/shared', '--expire-days', '9', '--prefix', 'a&b/', '--tags', 'x=y');
      await minio.mc('ilm', 'rule', 'add', 'oscar/shared', '--noncurrent-expire-days', '7');
      const rules = async () =>
        JSON.parse(await minio.mc('ilm', 'rule', 'ls', 'oscar/shared')).config.Rules as object[];
      const theirs = await rules();
      expect(theirs).toHaveLength(2);
      await convergeStore(at, { buckets: [bucket('shared', { expireDays: 2 })] });
      expect(await rules()).toEqual([...theirs, expect.objectContaining({ ID: 'oscar-cdk8s/oscar/expire' })]);
      expect(await convergeStore(at, { buckets: [bucket('shared', { expireDays: 4 })] })).toContain(
        'changed: bucket "shared": expiry: after 4 days',
      );
      expect(await rules()).toHaveLength(3);
      await convergeStore(at, { buckets: [bucket('shared')] });
      expect(await rules()).toEqual(theirs);
    });

    test('that fail keep no other from being done', async () => {
      const buckets = [bucket('No_Bucket'), bucket('good', { notifications: [rule('in/')] })];
      const said = await convergeStore(at, { buckets });
      expect(said.slice(0, 2)).toEqual([
        'changed: bucket "good": created',
        'changed: bucket "good": notifications: 1, where there were 0',
      ]);
      expect(said[2]).toMatch(/^failed: creation of the bucket "No_Bucket": .*\(InvalidBucketName\)$/);
      expect(said).toHaveLength(3);
    });
  });

  describe('buckets that are not declared', () => {
    test("lose the platform's rules, and nothing else", async () => {
      await convergeStore(at, { buckets: [bucket('once', { notifications: [rule('in/')] })] });
      await must('PUT', '/once/in/file', 'content');
      await minio.mc('event', 'add', 'oscar/once', WEBHOOK_ARN, '--event', 'put', '--prefix', 'theirs/');
      await minio.mc('event', 'add', 'oscar/persons', WEBHOOK_ARN, '--event', 'put', '--prefix', 'a/');
      const persons = await text('/persons?notification=');
      const said = await convergeStore(at);
      expect(said).toContain(
        `changed: bucket "once" is not declared: 1 notifications of the platform's removed, 1 others, the bucket and its objects left alone`,
      );
      expect(said.join()).not.toContain('persons');
      expect(await text('/persons?notification=')).toBe(persons);
      const left = await text('/once?notification=');
      expect(left).toContain('theirs/');
      expect(left).not.toContain('oscar-cdk8s');
      expect(await text('/once/in/file')).toBe('content');
      expect(await convergeStore(at)).toEqual([]);
    });

    test('lose no object by an expiry that was declared once; the bodies of Jobs still go', async () => {
      const expiring = ['expiring', 'oscar-bodies'].map((name) => bucket(name, { expireDays: 2 }));
      await convergeStore(at, { buckets: expiring });
      await minio.mc('ilm', 'rule', 'add', 'oscar/expiring', '--expire-days', '9', '--prefix', 'theirs/');
      expect(await convergeStore(at)).toEqual(['changed: bucket "expiring": expiry: removed, objects stay']);
      const left = await text('/expiring?lifecycle=');
      expect(left).toContain('theirs/');
      expect(left).not.toContain('oscar-cdk8s');
      expect(await text('/oscar-bodies?lifecycle=')).toContain('oscar-cdk8s/oscar/expire');
      expect(await convergeStore(at)).toEqual([]);
    });

    test("keep another platform's rules", async () => {
      await convergeStore(at, { platform: 'oscar-2', buckets: [bucket('second', { notifications: [rule('')] })] });
      expect(await convergeStore(at)).toEqual([]);
      expect(await text('/second?notification=')).toContain('oscar-cdk8s/oscar-2/');
    });
  });

  describe('bindings', () => {
    const buckets = [bucket('inbox', { notifications: [rule('a/')] }), RECORDS];
    const record = async (service: string, path: string) => {
      const answer = await minio.ask('GET', `/oscar-records/${bindingRecord(service, path)}`);
      return answer.status === 200 ? JSON.parse(answer.body.toString()) : answer.status;
    };

    test('are recorded once, by the time of the store', async () => {
      const bindings = [binding('cowsay', 'inbox/a/'), binding('grayify', 'inbox/a/')];
      expect(await convergeStore(at, { buckets, bindings })).toEqual(
        expect.arrayContaining([
          'changed: binding of "cowsay" to "inbox/a/": it gets what is uploaded from now on',
          'changed: binding of "grayify" to "inbox/a/": it gets what is uploaded from now on',
        ]),
      );
      const first = await record('cowsay', 'inbox/a/');
      expect(first).toEqual({ service: 'cowsay', path: 'inbox/a/', since: expect.any(String) });
      expect(Math.abs(Date.parse(first.since) - Date.now())).toBeLessThan(10_000);
      // The sweep moves it on.
      const moved = { ...first, since: '2030-01-01T00:00:00.000Z' };
      await must('PUT', `/oscar-records/${bindingRecord('cowsay', 'inbox/a/')}`, JSON.stringify(moved));
      expect(await convergeStore(at, { buckets, bindings })).toContain(
        'as declared: binding of "cowsay" to "inbox/a/"',
      );
      expect(await record('cowsay', 'inbox/a/')).toEqual(moved);
    });

    test('that are no longer declared are forgotten; what was done is left to the sweep, which may be under way', async () => {
      const [done, others] = [completionRecord('cowsay', 'cowsay-1'), completionRecord('grayify', 'grayify-1')];
      for (const key of [done, others]) await must('PUT', `/oscar-records/${key}`, 'done');
      const said = await convergeStore(at, { buckets, bindings: [binding('grayify', 'inbox/a/')] });
      expect(said.filter((line) => line.includes('record'))).toEqual([
        'as declared: bucket "oscar-records"',
        expect.stringMatching(
          /^changed: record "bound\/cowsay\/[0-9a-f]{20}" removed: this binding of "cowsay" is not/,
        ),
      ]);
      expect(await record('cowsay', 'inbox/a/')).toBe(404);
      expect(await record('grayify', 'inbox/a/')).toMatchObject({ service: 'grayify' });
      expect((await minio.ask('GET', `/oscar-records/${done}`)).status).toBe(200);
      expect((await minio.ask('GET', `/oscar-records/${others}`)).status).toBe(200);
    });

    test('that have no record do not tell yet', async () => {
      const lacking = [bucket('early', { notifications: [rule('a/')] })];
      const said = await convergeStore(at, {
        platform: 'nobody',
        buckets: lacking,
        bindings: [binding('x', 'early/a/')],
      });
      expect(said.filter((line) => line.startsWith('failed'))).toEqual([
        expect.stringContaining('HEAD of the bucket "nobody-records": there is no such'),
      ]);
      expect(await text('/early?notification=')).not.toContain('QueueConfiguration');
    });
  });
});
