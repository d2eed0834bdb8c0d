import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { FailureKind, InvocationError } from '../../../../src/programs/supervisor/failure';
import { Output } from '../output';
import { Pod } from './pod';

let pod: Pod;
let output: Output;
beforeEach(async () => {
  output = new Output();
  pod = await new Pod().start();
});
afterEach(async () => {
  await pod.stop();
  output.remove();
});

const POST = 'POST / HTTP/1.1\r\nHost: pod\r\nContent-Length: ';

describe('an invocation', () => {
  test.each(['/', '/run', '/a/b?c=d', '/healthz', '/metrics', '//x', '*'])('is any POST: %s', async (path) => {
    const headers = { 'content-type': 'Text/CSV; charset=utf-8', 'content-encoding': 'Identity' };
    const answer = pod.ask('POST', path, headers, 'a,b\n');
    const { body, options, end } = await pod.call(0);
    expect(body).toMatchObject({ contentType: 'Text/CSV; charset=utf-8', contentEncoding: 'Identity' });
    expect((await buffer(body.content)).toString()).toBe('a,b\n');
    expect(options.timeoutMs).toBe(20_000);
    expect(options.signal.aborted).toBe(false);
    end(output.outcome({ files: [output.file('cow', 'moo')] }));
    expect(await answer).toMatchObject({ status: 200, body: 'bW9v' });
    expect((await answer).headers['x-invocation-id']).toBe('0123abcd');
    await pod.queue.empty();
    expect(pod.metrics.succeeded).toHaveBeenCalledTimes(1);
    expect(pod.metrics.replied).toHaveBeenCalledWith(3);
    expect(pod.metrics.failed).not.toHaveBeenCalled();
  });

  test('may have no body and no type', async () => {
    const answer = pod.ask('POST', '/');
    const { body, end } = await pod.call(0);
    expect([body.contentType, body.contentEncoding]).toEqual([undefined, undefined]);
    expect(await buffer(body.content)).toHaveLength(0);
    end(output.outcome({}));
    expect((await answer).status).toBe(200);
  });

  test('tells its steps to the metrics', async () => {
    const answer = pod.ask('POST', '/', {}, 'x');
    const { options, end } = await pod.call(0);
    options.onStep?.('stage_in', 0.5, 3);
    end(output.outcome({}));
    await answer;
    expect(pod.metrics.step).toHaveBeenCalledWith('stage_in', 0.5, 3);
  });

  test('gives its place back once, when all is over: until then it is not idle, also while its body comes', async () => {
    const peer = await pod.connect(`${POST}4\r\n\r\nha`);
    await pod.call(0);
    expect(pod.queue.running).toBe(1);
    expect(pod.metrics.left).not.toHaveBeenCalled();
    peer.send('lf');
    pod.calls[0].end(output.outcome({}));
    await pod.queue.empty();
    expect(pod.metrics.left).toHaveBeenCalledTimes(1);
    peer.socket.destroy();
  });

  test('is disposed of once it is answered', async () => {
    const dispose = jest.fn(async () => undefined);
    const answer = pod.ask('POST', '/', {}, 'x');
    (await pod.call(0)).end(output.outcome({ dispose }));
    await answer;
    await pod.queue.empty();
    expect(dispose).toHaveBeenCalledTimes(1);
  });
});

