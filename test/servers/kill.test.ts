import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BucketStore } from './support/bucket-store';
import { Gate } from './support/gate';
import { place, Service, Supervisor } from './support/supervisor';
import { Watch } from './support/watch';

const MIB = 2 ** 20;
const RANDOM_KILLS = 20;

/** A small file, one that goes in parts, and one for each of two outputs, all made of the input alone. */
const SCRIPT = `#!/bin/sh
set -e
head -c 3000000 "$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/small.bin"
cat "$INPUT_FILE_PATH" "$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/large.bin"
printf done >"$TMP_OUTPUT_DIR/last.txt"
echo all is written
[ ! -e /oscar/slow ] || sleep 600
`;

const CONTENT = randomBytes(9 * MIB);
const WHOLE: Readonly<Record<string, Buffer>> = {
  'results/small.bin': CONTENT.subarray(0, 3_000_000),
  'results/large.bin': Buffer.concat([CONTENT, CONTENT]),
  'results/texts/last.txt': Buffer.from('done'),
};

let store: BucketStore;
let gate: Gate;
let service: Service;
let event: string;
beforeAll(async () => {
  store = await BucketStore.start('uploads', 'results');
  gate = await Gate.before(store.port);
  service = serviceOf();
  event = await store.upload('uploads/input.bin', CONTENT);
});
afterAll(async () => {
  await service.remove();
  await gate.close();
  await store.remove();
});

const serviceOf = (files: Readonly<Record<string, string>> = {}) => {
  const output = [place('results', { suffix: ['.bin'] }), place('results/texts', { suffix: ['.txt'] })];
  const made = new Service({ script: SCRIPT, port: gate.port, keys: store.root, definition: { output } });
  for (const [name, text] of Object.entries(files)) made.write(name, text);
  return made;
};

/** Looks at the results all the time: each is absent, or whole. */
let watch: Watch;
beforeEach(async () => {
  await store.empty('results');
  watch = new Watch(store, WHOLE);
});
afterEach(async () => {
  gate.reset();
  await watch.end();
});

async function kill(supervisor: Supervisor): Promise<void> {
  supervisor.kill();
  expect((await supervisor.ended).code).toBe(137);
  gate.reset();
}

/** The same event again, as its Job's next pod has it. */
async function expectCompletion(): Promise<void> {
  const { code, stderr } = await service.run(event);
  if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
  await watch.end();
  expect((await store.list('results')).map((key) => `results/${key}`)).toEqual(Object.keys(WHOLE).sort());
  for (const [path, whole] of Object.entries(WHOLE)) expect((await store.get(path))!.equals(whole)).toBe(true);
}

const results = async () => (await store.list('results')).length;

describe('killed', () => {
  test.each<[string, RegExp, 'up' | 'down', number, number?]>([
    ['before the download', /^GET/, 'up', 0],
    ['in the middle of the download', /^GET/, 'down', 4 * MIB],
    ['in the middle of a small upload', /^PUT .*small\.bin/, 'up', 2 * MIB],
    ['when a small upload is done and not yet acknowledged', /^PUT .*last\.txt/, 'down', 0, 1],
    ['before an upload in parts', /^POST .*uploads=/, 'up', 0],
    ['when an upload in parts has begun', /^POST .*uploads=/, 'down', 0],
    ['in the middle of a part', /^PUT .*partNumber=1/, 'up', 8 * MIB],
    ['in the middle of the last part', /^PUT .*partNumber=2/, 'up', MIB],
    ['before the parts are put together', /^POST .*uploadId=/, 'up', 0],
    ['when the parts are put together and it doesn’t know yet', /^POST .*uploadId=/, 'down', 0, 1],
  ])('%s', async (_, request, direction, bytes, atLeast = 0) => {
    const supervisor = service.start(event);
    await gate.hold(request, direction, bytes);
    await kill(supervisor);
    expect(await results()).toBeGreaterThanOrEqual(atLeast);
    expect(await results()).toBeLessThanOrEqual(Object.keys(WHOLE).length);
    await expectCompletion();
  });

  test('right after the download', async () => {
    const supervisor = service.start(event);
    await supervisor.says('fetched "uploads/input.bin"');
    await kill(supervisor);
    await expectCompletion();
  });

  test('while the script runs, with all of its results on the disk', async () => {
    const slow = serviceOf({ slow: '' });
    const supervisor = slow.start(event);
    await supervisor.says('all is written');
    await kill(supervisor);
    expect(await results()).toBe(0);
    await slow.remove();
    await expectCompletion();
  });

  test('between two outputs', async () => {
    const supervisor = service.start(event);
    await gate.hold(/^PUT .*small\.bin/, 'up', 0);
    await supervisor.says('stored "last.txt"');
    await kill(supervisor);
    expect(await store.list('results')).toContain('texts/last.txt');
    expect(await store.list('results')).not.toContain('small.bin');
    await expectCompletion();
  });

  test('twice, and then a third time on what the others left', async () => {
    for (const request of [/^PUT .*partNumber=1/, /^PUT .*partNumber=2/]) {
      const supervisor = service.start(event);
      await gate.hold(request, 'up', MIB);
      await kill(supervisor);
    }
    await expectCompletion();
  });

  test('over results of an earlier run, which stay until the new ones are whole', async () => {
    for (const [path, whole] of Object.entries(WHOLE)) await store.put(path, whole);
    const supervisor = service.start(event);
    await gate.hold(/^PUT .*partNumber=2/, 'up', MIB);
    await kill(supervisor);
    expect(await results()).toBe(3);
    expect((await store.get('results/large.bin'))!.equals(WHOLE['results/large.bin'])).toBe(true);
    await expectCompletion();
  });
});

describe('killed at random', () => {
  /** How long a run takes with this gate and this machine. */
  let lasts: number;
  beforeAll(async () => {
    gate.rate = 100 * MIB;
    const began = performance.now();
    const { code, stderr } = await service.run(event);
    if (code !== 0) throw new Error(`it ended with ${code}:\n${stderr}`);
    lasts = performance.now() - began;
  });

  test.each(Array.from({ length: RANDOM_KILLS }, (_, i) => i))('kill %i', async (i) => {
    gate.rate = 100 * MIB;
    const supervisor = service.start(event);
    // Spread evenly, each at a random place of its own part.
    await Promise.race([sleep(((i + Math.random()) / RANDOM_KILLS) * lasts), supervisor.ended]);
    supervisor.kill();
    await supervisor.ended;
    gate.reset();
    await expectCompletion();
  });
});
