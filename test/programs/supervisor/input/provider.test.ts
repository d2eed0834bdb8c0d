import type { Definition } from '../../../../src/programs/supervisor/definition';
import type { EventObject } from '../../../../src/programs/supervisor/input/input';
import { providerOf } from '../../../../src/programs/supervisor/input/provider';
import { dcacheEvent, inotifyEvent, minioEvent, minioRecord, object, onedataEvent, s3Record } from './events';

/** A definition with inputs `[provider, path]`. */
const definition = (inputs: [string, string][], providers: Definition['providers'] = {}): Definition => ({
  name: 'service',
  logLevel: 'INFO',
  fileStageIn: false,
  isolationLevel: 'service',
  input: inputs.map(([storage_provider, path]) => ({ storage_provider, path, prefix: [], suffix: [] })),
  output: [],
  providers,
  timeoutSeconds: 60,
  maxInflight: 1,
});
const wrapped = (inner: unknown, storage_provider: string) => object({ event: inner, storage_provider });
const place = (found: EventObject, inputs: [string, string][], providers?: Definition['providers']) => {
  const { provider, path } = providerOf(found, definition(inputs, providers));
  return `${provider} ${path}`;
};

describe('buckets', () => {
  const photo = object(minioEvent(minioRecord('in/a/photo.jpg')));

  test.each<[string, [string, string][], string]>([
    ['no input', [], 'minio.default'],
    ['an input that covers it', [['minio.other', 'images/in']], 'minio.other'],
    ['an input of the whole bucket', [['minio.other', 'images']], 'minio.other'],
    ['slashes at the ends of the input', [['minio.other', '/images/in/']], 'minio.other'],
    [
      'the first of two',
      [
        ['minio.one', 'images'],
        ['minio.two', 'images/in'],
      ],
      'minio.one',
    ],
    ['another folder', [['minio.other', 'images/out']], 'minio.default'],
    ['a folder whose name goes on', [['minio.other', 'images/i']], 'minio.default'],
    ['a bucket whose name goes on', [['minio.other', 'image']], 'minio.default'],
    ['another bucket', [['minio.other', 'photos/in']], 'minio.default'],
    ['another type', [['s3.other', 'images/in']], 'minio.default'],
    ['another type of a similar name', [['minio2.other', 'images/in']], 'minio.default'],
    [
      'another input before it',
      [
        ['s3.a', 'images'],
        ['minio.b', 'x'],
        ['minio.c', 'images'],
      ],
      'minio.c',
    ],
  ])('%s', (_, inputs, provider) => expect(place(photo, inputs)).toBe(`${provider} images/in/a/photo.jpg`));

  test("a wrapper's provider goes before all inputs", () => {
    const found = wrapped(minioEvent(), 'cluster-2');
    expect(place(found, [['minio.other', 'images/in']])).toBe('minio.cluster-2 images/in/photo.jpg');
  });

  test('S3 is a type of its own', () => {
    const found = object({ Records: [s3Record('in/dog.jpg')] });
    expect(
      place(found, [
        ['minio.x', 'example-bucket'],
        ['s3.aws', 'example-bucket'],
      ]),
    ).toMatch(/^s3\.aws /);
    expect(place(found, [])).toBe('s3.default example-bucket/in/dog.jpg');
  });

  test.each(['/etc/passwd', 'a/../../x', 'a//b'])('the key %s stays as it is', (key) => {
    expect(place(object(minioEvent(minioRecord(key))), [['minio.x', 'images']])).toBe(`minio.x images/${key}`);
  });
});

describe('WebDAV, path on the server', () => {
  const image = object(dcacheEvent('/Users/someone/in/image1.jpg'));

  test.each<[string, [string, string][], string]>([
    ['no input', [], 'webdav.default'],
    [
      'an input that covers it',
      [
        ['webdav.dcache', 'x'],
        ['webdav.one', '/Users/someone/in'],
      ],
      'webdav.one',
    ],
    [
      'an input of the root',
      [
        ['webdav.one', '/'],
        ['webdav.dcache', 'x'],
      ],
      'webdav.one',
    ],
    [
      "upstream's id, where none covers it",
      [
        ['webdav.one', 'x'],
        ['webdav.dcache', 'y'],
      ],
      'webdav.dcache',
    ],
    [
      'the first one, where none has that id',
      [
        ['minio.a', 'x'],
        ['webdav.one', 'x'],
        ['webdav.two', 'y'],
      ],
      'webdav.one',
    ],
  ])('%s', (_, inputs, provider) => expect(place(image, inputs)).toBe(`${provider} Users/someone/in/image1.jpg`));

  test("a wrapper's provider goes before all inputs", () => {
    const found = wrapped(dcacheEvent('/in/a'), 'other');
    expect(place(found, [['webdav.dcache', 'in']])).toBe('webdav.other in/a');
  });
});

