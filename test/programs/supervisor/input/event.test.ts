import { meaningOf } from '../../../../src/programs/supervisor/input/event';
import { data, dcacheEvent, inotifyEvent, json, meaning, minioEvent, object, onedataEvent, refused } from './events';

const wrap = (inner: unknown, storage_provider?: unknown) => ({
  event: inner,
  ...(storage_provider === undefined ? {} : { storage_provider }),
});
const wrapTimes = (times: number, inner: unknown, provider?: string): unknown =>
  times === 0 ? inner : wrap(wrapTimes(times - 1, inner, provider), provider);

describe('text of no declared type', () => {
  test.each([
    ['nothing', '', ''],
    ['blanks', ' \r\n\t', ''],
    ['a byte order mark', '\ufeff', ''],
    ['a number', '1234', '1234'],
    ['null', 'null', 'null'],
    ['true', 'true', 'true'],
    ['a list', '[1,2]', '[1,2]'],
    ['a string', '"str"', '"str"'],
    ['an object', '{"event":"x"}', '{"event":"x"}'],
    ['an object that holds no event', '{"event":{"a":1}}', '{"event":{"a":1}}'],
    ['a provider alone', '{"storage_provider":"x"}', '{"storage_provider":"x"}'],
    ['JSON as it was sent, blanks and digits included', ' {"a" : 1.0,\n"b":12345678901234567890}\n', undefined],
    ['JSON with a byte order mark', '\ufeff{"a":1}', undefined],
    ['JSON of letters that are base64 as well', 'true', 'true'],
    ['base64', 'aGVsbG8=', 'hello'],
    ['base64 without padding', 'aGVsbG8', 'hello'],
    ['base64 with line breaks', 'aGVs\r\nbG8=\n', 'hello'],
    ['URL-safe base64', 'fn5-', '~~~'],
    ['base64 after a byte order mark', '\ufeffaGVsbG8=', 'hello'],
    ['base64 of JSON stays what it encodes', Buffer.from(json(minioEvent())).toString('base64'), json(minioEvent())],
  ])('%s', (_, sent, expected = sent) => expect(data(sent)).toBe(expected));

  test('neither JSON nor base64: both reasons, the value and what to send', () => {
    expect(refused(() => data('hello, world'))).toBe(
      'body: neither JSON (a value is due at line 1, column 1) nor base64 ("," is not of base64 at byte 5), ' +
        'got "hello, world". Allowed: JSON, base64, or nothing. Fix: for a file as it is, say so: ' +
        'curl --data-binary @FILE -H "Content-Type: application/octet-stream"; on stdin, send it through base64.',
    );
  });

  test('bytes that are no text are told as such', () => {
    const png = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
    const told = refused(() => meaningOf('text', png));
    expect(told).toMatch(/^body: neither JSON \(it is not UTF-8\) nor base64 \(byte 0x89 is not of base64 at byte 0\)/);
    expect(told).toContain('got "\ufffdPNG\\r\\n\\u001a\\n"');
  });
});

