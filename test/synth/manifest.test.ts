import { filesNamedIn, Manifest, manifestText } from '../../src/synth/manifest';

const manifest: Manifest = {
  generator: 'oscar-cdk8s/1.2.3',
  environment: 'dev',
  version: '7',
  files: [
    {
      file: 'service-a.yaml',
      sha256: 'ab'.repeat(32),
      objects: [
        { apiVersion: 'v1', kind: 'Service', namespace: 'n', name: 'a' },
        { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'n', name: 'a' },
      ],
    },
    { file: 'service-b.yaml', sha256: 'cd'.repeat(32), objects: [{ apiVersion: 'v1', kind: 'Namespace', name: 'n' }] },
  ],
};

test('the manifest is a List without items, for kubectl, with what was written beside', () => {
  const read = JSON.parse(manifestText(manifest));
  expect(read).toEqual({ apiVersion: 'v1', kind: 'List', metadata: {}, items: [], ...manifest });
});

test('one line an object', () => {
  const lines = manifestText(manifest).split('\n');
  expect(lines.filter((line) => line.includes('"kind":"'))).toHaveLength(3);
});

test('names its files and itself', () => {
  const names = filesNamedIn(manifestText(manifest), 'dist/dev/manifest.json');
  expect([...names]).toEqual(['service-a.yaml', 'service-b.yaml', 'manifest.json']);
});

test('a name that leads out of the folder is not taken', () => {
  const files = ['../x.yaml', '/etc/passwd', '..', '.', 'a/b.yaml', '', 'ok.yaml'].map((file) => ({ file }));
  const text = JSON.stringify({ generator: 'oscar-cdk8s/1', files: [...files, null, 5, {}] });
  expect([...filesNamedIn(text, 'm')].filter((name) => name !== 'undefined')).toEqual(['ok.yaml', 'manifest.json']);
});

test.each(['', '{}', 'null', '[]', '"x"', '{"kind":"List","items":[]}', '{"generator":"helm/1","files":[]}', '{'])(
  'not ours: %s',
  (text) =>
    expect(() => filesNamedIn(text, 'dist/dev/manifest.json')).toThrow('dist/dev/manifest.json was not written'),
);