describe('what fails', () => {
  const failing = async (error: unknown) => {
    const answer = pod.ask('POST', '/', {}, 'x');
    (await pod.call(0)).fail(error);
    const { status, headers, body } = await answer;
    expect(headers['content-type']).toBe('application/json');
    return { status, id: headers['x-invocation-id'], json: JSON.parse(body) };
  };

  test.each<[FailureKind, number]>([
    ['input', 400],
    ['configuration', 500],
    ['storage', 500],
    ['script', 500],
    ['internal', 500],
    ['cancelled', 503],
  ])('%s: %d', async (kind, status) => {
    const error = new InvocationError(kind, 'It went wrong.', 3);
    error.invocation = '89abcdef';
    error.lastLines = 'line 1\nline 2';
    expect(await failing(error)).toEqual({
      status,
      id: '89abcdef',
      json: { code: 3, reason: 'It went wrong.', output: 'line 1\nline 2', invocation: '89abcdef' },
    });
    expect(pod.metrics.failed).toHaveBeenCalledWith(kind);
    expect(pod.errors).toEqual([]);
  });

  test('before there was an invocation, says no more than it knows', async () => {
    const { json, id } = await failing(new InvocationError('input', 'No.'));
    expect(json).toEqual({ code: 1, reason: 'No.' });
    expect(id).toBeUndefined();
  });

  test.each([
    [
      'an error',
      new TypeError('cow is undefined'),
      'unexpected: cow is undefined',
      /TypeError: cow is undefined\n +at /,
    ],
    ['something else', 'moo', 'unexpected: moo', /^moo$/],
  ])('unexpectedly, by %s: 500, the stack in the log alone', async (_, error, reason, logged) => {
    const { status, json } = await failing(error);
    expect(status).toBe(500);
    expect(json).toEqual({ code: 1, reason });
    expect(pod.errors).toEqual([expect.stringMatching(logged)]);
    expect(pod.metrics.failed).toHaveBeenCalledWith('internal');
  });

  test('a result that is gone before the answer began', async () => {
    const answer = pod.ask('POST', '/', {}, 'x');
    (await pod.call(0)).end(output.outcome({ transcript: join(output.folder, 'none') }));
    expect((await answer).status).toBe(500);
    expect(pod.errors).toEqual([expect.stringContaining('ENOENT')]);
  });
});

describe('health', () => {
  test('ready', async () => {
    const { status, headers, body } = await pod.ask('GET', '/healthz');
    expect([status, body]).toEqual([200, 'Ok\n']);
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'content-length': '3' });
  });

  test.each(['script.sh', 'function_config.yaml'])('not ready without %s, but alive', async (file) => {
    rmSync(join(pod.folder, file));
    const { status, body } = await pod.ask('GET', '/healthz');
    expect(status).toBe(503);
    expect(JSON.parse(body).reason).toContain(join(pod.folder, file));
    expect((await pod.ask('GET', '/healthz?live')).status).toBe(200);
  });

  test('ending: not ready, alive, and still at work, on connections that end', async () => {
    pod.server.announceEnd();
    expect(await pod.ask('GET', '/healthz')).toMatchObject({
      status: 503,
      body: expect.stringContaining('the pod ends'),
    });
    expect((await pod.ask('GET', '/healthz?live')).status).toBe(200);
    const answer = pod.ask('POST', '/', {}, 'x');
    (await pod.call(0)).end(output.outcome({}));
    expect(await answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
  });

  test('HEAD is GET without the body', async () => {
    const [head, get] = [await pod.ask('HEAD', '/healthz'), await pod.ask('GET', '/healthz')];
    expect(head).toEqual({ ...get, body: '', headers: { ...get.headers, date: head.headers.date } });
  });

  test('answers while scripts run', async () => {
    const running = pod.ask('POST', '/', {}, 'x');
    const { end } = await pod.call(0);
    const peer = await pod.connect('GET /healthz HTTP/1.1\r\nHost: pod\r\n\r\n');
    expect(await peer.receives(/Ok\n$/)).toContain(' 200 ');
    peer.socket.destroy();
    end(output.outcome({}));
    await running;
  });
});

test('metrics', async () => {
  const { status, headers, body } = await pod.ask('GET', '/metrics');
  expect([status, headers['content-type'], body]).toEqual([200, pod.metrics.contentType, 'up 1\n']);
  expect(await pod.ask('HEAD', '/metrics')).toMatchObject({
    status: 200,
    body: '',
    headers: { 'content-length': '5' },
  });
});

test('metrics that fail are a 500, and the next request is served', async () => {
  pod.metrics.text = async () => {
    throw new Error('no metrics today');
  };
  expect(await pod.ask('GET', '/metrics')).toMatchObject({ status: 500 });
  expect(pod.errors).toEqual([expect.stringContaining('no metrics today')]);
  expect((await pod.ask('GET', '/healthz')).status).toBe(200);
});

test.each([
  ['GET', '/', 'POST'],
  ['GET', '/healthz/x', 'POST'],
  ['HEAD', '/run', 'POST'],
  ['PUT', '/run', 'POST'],
  ['OPTIONS', '/run', 'POST'],
  ['DELETE', '/healthz', 'GET, HEAD, POST'],
  ['PUT', '/metrics', 'GET, HEAD, POST'],
])('%s %s: 405, allowed: %s', async (method, path, allow) => {
  const { status, headers, body } = await pod.ask(method, path);
  expect([status, headers.allow, headers['content-type']]).toEqual([405, allow, 'application/json']);
  if (method !== 'HEAD') expect(JSON.parse(body)).toMatchObject({ code: 1, reason: expect.stringContaining(allow) });
  expect(pod.calls).toHaveLength(0);
});

