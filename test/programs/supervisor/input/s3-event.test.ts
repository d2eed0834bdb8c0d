import fc from 'fast-check';
import { basename } from 'node:path';
import { data, event, json, minioEvent, minioRecord, object, refused, s3Record } from './events';

const minio = (key: string, more = {}) => object(minioEvent(minioRecord(key, more)));

test('MinIO: bucket, decoded key, name, time and the event as it was sent', () => {
  const sent = json(minioEvent());
  expect(object(sent)).toEqual({
    type: 'minio',
    path: 'images/in/photo.jpg',
    key: 'in/photo.jpg',
    name: 'photo.jpg',
    time: '2026-11-22T10:23:44.123Z',
    event: sent,
  });
});

test("S3: the same, by the source's name", () => {
  expect(object({ Records: [s3Record('in/dog.jpg')] })).toMatchObject({
    type: 's3',
    path: 'example-bucket/in/dog.jpg',
    key: 'in/dog.jpg',
    name: 'dog.jpg',
    time: '2026-11-22T11:40:46.473Z',
  });
});

describe('keys', () => {
  test.each([
    ['in/plain.txt', 'in/plain.txt', 'plain.txt'],
    ['top.txt', 'top.txt', 'top.txt'],
    ['in%2Ffile.txt', 'in/file.txt', 'file.txt'],
    ['in%2ffile.txt', 'in/file.txt', 'file.txt'],
    ['a+b%20c.txt', 'a b c.txt', 'a b c.txt'],
    ['a%2Bb.txt', 'a+b.txt', 'a+b.txt'],
    ['100%25.txt', '100%.txt', '100%.txt'],
    ['%E5%AD%97%F0%9F%98%80.txt', '字😀.txt', '字😀.txt'],
    ['not-encoded-ä.txt', 'not-encoded-ä.txt', 'not-encoded-ä.txt'],
    ['a/../../../etc/passwd', 'a/../../../etc/passwd', 'passwd'],
    ['..%2F..%2Fx', '../../x', 'x'],
    ['../x', '../x', 'x'],
    ['/etc/passwd', '/etc/passwd', 'passwd'],
    ['a//b', 'a//b', 'b'],
    ['...', '...', '...'],
    ['.hidden', '.hidden', '.hidden'],
    ['a%0Ab', 'a\nb', 'a\nb'],
    ['in/a\\b', 'in/a\\b', 'a\\b'],
    ['-rf', '-rf', '-rf'],
    [`${'d/'.repeat(300)}${'x'.repeat(255)}`, `${'d/'.repeat(300)}${'x'.repeat(255)}`, 'x'.repeat(255)],
  ])('%j', (sent, key, name) => {
    expect(minio(sent)).toMatchObject({ key, name, path: `images/${key}` });
  });

  test.each([
    ['a broken escape', 'a%zz', /got "a%zz". Allowed: "%" and two hex/],
    ['half an escape', 'a%2', /not a URL-encoded key/],
    ['bytes that are not UTF-8', 'a%ff', /not a URL-encoded key/],
    ['a last part "."', 'in/.', /no name that a file can have, got "\."/],
    ['a last part ".."', 'in%2F..', /no name that a file can have, got "\.\."/],
    ['only ".."', '..', /no name that a file can have/],
    ['a NUL in the name', 'in/a%00b', /a NUL or half a character, got "in\/a\\u0000b"/],
    ['a NUL before it', 'a%00/b', /a NUL or half a character/],
    ['half a character', 'a\ud800', /a NUL or half a character, got "a\\ud800"/],
    ['a name of 256 bytes', 'x'.repeat(256), /at most 255 bytes/],
    ['a name of 128 characters and 256 bytes', 'ä'.repeat(128), /at most 255 bytes/],
    ['nothing', '', /not the text that the event needs here, got ""/],
  ])('refused: %s', (_, key, message) => {
    const told = refused(() => minio(key));
    expect(told).toMatch(message);
    expect(told).toMatch(/^body\.Records\[0\]\.s3\.object\.key: .*Allowed: .*Fix: /);
  });

  test('whatever the key, the file is in the input folder and under one name', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      '/',
      '%2F',
      '%00',
      'a',
      '+',
      '%20',
      '%ff',
      '\\',
      '%5C',
      '\n',
      '~',
      '字',
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const body = json(minioEvent(minioRecord(parts.join(''))));
        let name: string | undefined;
        try {
          name = event(body).objects[0]?.name;
        } catch (error) {
          expect(error).toMatchObject({ kind: 'input' });
        }
        if (name === undefined) return;
        expect(basename(name)).toBe(name);
        expect(['', '.', '..']).not.toContain(name);
        expect(name).not.toMatch(/[/\0]/);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('event names', () => {
  test.each([
    's3:ObjectCreated:Put',
    's3:ObjectCreated:Post',
    's3:ObjectCreated:Copy',
    's3:ObjectCreated:CompleteMultipartUpload',
    'ObjectCreated:Put',
    'ObjectCreated:CompleteMultipartUpload',
    undefined,
    null,
  ])('%j is an upload', (eventName) => expect(minio('in/a', { eventName }).name).toBe('a'));

  test.each([
    's3:ObjectRemoved:Delete',
    's3:ObjectRemoved:DeleteMarkerCreated',
    'ObjectRemoved:Delete',
    's3:ObjectCreated:PutTagging',
    's3:ObjectCreated:PutRetention',
    's3:ObjectCreated:PutLegalHold',
    's3:ObjectCreated:*',
    's3:ObjectAccessed:Get',
    's3:s3:ObjectCreated:Put',
    'S3:ObjectCreated:Put',
    's3:TestEvent',
    'something new',
  ])('%j is skipped, and told', (eventName) => {
    expect(event(minioEvent(minioRecord('in/a', { eventName })))).toEqual({
      kind: 'event',
      objects: [],
      skipped: [`body.Records[0]: "${eventName}" of "in/a" is no upload`],
      broken: [],
      variables: {},
    });
  });

  test('what is skipped need not name an object', () => {
    const record = { eventSource: 'aws:s3', eventName: 's3:Replication:Failed' };
    expect(event({ Records: [record] }).skipped).toEqual([
      'body.Records[0]: "s3:Replication:Failed" of something without a key is no upload',
    ]);
  });

  test.each([5, {}, ''])('%j is no name', (eventName) => {
    expect(refused(() => minio('in/a', { eventName }))).toMatch(/^body\.Records\[0\]\.eventName: not the text/);
  });
});

test.each(['in/', 'in%2F', 'a/b//', '/'])('the folder marker %j is skipped, and told', (key) => {
  const { objects, skipped } = event(minioEvent(minioRecord(key)));
  expect(objects).toEqual([]);
  expect(skipped).toEqual([expect.stringMatching(/^body\.Records\[0\]: ".*\/" is a folder's marker, no file$/)]);
});

describe('buckets', () => {
  const named = (name: unknown) => minioEvent(minioRecord('a', { s3: { bucket: { name }, object: { key: 'a' } } }));

  test.each([
    ...['abc', 'a-b.c', '1bucket2', 'x'.repeat(63)],
    // Of older rules, and of MinIO's.
    ...['Old_Bucket', 'ABC', '-abc', 'abc-', '.abc', 'a..b', '...', 'a:b', 'x'.repeat(255)],
  ])('%j is one', (name) => {
    expect(object(named(name)).path).toBe(`${name}/a`);
  });

  test.each([
    '.',
    '..',
    'ab',
    'x'.repeat(256),
    'a/b',
    'a\\bc',
    'a%2Fb',
    'a?b',
    'a#b',
    'a@b',
    '../x',
    'a b',
    'a\0bc',
    'a\nbc',
    'abc\n',
    'äbc',
  ])('%j is none', (name) => {
    expect(refused(() => object(named(name)))).toMatch(/^body\.Records\[0\]\.s3\.bucket\.name: .*Fix: /);
  });
});

describe('broken records', () => {
  test.each([
    ['no s3', { s3: undefined }, /^body\.Records\[0\]\.s3\.bucket\.name: missing in the event\. Allowed/],
    ['s3 is text', { s3: 'x' }, /\.s3\.bucket\.name: missing/],
    ['no bucket', { s3: { object: { key: 'a' } } }, /\.s3\.bucket\.name: missing/],
    ['no object', { s3: { bucket: { name: 'abc' } } }, /^body\.Records\[0\]\.s3\.object\.key: missing/],
    [
      'a key that is a number',
      { s3: { bucket: { name: 'abc' }, object: { key: 5 } } },
      /\.key: not the text.*, got 5\./,
    ],
    [
      'a key that is null',
      { s3: { bucket: { name: 'abc' }, object: { key: null } } },
      /\.key: not the text.*, got null/,
    ],
    ['a list in the place of s3', { s3: [] }, /\.s3\.bucket\.name: missing/],
    ['a time that is a list', { eventTime: [1] }, /\.eventTime: no time, got \[1\]\. Allowed: a string or a number/],
    ['a time with a NUL', { eventTime: 'a\0' }, /\.eventTime: a NUL/],
  ])('%s', (_, more, message) => expect(refused(() => minio('a', more))).toMatch(message));

  test.each([
    [undefined, ''],
    [null, ''],
    ['', ''],
    ['yesterday', 'yesterday'],
    [1677592091, '1677592091'],
  ])('a time that is %j', (eventTime, time) => expect(minio('a', { eventTime }).time).toBe(time));
});

describe('several records', () => {
  const three = minioEvent(minioRecord('in/1'), minioRecord('in/'), s3Record('in/3'));

  test('each is an object of its own, with the event as if it were alone', () => {
    const { objects, skipped } = event(json(three));
    expect(objects.map(({ type, name }) => [type, name])).toEqual([
      ['minio', '1'],
      ['s3', '3'],
    ]);
    expect(skipped).toHaveLength(1);
    expect(skipped[0]).toMatch(/^body\.Records\[1\]/);
    expect(JSON.parse(objects[0].event)).toEqual({ ...three, Records: [three.Records[0]] });
    expect(JSON.parse(objects[1].event)).toEqual({ ...three, Records: [three.Records[2]] });
  });

  test('the same object twice is two objects', () => {
    expect(event(minioEvent(minioRecord('a'), minioRecord('a'))).objects).toHaveLength(2);
  });

  test('numbers keep their digits, and the text its form', () => {
    const record =
      '{"eventSource":"aws:s3","s3":{"bucket":{"name":"abc"},"object":{"key":"a","size":12345678901234567890}}}';
    expect(event(`{"Records": [${record}, ${record}], "x": 1.0}`).objects[1].event).toBe(
      `{"Records": [${record}], "x": 1.0}`,
    );
  });

  test('thousands, with much around them, are not held one by one', () => {
    const padding = 'x'.repeat(1_000_000);
    const { objects } = event({ Records: Array.from({ length: 3000 }, () => s3Record('a')), padding });
    expect(objects).toHaveLength(3000);
    expect(JSON.parse(objects[2999].event)).toEqual({ Records: [s3Record('a')], padding });
  });
});

test.each([
  ['no list', { Records: 'minio:s3' }],
  ['an object', { Records: { 0: minioRecord('a') } }],
  ['empty', { Records: [] }],
  ['without a source', { Records: [{ eventName: 's3:ObjectCreated:Put' }] }],
  ['of sources that nobody knows', { Records: [{ eventSource: 'aws:sqs' }, { eventSource: 'aws:SNS' }] }],
  ['of no objects', { Records: ['minio:s3', 5, null, ['eventSource']] }],
  ['under another name', { records: [minioRecord('a')] }],
  ['in a list', [minioEvent()]],
])('Records that are %s are data', (_, body) => expect(data(body)).toBe(json(body)));
