import { randomBytes } from 'node:crypto';
import { BucketStore } from './support/bucket-store';
import { place, Service } from './support/supervisor';

const NAMES = [
  'spaces  in it.txt',
  'a+b.txt',
  '100%25 %.txt',
  'größer → 日本 🙂.txt',
  'quotes \' " and & <xml> $HOME `id`;#?=,:@!*()[]{}|~^.txt',
  'back\\slash.bin',
  '.hidden',
  '-n',
  '--',
  'tab\tin it.txt',
  'x'.repeat(200),
];
/** Of a name, so that a file in another's place is told. */
const contentOf = (name: string) => `content of ${name}\n`.repeat(name.length);

/** Nested three deep, and each odd name as a file and as a folder. */
const FILES = [
  ...Array.from({ length: 200 }, (_, i) => `folder ${i % 5}/deeper ${i % 7}/file ${i}.${i % 2 ? 'txt' : 'bin'}`),
  ...NAMES,
  ...NAMES.map((name) => `folders/${name}/${name}`),
];

/** Makes the files that its input tells. */
const SCRIPT = `#!${process.execPath}
const { mkdirSync, readFileSync, symlinkSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const folder = process.env.TMP_OUTPUT_DIR;
for (const [name, content] of JSON.parse(readFileSync(process.env.INPUT_FILE_PATH, 'utf8'))) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}
mkdirSync(join(folder, 'empty folder'));
symlinkSync('-n', join(folder, 'link inside'));
symlinkSync('/etc/passwd', join(folder, 'link outside'));
`;

let store: BucketStore;
beforeAll(async () => {
  store = await BucketStore.start('uploads', 'results', 'others');
});
afterAll(() => store.remove());

test('hundreds of files in nested folders, of any name, each where the filters say', async () => {
  const output = [
    place('results/all/of it'),
    place('others/texts', { suffix: ['.txt'] }),
    place('others/some', { prefix: ['folder 1/', 'a+', '.hid'], suffix: ['.bin', 'b.txt', 'en'] }),
  ];
  const service = new Service({ script: SCRIPT, port: store.port, keys: store.root, definition: { output } });
  const list = JSON.stringify(FILES.map((name) => [name, contentOf(name)]));
  const event = await store.upload('uploads/list.json', list);
  const { code, stderr } = await service.run(event);
  await service.remove();
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
  expect(stderr).toContain('left out: "link outside"');

  const texts = FILES.filter((name) => name.endsWith('.txt')).map((name) => `texts/${name}`);
  const some = FILES.filter((name) => name.startsWith('folder 1/') && name.endsWith('.bin'));
  some.push('a+b.txt', '.hidden', 'folders/a+b.txt/a+b.txt', 'folders/.hidden/.hidden');
  expect(await store.list('results')).toEqual([...FILES, 'link inside'].map((name) => `all/of it/${name}`).sort());
  expect(await store.list('others')).toEqual([...texts, ...some.map((name) => `some/${name}`)].sort());
  const inPlaces = [
    ...FILES.map((name) => ['results/all/of it', name]),
    ...texts.map((name) => ['others', name]),
    ...some.map((name) => ['others/some', name]),
  ];
  for (const [folder, name] of inPlaces) {
    const found = (await store.get(`${folder}/${name}`))!.toString();
    expect([folder, name, found]).toEqual([folder, name, contentOf(name.replace(/^texts\//, ''))]);
  }
  expect((await store.get('results/all/of it/link inside'))!.toString()).toBe(contentOf('-n'));
});

test('outputs that name the same place store it once; what matches none is not stored', async () => {
  const output = [place('results/twice'), place('results/twice', { prefix: ['kept'] })];
  const definition = { output: output.map((it) => ({ ...it, suffix: ['.bin'] })) };
  const script = '#!/bin/sh\ncd "$TMP_OUTPUT_DIR"\ncp "$INPUT_FILE_PATH" kept.bin\ncp kept.bin dropped.txt\n';
  const service = new Service({ script, port: store.port, keys: store.root, definition });
  const content = randomBytes(1000);
  const { code, stderr } = await service.run(await store.upload('uploads/x', content));
  await service.remove();
  expect(code).toBe(0);
  expect(stderr).toContain('1 of 2 files match no output');
  expect(stderr.match(/stored "/g)).toHaveLength(1);
  expect((await store.list('results')).filter((key) => key.startsWith('twice/'))).toEqual(['twice/kept.bin']);
  expect((await store.get('results/twice/kept.bin'))!.equals(content)).toBe(true);
});
