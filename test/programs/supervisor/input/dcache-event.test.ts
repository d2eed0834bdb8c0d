import { data, dcacheEvent, event, inotifyEvent, json, object, refused } from './events';

describe('inotify', () => {
  test('a bare name, in the folder of the input', () => {
    const sent = json(inotifyEvent());
    expect(object(sent)).toEqual({
      type: 'webdav',
      path: 'image2.jpg',
      inFolder: true,
      key: 'image2.jpg',
      name: 'image2.jpg',
      time: '',
      event: sent,
    });
  });

  test.each([[['IN_CLOSE_WRITE']], [['IN_CREATE']], [['IN_MOVED_TO']], [['IN_OPEN', 'IN_CREATE']]])(
    '%j is a file that is there now',
    (mask) => expect(object(inotifyEvent('a', mask)).name).toBe('a'),
  );

  test.each([
    [['IN_CREATE', 'IN_ISDIR']],
    [['IN_DELETE']],
    [['IN_CREATE', 'IN_DELETE']],
    [['IN_MOVED_FROM']],
    [['IN_ATTRIB']],
    [['in_create']],
    [[]],
    [[5, null, ['IN_CREATE']]],
  ])('%j is skipped, and told', (mask) => {
    const { objects, skipped } = event(inotifyEvent('a', mask));
    expect(objects).toEqual([]);
    expect(skipped).toEqual([`body.event: ${json(mask)} of "a" is no file that was written`]);
  });

  const nameless = (mark: string) => ({ ...inotifyEvent(), event: { mask: [mark] } });

  test('what is told of the folder itself has no name', () => {
    expect(event(nameless('IN_DELETE_SELF')).skipped).toEqual([
      'body.event: ["IN_DELETE_SELF"] of the folder itself is no file that was written',
    ]);
  });

  test.each([
    ['no text', 5, /^body\.event\.name: not the text/],
    ['a path', 'a/b', /^body\.event\.name: not a bare name, got "a\/b"/],
    ['absolute', '/etc/passwd', /^body\.event\.name: not a bare name/],
    ['".."', '..', /^body\.event\.name: .*no name that a file can have/],
    ['with a NUL', 'a\0', /^body\.event\.name: a NUL/],
    ['long', 'x'.repeat(256), /^body\.event\.name: .*at most 255 bytes/],
  ])('a name that is %s is refused', (_, name, message) => {
    expect(refused(() => object(inotifyEvent(name)))).toMatch(message);
  });

  test('a file without a name is refused', () => {
    expect(refused(() => object(nameless('IN_CREATE')))).toMatch(/^body\.event\.name: missing in the event/);
  });

  test.each([
    ['with something else than a subscription', { ...inotifyEvent(), subscription: undefined, other: 1 }],
    ['without a subscription', { event: { name: 'a', mask: ['IN_CREATE'] } }],
    ['with a mask that is no list', inotifyEvent('a', 'IN_CREATE')],
    ['with an event that is text', { event: 'a', subscription: 'b' }],
  ])('%s it is data', (_, body) => expect(data(body)).toBe(json(body)));
});

describe('records', () => {
  test('path on the server, name and time', () => {
    const sent = json(dcacheEvent());
    expect(object(sent)).toEqual({
      type: 'webdav',
      path: '/Users/someone/in/image1.jpg',
      key: '/Users/someone/in/image1.jpg',
      name: 'image1.jpg',
      time: '1677592091',
      event: sent,
    });
  });

  test('a time may be a number, or missing', () => {
    expect(object(dcacheEvent('/a', { timestamp: 1677592091 })).time).toBe('1677592091');
    expect(object(dcacheEvent('/a', { timestamp: undefined })).time).toBe('');
  });

  test('slashes in a row are one; the key stays as it was sent', () => {
    expect(object(dcacheEvent('//a///b'))).toMatchObject({ path: '/a/b', key: '//a///b' });
  });

  test('nothing is decoded: the path is one as people write it', () => {
    expect(object(dcacheEvent('/a/b%20+c'))).toMatchObject({ path: '/a/b%20+c', name: 'b%20+c' });
  });

  test('a folder is skipped, and told', () => {
    expect(event(dcacheEvent('/a/b/')).skipped).toEqual(['body.Records[0]: "/a/b/" is a folder']);
  });

  test.each([
    ['no text', {}, /^body\.Records\[0\]\.file_path: not the text.*, got \{\}/],
    ['relative', 'a/b', /^body\.Records\[0\]\.file_path: not the path of a file on the server, got "a\/b"/],
    ['with ".." in it', '/a/../b', /^body\.Records\[0\]\.file_path: not the path/],
    ['with ".." at its end', '/a/..', /^body\.Records\[0\]\.file_path: not the path/],
    ['with a NUL', '/a\0/b', /^body\.Records\[0\]\.file_path: a NUL/],
    ['with half a character', '/a/\udc00', /^body\.Records\[0\]\.file_path: a NUL or half a character/],
    ['with a long name', `/${'x'.repeat(256)}`, /^body\.Records\[0\]\.file_path: .*at most 255 bytes/],
  ])('a path that is %s is refused', (_, path, message) => {
    expect(refused(() => object(dcacheEvent(path)))).toMatch(message);
  });

  test('a path that is missing is refused', () => {
    expect(refused(() => object(dcacheEvent('', { file_path: undefined })))).toMatch(
      /^body\.Records\[0\]\.file_path: missing in the event/,
    );
  });
});