describe('connections', () => {
  test('are kept: after replies, errors and refusals with a small body', async () => {
    const ports = new Set<number>();
    pod.server.http.on('request', ({ socket }) => ports.add(socket.remotePort ?? 0));
    for (const i of [0, 1]) {
      const answer = pod.ask('POST', '/', {}, 'x'.repeat(1000));
      (await pod.call(i)).end(output.outcome({ files: [output.file('a', 'b')] }));
      await answer;
    }
    expect((await pod.ask('PUT', '/', {}, 'not read')).status).toBe(405);
    expect((await pod.ask('GET', '/healthz')).status).toBe(200);
    const answer = pod.ask('POST', '/', {}, 'x'.repeat(1000));
    (await pod.call(2)).fail(new InvocationError('input', 'unread'));
    expect((await answer).status).toBe(400);
    expect((await pod.ask('GET', '/healthz')).status).toBe(200);
    expect(ports.size).toBe(1);
  });

  test('HTTP/1.0 ends with the answer', async () => {
    const peer = await pod.connect('POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx');
    (await pod.call(0)).end(output.outcome({ files: [output.file('a', '1'), output.file('b', '2')] }));
    expect(await peer.ends()).toBe('end');
    expect(peer.received).not.toMatch(/transfer-encoding/i);
    expect(Buffer.from(peer.received.split('\r\n\r\n')[1], 'base64').toString('latin1')).toMatch(/^PK/);
  });

  test('HTTP/1.0 that asks to be kept is kept, where the length is known', async () => {
    const ask = 'POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx';
    const peer = await pod.connect(ask);
    (await pod.call(0)).end(output.outcome({ files: [output.file('a', 'b')] }));
    expect(await peer.receives(/Yg==$/)).toMatch(/connection: keep-alive/i);
    peer.send(ask);
    (await pod.call(1)).end(output.outcome({}));
    await peer.receives(/what the script said\n$/);
    peer.socket.destroy();
  });

  test('requests sent ahead are answered in order', async () => {
    const peer = await pod.connect(`${POST}1\r\n\r\na${POST}1\r\n\r\nb`);
    (await pod.call(0)).end(output.outcome({ files: [output.file('a', 'one')] }));
    (await pod.call(1)).end(output.outcome({ files: [output.file('b', 'two')] }));
    expect(await peer.receives(/dHdv$/)).toMatch(/b25l.*dHdv$/s);
    peer.socket.destroy();
  });

  test('what is no HTTP is a 400', async () => {
    const peer = await pod.connect('moo\r\n\r\n');
    expect(await peer.ends()).toBe('end');
    expect(peer.received).toMatch(/^HTTP\/1.1 400 /);
  });

  test('a port that is taken is an error that names it', async () => {
    const { port } = pod.server.http.address() as { port: number };
    const other = new Pod();
    await expect(other.server.listen(port)).rejects.toThrow(new RegExp(`port ${port} .*EADDRINUSE`));
    rmSync(other.folder, { recursive: true });
  });

  test('headers that never end are cut off; a body and a wait are not', async () => {
    pod.server.http.headersTimeout = 100;
    const slowBody = await pod.connect(`${POST}2\r\n\r\na`);
    const { body, end } = await pod.call(0);
    const waits = await pod.connect(`${POST}0\r\n\r\n`);
    const slowHeaders = await pod.connect('POST / HTTP/1.1\r\nHost: p');
    await slowHeaders.ends();
    expect(slowHeaders.received).toMatch(/^(HTTP\/1.1 408 .*)?$/s);
    slowBody.send('b');
    expect((await buffer(body.content)).toString()).toBe('ab');
    end(output.outcome({}));
    (await pod.call(1)).end(output.outcome({}));
    for (const peer of [slowBody, waits]) {
      expect(await peer.receives(/said\n$/)).toContain(' 200 ');
      peer.socket.destroy();
    }
  }, 20_000);
});
