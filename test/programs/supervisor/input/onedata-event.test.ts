import { event, json, object, onedataEvent, refused } from './events';

test('space, path, name and time', () => {
  const sent = json(onedataEvent());
  expect(object(sent)).toEqual({
    type: 'onedata',
    path: 'my-space/files/file.txt',
    key: '/my-space/files/file.txt',
    name: 'file.txt',
    time: '2026-02-07T09:51:04.347823',
    event: sent,
  });
});

test('a Key in the record goes before the one beside it', () => {
  expect(object(onedataEvent('/my-space/other.txt', { Key: '/my-space/a/file.txt' })).path).toBe('my-space/a/file.txt');
});

test('objectKey may be missing', () => {
  expect(object(onedataEvent('/s/a b', { objectKey: undefined }))).toMatchObject({ path: 's/a b', name: 'a b' });
});

test('slashes in a row are one', () => {
  expect(object(onedataEvent('//my-space//x///file.txt')).path).toBe('my-space/x/file.txt');
});

test('nothing is decoded: Onedata has names as they are', () => {
  expect(object(onedataEvent('/s/a%2F+b', { objectKey: undefined })).name).toBe('a%2F+b');
});

test.each(['/my-space/files/', '/my-space/'])('the folder %j is skipped, and told', (key) => {
  const { objects, skipped } = event(onedataEvent(key));
  expect(objects).toEqual([]);
  expect(skipped).toEqual([`body.Records[0]: "${key}" is a folder`]);
});

test.each([
  ['a Key that is a number', 5, {}, /^body\.Key: not the text.*, got 5/],
  ['a Key in the record that is null', '/s/file.txt', { Key: null }, /^body\.Records\[0\]\.Key: not the text/],
  ['a Key without its slash', 's/file.txt', {}, /^body\.Key: not the path of a file.*Allowed: an absolute path/],
  ['a Key with ".."', '/s/../other/file.txt', {}, /^body\.Key: not the path of a file on the server/],
  ['a Key with "."', '/s/./file.txt', {}, /^body\.Key: not the path of a file on the server/],
  ['a space alone', '/file.txt', {}, /^body\.Key: a space, but no file in it, got "\/file.txt"/],
  ['a NUL', '/s/\0/file.txt', {}, /^body\.Key: a NUL/],
  ['a long name', `/s/${'x'.repeat(256)}`, { objectKey: undefined }, /^body\.Key: .*at most 255 bytes/],
  ['an objectKey of another file', '/s/a.txt', {}, /^body\.Records\[0\]\.objectKey: another file.*, got "file.txt"/],
  ['an objectKey that leads away', '/s/a.txt', { objectKey: '../a.txt' }, /^body\.Records\[0\]\.objectKey: another/],
  ['an objectKey that is no text', '/s/a.txt', { objectKey: 1 }, /^body\.Records\[0\]\.objectKey: not the text/],
])('refused: %s', (_, key, record, message) => {
  expect(refused(() => object(onedataEvent(key, record)))).toMatch(message);
});

test('one Key is not the file of two records that name different ones', () => {
  const { Key, Records } = onedataEvent();
  const other = { ...Records[0], objectKey: 'other.txt' };
  const { objects, broken } = event({ Key, Records: [...Records, other] });
  expect(objects).toMatchObject([{ name: 'file.txt' }]);
  expect(broken.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^body\.Records\[1\]\.objectKey: another file.*Fix: give each record a Key of its own/),
  ]);
  const own = { ...other, Key: '/my-space/other.txt' };
  expect(event({ Key, Records: [...Records, own] }).objects.map(({ path }) => path)).toEqual([
    'my-space/files/file.txt',
    'my-space/other.txt',
  ]);
});

test('without any Key it is refused', () => {
  const { Records } = onedataEvent();
  expect(refused(() => event({ Records }))).toMatch(/^body\.Key: missing in the event/);
});