describe('declared JSON', () => {
  test.each(['1234', 'null', '"str"', '[1,2]', ' {"a":1}\n', '\ufeff{}'])('%j is data as it stands', (sent) =>
    expect(data(sent, 'json')).toBe(sent),
  );

  test('an event is one here as well', () => expect(meaning(minioEvent(), 'json').kind).toBe('event'));

  test.each([
    ['nothing', '', /^body: not JSON, as its Content-Type says: it ends where a value is due at line 1, column 1/],
    ['base64', 'aGVsbG8=', /not JSON, as its Content-Type says: a value is due at line 1, column 1, got "aGVsbG8="/],
    ['broken JSON', '{"a":\n 1,}', /a member's name in double quotes is due at line 2, column 4, got "\{"a":\\n 1,\}"/],
  ])('%s is refused with its place', (_, sent, message) => expect(refused(() => data(sent, 'json'))).toMatch(message));
});

describe('wrapper', () => {
  test.each([
    ['MinIO', minioEvent()],
    ['Onedata', onedataEvent()],
    ['dCache, records', dcacheEvent()],
    ['dCache, inotify', inotifyEvent()],
  ])('%s: the event inside counts, and EVENT is this one', (_, inner) => {
    const bare = object(inner);
    expect(object(wrap(inner))).toEqual(bare);
    expect(object(wrap(inner, 'cluster-2'))).toEqual({ ...bare, providerId: 'cluster-2' });
    expect(object(wrap(json(inner)))).toEqual(bare);
    expect(object(wrap(json(inner), 'cluster-2'))).toEqual({ ...bare, providerId: 'cluster-2' });
  });

  test.each([
    ['default', 'default'],
    ['minio.default', 'default'],
    ['minio.a.b', 'a.b'],
    ['my.cluster', 'my.cluster'],
    ['minio', 'minio'],
    ['Cluster_1', 'Cluster_1'],
    ['x'.repeat(63), 'x'.repeat(63)],
  ])('the provider %j', (provider, id) => expect(object(wrap(minioEvent(), provider)).providerId).toBe(id));

  test.each([
    5,
    null,
    '',
    {},
    'minio.',
    '../../etc',
    'minio.../x',
    'a/b',
    '.',
    '..',
    '__proto__',
    'minio.__proto__',
    'a b',
    'a\0',
    'x'.repeat(64),
  ])('the provider %j is refused', (provider) => {
    expect(refused(() => object(wrap(minioEvent(), provider)))).toMatch(
      /^body\.storage_provider: not the name of a storage provider, got .*types: minio, s3, webdav, onedata\. Fix: /,
    );
  });

  test('a provider of another type than the event is refused', () => {
    expect(refused(() => object(wrap(minioEvent(), 's3.default')))).toMatch(
      /^body\.storage_provider: the wrapper .* another type than that of body\.event\.Records\[0\], minio, got s3\.default/,
    );
    expect(object(wrap(dcacheEvent(), 'webdav.dcache')).providerId).toBe('dcache');
  });

  test('the innermost provider counts', () => {
    expect(object(wrap(wrap(minioEvent(), 'inner'), 'outer')).providerId).toBe('inner');
    expect(object(wrap(wrap(minioEvent()), 'outer')).providerId).toBe('outer');
    expect(object(wrap(json(wrap(minioEvent(), 'inner')))).providerId).toBe('inner');
  });

  test.each([
    ['an object', { a: 1 }, '{"a":1}'],
    ['a list', [1, 2], '[1,2]'],
    ['a number', 5, '5'],
    ['null', null, 'null'],
    ['a string with JSON', ' {"a": 1} ', ' {"a": 1} '],
    ['a string with base64', 'aGVsbG8=', 'hello'],
    ['an empty string', '', ''],
    ['a wrapper without an event', { event: 'x' }, '{"event":"x"}'],
  ])('with a provider, %s that is no event is the data', (_, inner, expected) => {
    expect(data(wrap(inner, 'default'))).toBe(expected);
  });

  test('with a provider, a string that is neither JSON nor base64 is refused', () => {
    expect(refused(() => data(wrap('hello, world', 'default')))).toMatch(/^body\.event: neither JSON/);
  });

  test('data keeps its digits', () => {
    expect(data('{"event": {"n": 12345678901234567890, "f": 1.0}, "storage_provider": "x"}')).toBe(
      '{"n": 12345678901234567890, "f": 1.0}',
    );
  });

  test.each([
    ['something else beside it', { event: minioEvent(), other: 1 }],
    ['nothing but text in it', wrap('hello, world')],
    ['base64 in it', wrap('aGVsbG8=')],
    ['JSON in it that is no event', wrap('{"a":1}')],
    ['no event in it, two deep', wrap(wrap({ a: 1 }))],
    ['a list of events in it', wrap([minioEvent()])],
  ])('with %s it is data', (_, body) => expect(data(body)).toBe(json(body)));

  test('five deep, and no deeper', () => {
    expect(object(wrapTimes(5, minioEvent())).name).toBe('photo.jpg');
    expect(object(wrapTimes(5, minioEvent(), 'default')).name).toBe('photo.jpg');
    for (const provider of [undefined, 'default']) {
      expect(refused(() => object(wrapTimes(6, minioEvent(), provider)))).toMatch(
        /^body(\.event){6}: events are wrapped in each other more than 5 times\. Allowed: at most 5/,
      );
    }
  });

  test('thousands deep need no stack', () => {
    const deep = `${'{"event":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(refused(() => data(deep))).toMatch(/more than 5 times/);
    expect(data(`{"a":${deep}}`)).toBe(`{"a":${deep}}`);
  });
});

test('of members with one name the last counts', () => {
  const twice = `{"event": 1, "event": ${json(minioEvent())}}`;
  expect(object(twice).name).toBe('photo.jpg');
});

test.each(['__proto__', 'constructor', 'prototype'])('a member %s changes nothing', (name) => {
  const polluting = json(minioEvent()).replace('{', `{"${name}":{"httpMethod":"GET","body":"x","polluted":1},`);
  expect(object(polluting).name).toBe('photo.jpg');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
