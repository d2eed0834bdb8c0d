import { readFileSync } from 'node:fs';
import { Step } from '../../../src/programs/supervisor/invocation';
import { event, IN_AND_OUT, Pod, record } from './invoking';
import { KEYS } from './storage/support/s3-server';

jest.setTimeout(60_000);

const pod = new Pod();

describe('data', () => {
  test('is the input file, and files come back', async () => {
    const script =
      'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/copy"; mkdir "$TMP_OUTPUT_DIR/a"; echo x >"$TMP_OUTPUT_DIR/a/b"';
    const outcome = await pod.run('{"a": 1}', { script });
    expect(outcome.replyWithFiles).toBe(true);
    expect(outcome.files.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['a/b', 2],
      ['copy', 8],
    ]);
    expect(readFileSync(outcome.files[1].path, 'utf8')).toBe('{"a": 1}');
    expect(pod.left()).toHaveLength(1);
    await outcome.dispose();
    expect(pod.left()).toEqual([]);
    expect(pod.log).toMatch(/\[[0-9a-f]{8}\] the input is the body itself: 8 bytes in \d\.\d{3} s\n/);
  });

  test('is stored as well, where the service has an output', async () => {
    const outcome = await pod.run('"text"', { definition: IN_AND_OUT, script: 'echo done >"$TMP_OUTPUT_DIR/result"' });
    expect(outcome.files).toHaveLength(1);
    expect(pod.stored()).toEqual({ 'bucket/out/result': 'done\n' });
    await outcome.dispose();
  });

  test('is kept although file_stage_in is true: nothing has to be downloaded', async () => {
    const script = 'cat "$INPUT_FILE_PATH"';
    const outcome = await pod.run('"text"', { definition: { file_stage_in: true, log_level: 'CRITICAL' }, script });
    expect(readFileSync(outcome.transcript, 'utf8')).toBe('"text"');
    await outcome.dispose();
  });

  test('sees its own folders, which nobody else may look into', async () => {
    const script = 'ls -ld "$TMP_INPUT_DIR/.."; ls "$TMP_OUTPUT_DIR"; ls "$TMP_INPUT_DIR" | wc -l';
    const outcome = await pod.run('"text"', { definition: { log_level: 'CRITICAL' }, script });
    expect(readFileSync(outcome.transcript, 'utf8')).toMatch(/^drwx------.*oscar-invocation-.*\n\s*1\n$/);
    await outcome.dispose();
  });
});

describe('the transcript', () => {
  test('is the log with the output', async () => {
    const outcome = await pod.run('"x"', { script: 'printf "a\\nb"; echo c >&2' });
    const text = readFileSync(outcome.transcript, 'utf8');
    await outcome.dispose();
    const [begin, ...rest] = text.split('\n');
    expect(begin).toMatch(/ - supervisor - INFO - \[[0-9a-f]{8}\] the input is the body itself/);
    expect(rest.slice(0, 2)).toEqual(['a', 'bc']);
    expect(rest[2]).toContain('the script ended well');
    expect(pod.log).toContain(` - script - INFO - [${outcome.id}] bc\n`);
  });

  test('at CRITICAL is the output alone, and the log is silent', async () => {
    const outcome = await pod.run('"x"', {
      definition: { log_level: 'CRITICAL' },
      script: 'printf "a\\nb"; echo c >&2',
    });
    expect(readFileSync(outcome.transcript, 'utf8')).toBe('a\nbc\n');
    expect(pod.log).toBe('');
    await outcome.dispose();
  });

  test('goes with the rest', async () => {
    const outcome = await pod.run('"x"');
    await outcome.dispose();
    expect(() => readFileSync(outcome.transcript)).toThrow(/ENOENT/);
  });
});

