import * as fc from 'fast-check';
import { ProgramError } from '../../../../src/programs/common/fail';
import {
  isSamePolicy,
  PolicyDocument,
  policyDocuments,
  Statement,
} from '../../../../src/programs/provisioner/users/policy';

const NOTHING = { name: 'oscar.cow', read: [], write: [], remove: [], list: [], notify: [], mount: [] };

/** The only one. */
function policyDocument(user: Parameters<typeof policyDocuments>[0]): PolicyDocument {
  const documents = policyDocuments(user);
  expect(documents).toHaveLength(1);
  return documents[0];
}

/** As MinIO matches (minio/pkg, wildcard.Match): `*` any text, `?` any character. */
function matches(pattern: string, text: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'su').test(text);
}

function isAllowed(statements: readonly Statement[], action: string, path: string): boolean {
  const holds = ({ Action, Resource = [] }: Statement) =>
    Action.some((one) => matches(one, action)) && Resource.some((one) => matches(one, `arn:aws:s3:::${path}`));
  const hits = statements.filter(holds);
  return hits.length > 0 && hits.every(({ Effect }) => Effect === 'Allow');
}

describe('the policy of a user', () => {
  test('says what is declared, action by action', () => {
    const read = ['in/cow/', 'oscar-bodies/cow/'];
    expect(policyDocument({ ...NOTHING, read, write: ['out/'] })).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:GetObject'],
          Resource: ['arn:aws:s3:::in/cow/*', 'arn:aws:s3:::oscar-bodies/cow/*'],
        },
        { Effect: 'Allow', Action: ['s3:AbortMultipartUpload', 's3:PutObject'], Resource: ['arn:aws:s3:::out/*'] },
        { Effect: 'Deny', Action: ['admin:*'] },
      ],
    });
  });

  test('lists and deletes where it may, and nowhere else', () => {
    const [list, remove] = [['in/cow/', 'photos/', 'oscar-records/'], ['oscar-records/done/']];
    const listing = { Effect: 'Allow', Action: ['s3:ListBucket'] };
    expect(policyDocument({ ...NOTHING, list, remove }).Statement).toEqual([
      { Effect: 'Allow', Action: ['s3:DeleteObject'], Resource: ['arn:aws:s3:::oscar-records/done/*'] },
      { ...listing, Resource: ['arn:aws:s3:::in'], Condition: { StringLike: { 's3:prefix': ['cow/*'] } } },
      { ...listing, Resource: ['arn:aws:s3:::photos'] },
      { ...listing, Resource: ['arn:aws:s3:::oscar-records'] },
      { Effect: 'Deny', Action: ['admin:*'] },
    ]);
  });

  test('writes the notification rules of the buckets that it is for, and may not read them', () => {
    const { Statement } = policyDocument({ ...NOTHING, notify: ['in'] });
    expect(isAllowed(Statement, 's3:PutBucketNotification', 'in')).toBe(true);
    for (const [action, path] of [
      ['s3:PutBucketNotification', 'inn'],
      ['s3:PutBucketNotification', 'in/key'],
      ['s3:GetBucketNotification', 'in'],
      ['s3:PutBucketPolicy', 'in'],
      ['s3:PutObject', 'in'],
    ])
      expect([action, path, isAllowed(Statement, action, path)]).toEqual([action, path, false]);
  });

  test('is several where one would be longer than MinIO takes: together they say all, and each refuses admin', () => {
    const list = Array.from({ length: 1000 }, (_, index) => `bucket-${index}/in/`);
    const documents = policyDocuments({ ...NOTHING, read: ['in/cow/'], list });
    const statements = documents.flatMap(({ Statement: [...all] }) => {
      expect(all.pop()).toEqual({ Effect: 'Deny', Action: ['admin:*'] });
      return all;
    });
    expect(statements.map(({ Resource }) => Resource)).toEqual([
      ['arn:aws:s3:::in/cow/*'],
      ...list.map((_, index) => [`arn:aws:s3:::bucket-${index}`]),
    ]);
    const sizes = documents.map((document) => JSON.stringify(document).length);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(20 * 1024);
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(20 * 1024 - 200);
  });

  test('is of several also where one right is to more paths than a policy holds, and to the longest that there are', () => {
    const read = Array.from({ length: 100 }, (_, index) => `${`bucket-${index}`.padEnd(63, 'x')}/${'y'.repeat(1000)}/`);
    const documents = policyDocuments({ ...NOTHING, read });
    for (const document of documents) expect(JSON.stringify(document).length).toBeLessThanOrEqual(20 * 1024);
    const resources = documents.flatMap(({ Statement }) => Statement.flatMap(({ Resource = [] }) => Resource));
    expect(resources).toEqual(read.map((path) => `arn:aws:s3:::${path}*`));
  });

  test('of a mount lists its folder only, and of a mounted bucket the whole of it', () => {
    const listing = (mount: string) =>
      policyDocument({ ...NOTHING, mount: [mount] }).Statement.find(({ Action }) => Action.includes('s3:ListBucket'));
    const statement = { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: ['arn:aws:s3:::shared'] };
    expect(listing('shared/a/b/')).toEqual({ ...statement, Condition: { StringLike: { 's3:prefix': ['a/b/*'] } } });
    expect(listing('shared/')).toEqual(statement);
  });

  test.each(['in/*/', 'in/a?/', 'in/${aws:username}/', 'in', 'in/a', '/in/', '', '/', '*/'])(
    'refuses the path %j',
    (path) => {
      for (const kind of ['read', 'write', 'remove', 'list', 'mount'])
        expect(() => policyDocument({ ...NOTHING, [kind]: [path] })).toThrow(
          new ProgramError(
            `user "oscar.cow": the path ${JSON.stringify(path)} can't stand in a policy. Allowed: "bucket/" or ` +
              '"bucket/folder/", without "*", "?" and "${". Fix: rename the folder in the environment',
          ),
        );
    },
  );

  const bucket = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,5}[a-z0-9]$/);
  // Few characters, so that names begin with one another; and what patterns of other kinds are made of.
  const name = fc.oneof(
    fc.stringMatching(/^[ab.[\]\\^$+(){}|%-]{1,4}$/),
    fc.string({ unit: 'grapheme', minLength: 1 }),
  );
  const path = fc.tuple(bucket, fc.array(name, { maxLength: 3 })).map((parts) => `${parts.flat().join('/')}/`);
  const places = fc.uniqueArray(path, { maxLength: 4 });

  test('never lets it do anything outside of its folders, whatever their names and those of others', () => {
    fc.assert(
      fc.property(fc.tuple(places, places, places, places), path, name, ([read, write, remove, mount], other, file) => {
        const all = [...read, ...write, ...remove, ...mount];
        fc.pre(all.every((one) => !/[*?]|\$\{/.test(one)));
        const { Statement } = policyDocument({ ...NOTHING, read, write, remove, mount, list: all });
        const object = other + file;
        const isIn = (folders: readonly string[]) => folders.some((folder) => object.startsWith(folder));
        const may = (action: string) => isAllowed(Statement, action, object);
        expect({
          get: may('s3:GetObject'),
          put: may('s3:PutObject'),
          abort: may('s3:AbortMultipartUpload'),
          delete: may('s3:DeleteObject'),
          list: may('s3:ListBucket'),
          tag: may('s3:PutObjectTagging'),
          admin: may('admin:CreateServiceAccount'),
        }).toEqual({
          get: isIn([...read, ...mount]),
          put: isIn([...write, ...mount]),
          abort: isIn([...write, ...mount]),
          delete: isIn([...remove, ...mount]),
          ...{ list: false, tag: false, admin: false },
        });
      }),
      { numRuns: 2000 },
    );
  });

  test('lets it do what it must in each of its folders', () => {
    fc.assert(
      fc.property(path, name, (own, file) => {
        fc.pre(!/[*?]|\$\{/.test(own));
        const may = (kind: string, action: string) =>
          isAllowed(policyDocument({ ...NOTHING, [kind]: [own] }).Statement, action, own + file);
        expect(may('read', 's3:GetObject') && may('write', 's3:PutObject') && may('mount', 's3:DeleteObject')).toBe(
          true,
        );
      }),
    );
  });
});

