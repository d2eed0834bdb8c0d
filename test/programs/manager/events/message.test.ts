import { recordsOf, tell } from '../../../../src/programs/manager/events/message';
import { eventOf } from '../services';

const record = (bucket: string, key: string, more = {}) => eventOf(bucket, key, more).Records[0];
const raw = (key: unknown) => {
  const one = record('b-1', 'x');
  return { ...one, s3: { ...one.s3, object: { ...one.s3.object, key } } };
};

describe('messages', () => {
  test.each([
    ['', 'it is no JSON'],
    ['{', 'it is no JSON'],
    ['null', 'it has no list of Records'],
    ['"text"', 'it has no list of Records'],
    ['{"Records": {}}', 'it has no list of Records'],
    ['{"Records": []}', 'its list of Records is empty'],
  ])('%s: %s', (body, problem) => {
    expect(recordsOf(Buffer.from(body))).toBe(problem);
  });

  test('records come as they are', () => {
    const event = eventOf('pictures', 'in/a.jpg');
    expect(recordsOf(Buffer.from(JSON.stringify(event)))).toEqual(event.Records);
  });
});

describe('uploads', () => {
  const TIME = '2026-11-24T11:22:33.444Z';

  test.each(['Put', 'Post', 'Copy', 'CompleteMultipartUpload'])('s3:ObjectCreated:%s', (name) => {
    const one = record('pictures', 'in/a b+c%20ü.jpg', { eventName: `s3:ObjectCreated:${name}`, eventTime: TIME });
    expect(tell(one)).toEqual({
      kind: 'upload',
      upload: {
        identity: {
          bucket: 'pictures',
          key: 'in/a b+c%20ü.jpg',
          versionId: undefined,
          sequencer: '17D1A2B3C4D5E6F7',
          eventName: `s3:ObjectCreated:${name}`,
        },
        modified: Date.parse('2024-05-21T22:50:25.990Z'),
        time: Date.parse(TIME),
        record: one,
      },
    });
  });

  test("Amazon's names lack `s3:`", () => {
    expect(tell(record('b-1', 'a', { eventName: 'ObjectCreated:Put' }))).toMatchObject({
      upload: { identity: { eventName: 's3:ObjectCreated:Put' } },
    });
  });

  test.each([
    ["Amazon's sequencers", { eventSource: 'aws:s3', sequencer: '0055AED6DCD90281E5' }],
    ["Ceph's, which look like MinIO's,", { eventSource: 'ceph:s3', sequencer: '9E4B0F6700000000' }],
    ['none', { sequencer: '' }],
  ])('%s tell no time of the object', (_, more) => {
    expect(tell(record('b-1', 'a', more))).toMatchObject({ kind: 'upload', upload: { identity: { key: 'a' } } });
    expect(tell(record('b-1', 'a', more))).not.toHaveProperty('upload.modified');
  });

  test('an event without a time is an upload', () => {
    const one = { ...record('b-1', 'a'), eventTime: 'yesterday' };
    expect(tell(one)).toMatchObject({ kind: 'upload', upload: { identity: { key: 'a' } } });
    expect(tell(one)).not.toHaveProperty('upload.time');
  });
});

test.each([
  ['s3:ObjectRemoved:Delete', 'a.txt'],
  ['s3:ObjectCreated:PutTagging', 'a.txt'],
  ['s3:ObjectAccessed:Get', 'a.txt'],
  ['s3:Replication:OperationFailedReplication', 'a.txt'],
  ['s3:ObjectCreated:Put', 'in/'],
])('nothing to process: %s of %s', (eventName, key) => {
  expect(tell(record('b-1', key, { eventName }))).toMatchObject({ kind: 'ignored' });
});

test.each([
  [null, 'the record has no eventName'],
  ['text', 'the record has no eventName'],
  [{ ...record('b-1', 'a'), eventName: 7 }, 'the record has no eventName'],
  [record('b-1', 'a', { eventName: 's3:Something' }), 'an event of an unknown kind'],
  [{ ...record('b-1', 'a'), s3: undefined }, 'the record names no bucket'],
  [{ ...record('b-1', 'a'), s3: { bucket: null } }, 'the record names no bucket'],
  [record('../b', 'a'), 'the record names no bucket'],
  [raw(undefined), 'the record names no key'],
  [raw(''), 'the record names no key'],
  [raw(['a']), 'the record names no key'],
  [raw('a%zz'), 'the key is not URL-encoded UTF-8'],
  [raw('a%ff'), 'the key is not URL-encoded UTF-8'],
  [raw('in/..'), 'the key ends with a name that no file can have'],
  [raw('in/%2e'), 'the key ends with a name that no file can have'],
  [raw('a%00b'), 'the key holds a NUL character'],
  [raw('a'.repeat(1025)), 'the key is longer than 1024 bytes'],
])('nobody can use it: %j', (one, problem) => {
  expect(tell(one)).toMatchObject({ kind: 'broken', problem });
});
