import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpError, sendText } from '../../../../src/programs/manager/http/answer';
import type { Exchange } from '../../../../src/programs/manager/http/route';
import { echo, ok, route, Serving, serving } from './serving';

afterEach(() => Serving.stopAll());

describe('bodies', () => {
  const refusing = route(
    '/job/:service',
    () => {
      throw new HttpError(413, 'too long');
    },
    { method: 'POST' },
  );

  async function socketTo({ port }: Serving, head: string): Promise<Socket> {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    await once(socket, 'connect');
    socket.write(head.replaceAll('\n', '\r\n'));
    return socket;
  }
  const HEAD = 'POST /job/cow HTTP/1.1\nHost: x\nContent-Length: 4\nExpect: 100-continue\n\n';

  test('consent comes when the body is read', async () => {
    const socket = await socketTo(await serving([echo]), HEAD);
    const [consent] = await once(socket, 'data');
    expect(consent).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('abcd');
    const [answer] = await once(socket, 'data');
    expect(answer).toMatch(/^HTTP\/1.1 201 [^]*abcd$/);
    expect(answer).not.toMatch(/connection: close/i);
    socket.destroy();
  });

  test('who refuses has not consented, and the connection ends', async () => {
    const socket = await socketTo(await serving([refusing]), HEAD);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toMatch(/connection: close/i);
  });

  test('what nobody reads is thrown away, and the connection stays', async () => {
    const socket = await socketTo(await serving([refusing, ok]), HEAD.replace('Expect: 100-continue\n', ''));
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 413 /);
    socket.write('abcdGET /ok HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });

  test('what nobody reads and never ends costs the connection', async () => {
    const socket = await socketTo(
      await serving([refusing]),
      'POST /job/cow HTTP/1.1\nHost: x\nContent-Length: 999999999\n\nabc',
    );
    const sending = setInterval(() => socket.write('x'.repeat(1000)), 50);
    socket.on('error', () => {});
    expect((await once(socket, 'data'))[0]).toMatch(/^HTTP\/1.1 413 /);
    await once(socket, 'close');
    clearInterval(sending);
  });
});

describe('clients that go', () => {
  test('the signal tells', async () => {
    let seen!: (exchange: Exchange) => void;
    const came = new Promise<Exchange>((resolve) => (seen = resolve));
    const it = await serving([route('/wait', (exchange) => seen(exchange))]);
    const socket = connect(it.port, '127.0.0.1', () => socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'));
    const { signal } = await came;
    expect(signal.aborted).toBe(false);
    socket.destroy();
    await once(signal, 'abort');
    expect(it.counted).toEqual([['/wait', 499]]);
  });

  test('is told to each of the requests that it sent ahead, once', async () => {
    const signals: AbortSignal[] = [];
    const it = await serving([route('/wait', ({ signal }) => void signals.push(signal))]);
    const socket = connect(it.port, '127.0.0.1', () =>
      socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20)),
    );
    while (signals.length < 20) await sleep(5);
    socket.destroy();
    while (it.counted.length < 20) await sleep(5);
    await sleep(20);
    expect(signals.filter(({ aborted }) => !aborted)).toEqual([]);
    expect(it.counted).toEqual(Array(20).fill(['/wait', 499]));
  });

  test('one that is there leaves nothing on its connection when it was answered', async () => {
    const it = await serving([ok]);
    let ours!: Socket;
    it.server.once('connection', (socket) => (ours = socket));
    const socket = connect(it.port, '127.0.0.1').resume();
    await once(it.server, 'connection');
    const before = ours.listenerCount('close');
    socket.write('GET /ok HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20));
    while (it.counted.length < 20) await sleep(5);
    expect(ours.listenerCount('close')).toBe(before);
    socket.destroy();
  });

  test('an answer that is complete aborts nothing', async () => {
    let signal!: AbortSignal;
    const it = await serving([
      route('/ok', (exchange) => {
        signal = exchange.signal;
        sendText(exchange.response, 200, 'x');
      }),
    ]);
    await it.call('/ok');
    await sleep(20);
    expect(signal.aborted).toBe(false);
  });
});

test('a server that ends closes connections after their answers', async () => {
  let release!: () => void;
  const wait = new Promise<void>((resolve) => (release = resolve));
  let came!: () => void;
  const started = new Promise<void>((resolve) => (came = resolve));
  const it = await serving([
    route('/slow', async ({ response }) => {
      came();
      await wait;
      sendText(response, 200, 'x');
    }),
    ok,
  ]);
  const socket = connect(it.port, '127.0.0.1').setEncoding('utf8');
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  socket.write(get('/slow'));
  await started;
  it.server.close();
  socket.write(get('/ok'));
  release();
  const answers = await text(socket);
  expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(2);
  expect(answers).toMatch(/connection: close/i);
});
