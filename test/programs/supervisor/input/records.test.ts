import { event, json, minioEvent, minioRecord, object, onedataEvent, refused, s3Record } from './events';

const good = minioRecord('in/good.txt');
const known = 'minio:s3, aws:s3, OneTrigger, dcacheTrigger';

describe('a broken record', () => {
  const bucket = (name: unknown) => minioRecord('a', { s3: { bucket: { name }, object: { key: 'a' } } });
  const broken: [string, unknown, RegExp][] = [
    ['a key that leads nowhere', minioRecord('a/..'), /^s3\.object\.key: its last part is no name/],
    ['a name that is too long', minioRecord('x'.repeat(256)), /^s3\.object\.key: its last part is no name/],
    ['a broken escape', minioRecord('bad%zz'), /^s3\.object\.key: not a URL-encoded key/],
    ['a bucket that leads away', bucket('../x'), /^s3\.bucket\.name: not a name that S3 takes/],
    ['nothing but its source', { eventSource: 'aws:s3' }, /^s3\.bucket\.name: missing/],
    ['an event name that is none', minioRecord('a', { eventName: 5 }), /^eventName: not the text/],
    ['a path that leads away', { eventSource: 'dcacheTrigger', file_path: '/a/../b' }, /^file_path: not the path/],
    ['no key of its own', { eventSource: 'OneTrigger', Key: '/space/' + 'x'.repeat(256) }, /^Key: its last part/],
    ['no object', 5, /^eventSource: missing/],
    ['null', null, /^eventSource: missing/],
    ['no source', { s3: {} }, /^eventSource: missing/],
    [
      'a source that is no text',
      { eventSource: ['minio:s3'] },
      /^eventSource: no name of a storage, got \["minio:s3"\]/,
    ],
    ['a source that is empty', { eventSource: '' }, /^eventSource: no name of a storage, got ""/],
  ];

  test.each(broken)('leaves its neighbours, wherever it stands: %s', (_, record, message) => {
    for (const [records, at] of [
      [[record, good, good], 0],
      [[good, record, good], 1],
      [[good, good, record], 2],
    ] as const) {
      const found = event({ Records: records });
      expect(found.objects.map(({ name }) => name)).toEqual(['good.txt', 'good.txt']);
      for (const { event } of found.objects) expect(event).toBe(json({ Records: [good] }));
      expect(found.skipped).toEqual([]);
      expect(found.broken).toHaveLength(1);
      expect(found.broken[0]).toMatchObject({ name: 'InvocationError', kind: 'input', exitCode: 1 });
      const where = `body.Records[${at}].`;
      expect(found.broken[0].message.slice(0, where.length)).toBe(where);
      expect(found.broken[0].message.slice(where.length)).toMatch(message);
      expect(found.broken[0].message).toMatch(/Allowed: .*Fix: /);
    }
  });

  test('each is told', () => {
    const { objects, broken } = event(minioEvent(minioRecord('%'), good, minioRecord('..'), minioRecord('')));
    expect(objects).toHaveLength(1);
    expect(broken.map(({ message }) => /^[^:]*/.exec(message)![0])).toEqual([
      'body.Records[0].s3.object.key',
      'body.Records[2].s3.object.key',
      'body.Records[3].s3.object.key',
    ]);
  });

  test('nothing else to use: the event is refused for the first', () => {
    const skipped = minioRecord('in/');
    expect(refused(() => event(minioEvent(minioRecord('%'))))).toMatch(/^body\.Records\[0\]\.s3\.object\.key: /);
    expect(refused(() => event(minioEvent(skipped, minioRecord('%'), minioRecord('..'), skipped)))).toMatch(
      /^body\.Records\[1\]\.s3\.object\.key: not a URL/,
    );
    expect(refused(() => event({ Records: [5, { eventSource: 'aws:s3' }] }))).toMatch(
      new RegExp(String.raw`^body\.Records\[0\]\.eventSource: missing in the record\. .* one of ${known}`),
    );
  });

  test('a record of another type than the provider that the wrapper names', () => {
    const wrapped = { event: { Records: [s3Record('in/a'), good] }, storage_provider: 'minio.default' };
    const { objects, broken } = event(wrapped);
    expect(objects).toMatchObject([{ type: 'minio', name: 'good.txt', providerId: 'default' }]);
    expect(broken.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^body\.storage_provider: .* that of body\.event\.Records\[0\], s3, got minio\.default/),
    ]);
  });
});

describe('a record of another kind', () => {
  const other = { eventSource: 'ceph:s3', s3: {} };

  test('is skipped, and told, wherever it stands', () => {
    for (const [records, at] of [
      [[good, other], 1],
      [[other, good], 0],
    ] as const) {
      const { objects, skipped, broken } = event({ Records: records });
      expect(objects).toMatchObject([{ name: 'good.txt' }]);
      expect(skipped).toEqual([`body.Records[${at}]: no storage that is known here sends events as "ceph:s3"`]);
      expect(broken).toEqual([]);
    }
  });

  test('beside what is skipped as well there is nothing to process', () => {
    expect(event({ Records: [other, minioRecord('in/')] })).toMatchObject({ objects: [], skipped: { length: 2 } });
  });

  test('beside what is broken, the event is refused', () => {
    expect(refused(() => event({ Records: [other, minioRecord('%')] }))).toMatch(/^body\.Records\[1\]/);
  });
});

test('an event of one kind is read as before', () => expect(object(onedataEvent()).name).toBe('file.txt'));

describe('hundreds of thousands of records', () => {
  const many = (record: unknown, count: number) => `{"Records":[${`${json(record)},`.repeat(count)}${json(good)}]}`;
  /** Bytes that are held by what an event became, beyond its text. */
  const COUNT = 200_000;

  test('of what is skipped, 20 are told, and how many more', () => {
    const { objects, skipped } = event(many({ eventSource: 'aws:s3', eventName: 'x' }, COUNT));
    expect(objects).toHaveLength(1);
    expect(skipped).toHaveLength(21);
    expect(skipped[19]).toMatch(/^body\.Records\[19\]: "x" of/);
    expect(skipped[20]).toBe(`${COUNT - 20} more of the event's records`);
  });

  test('of what is broken, 20 are told, and how many more', () => {
    const { objects, broken } = event(many({ eventSource: 'aws:s3' }, COUNT));
    expect(objects).toHaveLength(1);
    expect(broken).toHaveLength(21);
    expect(broken[19].message).toMatch(/^body\.Records\[19\]\.s3/);
    expect(broken[20]).toMatchObject({ kind: 'input', message: `broken: ${COUNT - 20} more of the event's records` });
  });

  test.each([20, 21])('%j of them', (count) => {
    expect(event(many(minioRecord('in/'), count)).skipped).toHaveLength(count);
    expect(event(many(minioRecord('%'), count)).broken).toHaveLength(count);
  });
});