describe('two policies are the same', () => {
  const policy = policyDocument({ ...NOTHING, read: ['a/', 'b/'], write: ['c/'], mount: ['d/e/'] });

  test('in any order, with or without brackets of one, and with empty names', () => {
    const turned = {
      Statement: [...policy.Statement].reverse().map((statement) => ({
        ...{ Sid: '', ...statement },
        Action: statement.Action.length === 1 ? statement.Action[0] : [...statement.Action].reverse(),
        ...(statement.Resource ? { Resource: [...statement.Resource].reverse() } : {}),
      })),
      Version: policy.Version,
    };
    expect(isSamePolicy(turned, policy)).toBe(true);
  });

  test.each([
    ['nothing', null],
    ['an action less', { ...policy, Statement: policy.Statement.slice(1) }],
    [
      'a right more',
      { ...policy, Statement: [...policy.Statement, { Effect: 'Allow', Action: ['s3:*'], Resource: ['*'] }] },
    ],
    ['another effect', { ...policy, Statement: policy.Statement.map((one) => ({ ...one, Effect: 'Allow' })) }],
    ['no condition', { ...policy, Statement: policy.Statement.map(({ Condition: _, ...one }) => one) }],
    ['other paths', policyDocument({ ...NOTHING, read: ['a/', 'b/'], write: ['c/'], mount: ['d/f/'] })],
  ])('but not with %s', (_, other) => {
    expect(isSamePolicy(other, policy)).toBe(false);
  });
});