describe('WebDAV, bare name', () => {
  const image = object(inotifyEvent('image2.jpg'));

  test.each<[string, [string, string][], string]>([
    ['the folder of the input', [['webdav.one', 'Users/someone/in']], 'webdav.one Users/someone/in/image2.jpg'],
    ['slashes at its ends', [['webdav.one', '/in/']], 'webdav.one in/image2.jpg'],
    ['the root', [['webdav.one', '']], 'webdav.one image2.jpg'],
    [
      "upstream's id first",
      [
        ['webdav.one', 'a'],
        ['webdav.dcache', 'b'],
      ],
      'webdav.dcache b/image2.jpg',
    ],
    [
      'other types do not count',
      [
        ['minio.dcache', 'a'],
        ['webdav.one', 'b'],
      ],
      'webdav.one b/image2.jpg',
    ],
  ])('%s', (_, inputs, expected) => expect(place(image, inputs)).toBe(expected));

  test("a wrapper's provider: its folder is that of the input there", () => {
    const found = wrapped(inotifyEvent('a'), 'two');
    expect(
      place(found, [
        ['webdav.dcache', 'x'],
        ['webdav.two', 'y'],
      ]),
    ).toBe('webdav.two y/a');
  });

  test.each<[string, EventObject, [string, string][], RegExp]>([
    ['no input', image, [], /\("image2\.jpg"\) and no folder, and no input of the service is on WebDAV\. Fix: /],
    ['none on WebDAV', image, [['minio.default', 'a']], /no input of the service is on WebDAV/],
    ["none on the wrapper's provider", wrapped(inotifyEvent('a'), 'x'), [['webdav.y', 'a']], /is on webdav\.x\. Fix: /],
  ])('%s: nobody knows the folder', (_, found, inputs, message) => {
    expect(() => place(found, inputs)).toThrow(expect.objectContaining({ kind: 'configuration' }));
    expect(() => place(found, inputs)).toThrow(message);
  });
});

describe('Onedata', () => {
  const file = object(onedataEvent('/my-space/files/file.txt'));
  const providers = {
    onedata: { mine: { space: 'my-space' }, other: { space: 'other-space' }, vague: {}, odd: { space: ['my-space'] } },
  };
  const inputs: [string, string][] = [
    ['onedata.other', 'files'],
    ['onedata.vague', 'files'],
    ['onedata.odd', 'files'],
    ['onedata.unknown', 'files'],
    ['onedata.mine', 'elsewhere'],
  ];

  test('the input of the space, and the path inside it', () => {
    expect(place(file, inputs, providers)).toBe('onedata.mine files/file.txt');
  });

  test('no input of that space', () => {
    expect(place(file, inputs.slice(0, 4), providers)).toBe('onedata.default files/file.txt');
    expect(place(file, [])).toBe('onedata.default files/file.txt');
  });

  test("a wrapper's provider goes before all inputs", () => {
    expect(place(wrapped(onedataEvent(), 'vague'), inputs, providers)).toBe('onedata.vague files/file.txt');
    expect(place(wrapped(onedataEvent(), 'odd'), inputs, providers)).toBe('onedata.odd files/file.txt');
    expect(place(wrapped(onedataEvent(), 'mine'), inputs, providers)).toBe('onedata.mine files/file.txt');
  });

  test.each<[string, EventObject, Definition['providers']]>([
    ["the wrapper's", wrapped(onedataEvent(), 'other'), providers],
    ['the default one', file, { onedata: { default: { space: 'other-space' } } }],
  ])('%s is of another space: an error, not the file of the same name there', (_, found, all) => {
    expect(() => place(found, [], all)).toThrow(expect.objectContaining({ kind: 'configuration' }));
    expect(() => place(found, [], all)).toThrow(
      /of Onedata's space "my-space", and onedata\.\w+ of space "other-space"/,
    );
  });

  test('ids that every object has are none', () => {
    const found = wrapped(onedataEvent(), 'constructor');
    expect(place(found, [['onedata.toString', 'x']], providers)).toBe('onedata.constructor files/file.txt');
  });
});