describe('an event', () => {
  test('its object is fetched, processed and stored', async () => {
    pod.store.objects.set('bucket/in/a b.txt', Buffer.from('hello'));
    const steps: [Step, number][] = [];
    const script = [
      'echo "$STORAGE_OBJECT_KEY|$EVENT_TIME|${INPUT_FILE_PATH##*/}|$EVENT" >"$TMP_OUTPUT_DIR/facts"',
      'tr a-z A-Z <"$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/${INPUT_FILE_PATH##*/}"',
    ].join('\n');
    const onStep = (step: Step, seconds: number, bytes: number) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      steps.push([step, bytes]);
    };
    const outcome = await pod.run(event('in/a+b.txt'), { script, definition: IN_AND_OUT, options: { onStep } });
    expect(outcome).toMatchObject({ replyWithFiles: false, files: [] });
    const facts = pod.stored()['bucket/out/facts'];
    const [key, time, name, json] = facts.split('|');
    expect([key, time, name]).toEqual(['in/a b.txt', '2026-01-01T00:00:00Z', 'a b.txt']);
    expect(JSON.parse(json)).toEqual(JSON.parse(event('in/a+b.txt')));
    expect(pod.stored()['bucket/out/a b.txt']).toBe('HELLO');
    expect(steps).toEqual([
      ['stage_in', 5],
      ['script', 0],
      ['stage_out', 5 + facts.length],
    ]);
    expect(pod.log).toMatch(/fetched "bucket\/in\/a b\.txt" from minio\.default: 5 bytes in \d\.\d{3} s\n/);
    expect(pod.log).toMatch(/stored "a b\.txt" in minio\.default as "bucket\/out\/a b\.txt": 5 bytes in/);
    await outcome.dispose();
    expect(pod.left()).toEqual([]);
  });

  test('file_stage_in: true fetches nothing', async () => {
    const script =
      'echo "${INPUT_FILE_PATH-none} $STORAGE_OBJECT_KEY $(ls -A "$TMP_INPUT_DIR")" >"$TMP_OUTPUT_DIR/facts"';
    const definition = { ...IN_AND_OUT, file_stage_in: true };
    await (await pod.run(event('in/x'), { script, definition })).dispose();
    expect(pod.stored()).toEqual({ 'bucket/out/facts': 'none in/x \n' });
    expect(pod.store.asked.filter((asked) => asked.startsWith('GET'))).toEqual([]);
  });

  test('of several objects each has a run of its own', async () => {
    for (const name of ['a', 'b', 'c']) pod.store.objects.set(`bucket/in/${name}`, Buffer.from(name));
    const script = 'ls "$TMP_INPUT_DIR" "$TMP_OUTPUT_DIR" | grep -c "^[abc]$"; cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR"';
    const outcome = await pod.run(event('in/a', 'in/b', 'in/c'), { script, definition: IN_AND_OUT });
    expect(pod.stored()).toEqual({ 'bucket/out/a': 'a', 'bucket/out/b': 'b', 'bucket/out/c': 'c' });
    expect(pod.log.match(/ - script - INFO - \S+ 1\n/g)).toHaveLength(3);
    expect(pod.log).toContain('object 2 of 3, "bucket/in/b"');
    await outcome.dispose();
  });

  test('one that fails stops none of the others, and the invocation fails', async () => {
    for (const name of ['a', 'b', 'd']) pod.store.objects.set(`bucket/in/${name}`, Buffer.from(name));
    const script =
      'cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR"; grep -q b "$INPUT_FILE_PATH" && { echo bad b; exit 7; } || :';
    const running = pod.failure(event('in/a', 'in/b', 'in/missing', 'in/d'), { script, definition: IN_AND_OUT });
    expect(await running).toMatchObject({
      kind: 'script',
      exitCode: 7,
      lastLines: 'bad b',
      message: '2 of 4 objects failed, the first: the script failed: exit code 7',
    });
    expect(pod.stored()).toEqual({ 'bucket/out/a': 'a', 'bucket/out/d': 'd' });
    expect(pod.log).toMatch(/ERROR - \S+ object 2 of 4, "bucket\/in\/b": the script failed: exit code 7\n/);
    expect(pod.log).toMatch(
      /ERROR - \S+ object 3 of 4, "bucket\/in\/missing": the input can't be fetched from minio\.default/,
    );
    expect(pod.left()).toEqual([]);
  });

  test('with nothing to process succeeds, runs no script and says so', async () => {
    const body = JSON.stringify({ Records: [record('in/'), record('in/x', 's3:ObjectRemoved:Delete')] });
    const outcome = await pod.run(body, { script: 'echo never', definition: IN_AND_OUT });
    expect(outcome).toMatchObject({ replyWithFiles: false, files: [] });
    expect(pod.log).toMatch(/WARNING - \S+ the event has nothing to process/);
    expect(pod.log.match(/skipped: /g)).toHaveLength(2);
    expect(pod.log).not.toContain('never');
    await outcome.dispose();
  });

  test("isolation_level user: a user's results go to the user's bucket", async () => {
    pod.store.buckets.add('bucket-alice');
    pod.store.objects.set('bucket-alice/in/x', Buffer.from('x'));
    const body = JSON.stringify({ Records: [record('in/x', 's3:ObjectCreated:Put', 'bucket-alice')] });
    await (await pod.run(body, { definition: { ...IN_AND_OUT, isolation_level: 'USER' } })).dispose();
    expect(pod.stored()['bucket-alice/out/x']).toBe('x');
  });
});

test('what is left out is told, up to a number', async () => {
  const script =
    'cd "$TMP_OUTPUT_DIR"; i=0; while [ $i -lt 30 ]; do ln -s /etc/passwd link$i; i=$((i+1)); done; : >file';
  const outcome = await pod.run('"x"', { script });
  expect(outcome.files.map(({ name }) => name)).toEqual(['file']);
  expect(pod.log.match(/WARNING - \S+ left out: "link\d+": a link that leads out/g)).toHaveLength(20);
  expect(pod.log).toContain('left out: 10 more');
  await outcome.dispose();
});

test('no secret is in the pod.log, the errors or the transcript', async () => {
  pod.store.objects.set('bucket/in/a', Buffer.from('a'));
  const definition = { ...IN_AND_OUT, log_level: 'DEBUG' };
  const outcome = await pod.run(event('in/a'), { definition });
  let told = pod.log + readFileSync(outcome.transcript, 'utf8');
  await outcome.dispose();
  told += (await pod.failure(event('in/none'), { definition })).message + pod.log;
  expect(told).toContain('fetched "bucket/in/a"');
  expect(told).not.toContain(KEYS.secretKey);
  expect(told).not.toContain(KEYS.accessKey);
  expect(told).not.toMatch(/signature|authorization/i);
});
