import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { InvocationError } from '../../../src/programs/supervisor/failure';
import { InvokeOptions } from '../../../src/programs/supervisor/invocation';
import { event, IN_AND_OUT, Pod, record } from './invoking';

jest.setTimeout(60_000);

const pod = new Pod();

describe('a failure', () => {
  const failing = (script: string, options?: Partial<InvokeOptions>) =>
    pod.failure('"x"', { script, definition: IN_AND_OUT, options });

  test('of the script: nothing is stored, nothing is left', async () => {
    const error = await failing('echo result >"$TMP_OUTPUT_DIR/result"; echo sorry; exit 3');
    expect(error).toMatchObject({ kind: 'script', exitCode: 3, lastLines: 'sorry' });
    expect(error.invocation).toMatch(/^[0-9a-f]{8}$/);
    expect(pod.store.asked).toEqual([]);
    expect(pod.left()).toEqual([]);
    expect(pod.log).toContain(`ERROR - [${error.invocation}] the script failed: exit code 3\n`);
  });

  test('of the body', async () => {
    const error = await pod.failure('not?base64', { script: 'echo never' });
    expect(error).toMatchObject({ kind: 'input', exitCode: 1, invocation: expect.any(String) });
    expect(pod.left()).toEqual([]);
    expect(pod.log).not.toContain('never');
  });

  test('a body that breaks off', async () => {
    const content = new Readable({ read: () => undefined });
    content.push('"begun');
    setTimeout(() => content.destroy(new Error('the client went away')), 50);
    expect(await pod.failure(content)).toMatchObject({ kind: 'cancelled' });
    expect(pod.left()).toEqual([]);
  });

  test('an abort while the body comes', async () => {
    const content = new Readable({ read: () => undefined });
    content.push('"begun');
    const abort = new AbortController();
    setTimeout(() => abort.abort(new InvocationError('cancelled', 'ended by SIGTERM', 143)), 50);
    const error = await pod.failure(content, { options: { signal: abort.signal } });
    expect(error).toMatchObject({ kind: 'cancelled', exitCode: 143, message: 'ended by SIGTERM' });
    expect(pod.left()).toEqual([]);
  });

  test('an abort while a script runs: its last lines are kept, later objects are not begun', async () => {
    for (const name of ['a', 'b']) pod.store.objects.set(`bucket/in/${name}`, Buffer.from(name));
    const abort = new AbortController();
    const script = 'echo working; : >"$TMP_OUTPUT_DIR/x"; sleep 600';
    const definition = IN_AND_OUT;
    const running = pod.failure(event('in/a', 'in/b'), { script, definition, options: { signal: abort.signal } });
    setTimeout(function look() {
      if (pod.log.includes('working')) abort.abort();
      else setTimeout(look, 20);
    }, 20);
    expect(await running).toMatchObject({ kind: 'cancelled', exitCode: 143, lastLines: 'working' });
    expect(pod.stored()).toEqual({});
    expect(pod.log).not.toContain('object 2 of 2');
    expect(pod.left()).toEqual([]);
  });

  test('no such object', async () => {
    const error = await pod.failure(event('in/none'), { script: 'echo never', definition: IN_AND_OUT });
    expect(error).toMatchObject({ kind: 'storage', exitCode: 1 });
    expect(error.message).toMatch(/^the input can't be fetched from minio\.default: .*bucket\/in\/none/);
    expect(pod.log).not.toContain('never');
  });

  test('no such bucket for the output', async () => {
    const definition = { output: [{ storage_provider: 'minio.default', path: 'nowhere/out' }] };
    const error = await pod.failure('"x"', { definition });
    expect(error).toMatchObject({ kind: 'storage', exitCode: 1 });
    expect(error.message).toMatch(/^"event-file-.*" can't be stored in minio\.default: .*nowhere/);
    expect(pod.left()).toEqual([]);
  });

  test('a name that is no UTF-8: nothing is stored', async () => {
    const error = await failing('cd "$TMP_OUTPUT_DIR"; : >good; : >"$(printf "a\\377")"');
    expect(error).toMatchObject({ kind: 'script', exitCode: 1 });
    expect(error.message).toContain('no UTF-8');
    expect(pod.store.asked).toEqual([]);
    expect(pod.left()).toEqual([]);
  });

  test('a work folder that is not there', async () => {
    const error = await failing('echo never', {
      places: { config: pod.folder.path, providers: pod.folder.path, work: pod.at('none') },
    });
    expect(error).toMatchObject({ kind: 'internal', message: expect.stringContaining('none') });
  });
});

describe('a time limit is for the whole invocation', () => {
  const TOO_LONG = {
    ...{ kind: 'script', exitCode: 124 },
    message: "the invocation took longer than the service's time limit of 1 s",
  };
  const options = { timeoutMs: 1000 };

  test('its script', async () => {
    const script = 'echo working; echo result >"$TMP_OUTPUT_DIR/result"; sleep 600';
    const error = await pod.failure('"x"', { script, definition: IN_AND_OUT, options });
    expect(error).toMatchObject({ ...TOO_LONG, lastLines: 'working' });
    expect(pod.store.asked).toEqual([]);
    expect(pod.left()).toEqual([]);
  });

  test('a body that comes byte by byte', async () => {
    const content = new Readable({ read: () => undefined });
    const drip = setInterval(() => content.push(' '), 20);
    const error = await pod.failure(content, { script: 'echo never', options });
    clearInterval(drip);
    expect(error).toMatchObject(TOO_LONG);
    expect(pod.log).not.toContain('never');
    expect(pod.left()).toEqual([]);
  });

  test('a store that takes its time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const definition = { ...IN_AND_OUT, storage_providers: { minio: { default: { endpoint } } } };
    const error = await pod.failure(event('in/a'), { script: 'echo never', definition, options });
    silent.close().closeAllConnections();
    expect(error).toMatchObject(TOO_LONG);
    expect(pod.log).not.toContain('never');
  });

  test('all its objects together: those that come too late are not begun', async () => {
    const names = Array.from({ length: 6 }, (_, i) => `in/${i}`);
    for (const name of names) pod.store.objects.set(`bucket/${name}`, Buffer.from(name));
    const error = await pod.failure(event(...names), { script: 'sleep 0.4', definition: IN_AND_OUT, options });
    expect(error).toMatchObject(TOO_LONG);
    expect(pod.log).not.toContain('object 6 of 6');
  });
});

describe('records that are broken', () => {
  const COPY = 'echo "runs: $STORAGE_OBJECT_KEY"; cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR"';

  test("don't stop the others, are told, and fail it at the end", async () => {
    for (const name of ['a', 'b']) pod.store.objects.set(`bucket/in/${name}`, Buffer.from(name));
    const body = event('in/a', 'in/%', 'in/b', 'in/..');
    const error = await pod.failure(body, { script: COPY, definition: IN_AND_OUT });
    expect(error).toMatchObject({ kind: 'input', exitCode: 1 });
    expect(error.message).toMatch(/^2 of 4 objects failed, the first: .*Records\[1\]/);
    expect(pod.log).toMatch(/ERROR - \[[0-9a-f]{8}\] .*Records\[1\]/);
    expect(pod.log).toMatch(/ERROR - \[[0-9a-f]{8}\] .*Records\[3\]/);
    expect(pod.stored()).toEqual({ 'bucket/out/a': 'a', 'bucket/out/b': 'b' });
    expect(pod.left()).toEqual([]);
  });

  test('are the first failure, before that of a script', async () => {
    pod.store.objects.set('bucket/in/a', Buffer.from('a'));
    const error = await pod.failure(event('in/a', 'in/%'), { script: 'exit 7', definition: IN_AND_OUT });
    expect(error).toMatchObject({ kind: 'input', exitCode: 1, message: expect.stringMatching(/^2 of 2 objects/) });
  });
});

describe('before the script', () => {
  const untouched = () => new Readable({ read: () => expect(false).toBe(true) });

  test.each([
    [
      'no credentials for an output',
      { output: [{ storage_provider: 's3.other', path: 'b/out' }] },
      /s3\.other.*accessKey/,
    ],
    ['an output on an unknown provider', { output: [{ storage_provider: 'ftp.x', path: 'b/out' }] }, /ftp/],
  ])('%s', async (_, definition, message) => {
    const error = await pod.failure(untouched(), { definition, script: 'echo never' });
    expect(error).toMatchObject({ kind: 'configuration', exitCode: 1, message: expect.stringMatching(message) });
    expect(pod.log).not.toContain('never');
    expect(pod.left()).toEqual([]);
  });

  test("no credentials for one of several objects' provider: none is begun", async () => {
    pod.store.objects.set('bucket/in/a', Buffer.from('a'));
    const records = [record('in/a'), { ...record('in/b'), eventSource: 'aws:s3' }];
    const body = JSON.stringify({ Records: records });
    const error = await pod.failure(body, { script: 'echo never', definition: IN_AND_OUT });
    expect(error).toMatchObject({ kind: 'configuration', message: expect.stringMatching(/s3\.default/) });
    expect(pod.store.asked).toEqual([]);
    expect(pod.log).not.toContain('never');
  });

  test('credentials of an input that is not fetched are not needed', async () => {
    const definition = { file_stage_in: true };
    const body = event('in/a').replace('minio:s3', 'aws:s3');
    const outcome = await pod.run(body, { script: 'echo "$STORAGE_OBJECT_KEY"', definition });
    expect(pod.log).toContain(' in/a\n');
    await outcome.dispose();
  });

  test('no script', async () => {
    const places = { config: pod.at('none'), providers: pod.folder.path, work: pod.at('work') };
    const error = await pod.failure(untouched(), { options: { places } });
    expect(error).toMatchObject({ kind: 'configuration', message: expect.stringMatching(/script\.sh.*is not there/) });
  });
});
