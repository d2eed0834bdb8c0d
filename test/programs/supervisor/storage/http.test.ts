import { createServer, Server, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { HttpClient, HttpRequest, readText, textBody } from '../../../../src/programs/supervisor/storage/http';
import { PassingError } from '../../../../src/programs/supervisor/storage/retry';
import { certificates } from './support/certificate';
import { answer, bodyOf, cutConnection, Handler, TestServer } from './support/server';

const LIMITS = { connect: 10_000, idle: 10_000, consent: 10_000 };
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const work of cleanUp.splice(0).reverse()) await work();
});

async function serve(handler: Handler, tls?: { key: string; cert: string }): Promise<TestServer> {
  const server = await new TestServer(handler, tls).start();
  cleanUp.push(() => server.stop());
  return server;
}

function client(
  limits: Partial<typeof LIMITS> = {},
  tls: ConstructorParameters<typeof HttpClient>[0] = { verify: true },
) {
  const made = new HttpClient(tls, { ...LIMITS, ...limits });
  cleanUp.push(() => made.close());
  return made;
}

const to = (server: TestServer, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  origin: `http://127.0.0.1:${server.port}`,
  path: '/',
  headers: {},
  ...more,
});

/** A server that speaks no HTTP. */
async function raw(handle: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => handle(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('requests', () => {
  test('go out as they are: path, query, headers, body', async () => {
    const server = await serve(async (request, response) => {
      const { expect: asked, host, 'x-a': own, 'content-length': length } = request.headers;
      response.end(JSON.stringify({ asked, host, own, length, body: (await bodyOf(request)).toString() }));
    });
    const path = '/a//b/../%2e/?x=%20&y';
    const request = to(server, { method: 'PUT', path, headers: { 'x-a': 'b' }, body: textBody('hällo') });
    const text = await readText(await client().send(request));
    expect(server.asked).toEqual([`PUT ${path}`]);
    expect(JSON.parse(text)).toEqual({ host: `127.0.0.1:${server.port}`, own: 'b', length: '6', body: 'hällo' });
  });

  test('share connections', async () => {
    const server = await serve(answer(200));
    const http = client();
    for (let i = 0; i < 5; i++) await readText(await http.send(to(server)));
    expect(server.sockets.size).toBe(1);
  });

  test('use no more than 16 connections at once', async () => {
    let most = 0;
    const server = await serve((_, response) => {
      most = Math.max(most, server.sockets.size);
      setTimeout(() => response.end(), 5);
    });
    const http = client();
    const signal = new AbortController().signal;
    const one = async () => readText(await http.send(to(server, { signal })));
    await Promise.all(Array.from({ length: 60 }, one));
    expect(most).toBe(16);
  });

  test('closing cuts what goes on', async () => {
    const server = await serve(() => {});
    const http = client();
    const sent = http.send(to(server));
    setTimeout(() => http.close(), 50);
    await expect(sent).rejects.toThrow(PassingError);
  });
});

describe('bodies', () => {
  const large = (bytes = 8 * 1024 ** 2) => {
    const chunk = Buffer.alloc(64 * 1024);
    let asked = 0;
    const chunks = function* () {
      for (asked = 0; asked < bytes / chunk.length; asked++) yield chunk;
    };
    return { body: { bytes, chunks }, asked: () => asked };
  };

  test('large ones wait for the server’s consent', async () => {
    const { body, asked } = large();
    const server = await serve(async (request, response) => {
      expect(request.headers.expect).toBe('100-continue');
      expect(asked()).toBe(0);
      response.end(String((await bodyOf(request, response)).length));
    });
    const sent = client().send(to(server, { method: 'PUT', body }));
    expect(await readText(await sent)).toBe(String(body.bytes));
  });

  test.each([
    ['small ones don’t', 10, undefined, undefined],
    ['small ones do where asked to', 10, true, '100-continue'],
    ['empty ones never', 0, true, undefined],
  ])('%s', async (_, bytes, askFirst, header) => {
    const server = await serve(async (request, response) => {
      await bodyOf(request, response);
      response.setHeader('x-expect', String(request.headers.expect)).end();
    });
    const body = textBody('x'.repeat(bytes));
    const got = await client().send(to(server, { method: 'PUT', body, askFirst }));
    expect(got.headers['x-expect']).toBe(String(header));
  });

  test('a refusal comes instead of consent: nothing is sent', async () => {
    const { body, asked } = large();
    const server = await serve(answer(403));
    const got = await client().send(to(server, { method: 'PUT', body }));
    await readText(got);
    expect([got.statusCode, asked()]).toEqual([403, 0]);
  });

  test('a refusal comes in the middle: the rest is not sent, and the connection not used again', async () => {
    const { body, asked } = large(256 * 1024 ** 2);
    const server = await serve((request, response) => {
      response.writeContinue();
      request.once('data', () => response.writeHead(507).end('full'));
    });
    const http = client();
    const got = await http.send(to(server, { method: 'PUT', body }));
    expect([got.statusCode, await readText(got)]).toEqual([507, 'full']);
    expect(asked()).toBeLessThan(body.bytes / (64 * 1024));
    server.fault(answer(200));
    expect((await http.send(to(server))).statusCode).toBe(200);
  });

  test('a server that knows no consent gets them after a while, and later ones at once', async () => {
    const server = await serve(async (request, response) => {
      const { expect: asked } = request.headers;
      request.resume();
      await new Promise((resolve) => request.once('end', resolve));
      response.end(String(asked));
    });
    const http = client({ consent: 20 });
    const put = async () => readText(await http.send(to(server, { method: 'PUT', body: large().body })));
    expect(await put()).toBe('100-continue');
    expect(await put()).toBe('undefined');
  });

  test('a server that can’t be asked for consent is told to pass, and not asked again', async () => {
    const server = await serve(async (request, response) => {
      if (request.headers.expect) return response.writeHead(417).end();
      response.end(String((await bodyOf(request)).length));
    });
    const http = client();
    const put = () => http.send(to(server, { method: 'PUT', body: large().body }));
    await expect(put()).rejects.toThrow(PassingError);
    expect(await readText(await put())).toBe(String(large().body.bytes));
  });

  test('what reading them throws ends the request', async () => {
    const server = await serve(async (request) => void (await bodyOf(request).catch(() => {})));
    const body = {
      bytes: 10,
      *chunks() {
        yield Buffer.alloc(5);
        throw new RangeError('the file was changed');
      },
    };
    await expect(client().send(to(server, { method: 'PUT', body }))).rejects.toThrow(
      new RangeError('the file was changed'),
    );
  });
});

describe('what goes wrong', () => {
  test('nobody listens', async () => {
    const server = await serve(answer(200));
    const request = to(server);
    await server.stop();
    cleanUp.pop();
    const message = `${request.origin}: the connection was refused`;
    await expect(client().send(request)).rejects.toEqual(new PassingError(message));
  });

  test('no such host', async () => {
    const request = { method: 'GET', origin: 'http://none.invalid', path: '/', headers: {} };
    await expect(client().send(request)).rejects.toThrow(/none\.invalid: (there is no host|the name of the host)/);
    await expect(client().send(request)).rejects.toThrow(PassingError);
  });

  test('the connection breaks before the answer', async () => {
    const server = await serve(cutConnection);
    await expect(client().send(to(server))).rejects.toThrow(/the connection broke/);
  });

  test('the answer is none of HTTP', async () => {
    const origin = await raw((socket) => socket.end('hello\r\n\r\n'));
    const sent = client().send({ method: 'GET', origin, path: '/', headers: {} });
    await expect(sent).rejects.toThrow(PassingError);
  });

  test('nothing comes', async () => {
    const server = await serve(() => {});
    await expect(client({ idle: 50 }).send(to(server))).rejects.toEqual(new PassingError('nothing moved for 0.05 s'));
  });

  test('an answer stops in its middle', async () => {
    const server = await serve((_, response) => response.writeHead(200, { 'content-length': 10 }).write('half'));
    const got = await client({ idle: 50 }).send(to(server));
    await expect(readText(got)).rejects.toThrow(PassingError);
  });

  test('a body is not taken', async () => {
    const server = await serve((_, response) => response.writeContinue());
    const body = { bytes: 64 * 1024 ** 2, chunks: () => Array.from({ length: 64 }, () => Buffer.alloc(1024 ** 2)) };
    const sent = client({ idle: 100 }).send(to(server, { method: 'PUT', body }));
    await expect(sent).rejects.toThrow(/nothing moved/);
  });

  test('the TLS handshake takes too long', async () => {
    const origin = (await raw(() => {})).replace('http:', 'https:');
    const sent = client({ connect: 50 }).send({ method: 'GET', origin, path: '/', headers: {} });
    await expect(sent).rejects.toEqual(new PassingError('no connection within 0.05 s'));
  });

  test.each<[string, Handler]>([
    ['before an answer', () => {}],
    ['within it', (_, response) => response.writeHead(200, { 'content-length': 10 }).write('half')],
  ])('cancelled %s', async (_, handler) => {
    const controller = new AbortController();
    const server = await serve((request, response) => {
      void handler(request, response);
      setTimeout(() => controller.abort(), 20);
    });
    const sent = client()
      .send(to(server, { signal: controller.signal }))
      .then(readText);
    await expect(sent).rejects.toThrow(/cancelled|broke off/);
    expect(controller.signal.aborted).toBe(true);
  });

  test('a long text is cut', async () => {
    const server = await serve((_, response) => response.end(Buffer.alloc(5 * 1024 ** 2, 'x')));
    const text = await readText(await client().send(to(server)));
    expect(text.length).toBeGreaterThan(1024 ** 2);
    expect(text.length).toBeLessThan(2 * 1024 ** 2);
  });
});

describe('TLS', () => {
  const { ca, server: identity } = certificates(['localhost'], ['127.0.0.1']);
  const stranger = certificates([], ['127.0.0.1']);
  const elsewhere = certificates(['example.org'], ['192.0.2.1']);

  async function get(served: { key: string; cert: string }, tls: ConstructorParameters<typeof HttpClient>[0]) {
    const server = await serve(answer(200, {}, 'secure'), served);
    return readText(await client({}, tls).send(to(server, { origin: `https://127.0.0.1:${server.port}` })));
  }

  test('an authority of its own is trusted where it is given', async () =>
    expect(await get(identity, { verify: true, ca: ca.cert })).toBe('secure'));

  test('any certificate will do without verification', async () =>
    expect(await get(elsewhere.server, { verify: false })).toBe('secure'));

  test.each([
    ['one that nobody trusts', identity, undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['one of an authority of the same name', identity, stranger.ca.cert, 'CERT_SIGNATURE_FAILURE'],
    ['one for another host', elsewhere.server, elsewhere.ca.cert, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('a certificate is refused for good: %s', async (_, served, trusted, code) => {
    const sent = get(served, { verify: true, ca: trusted });
    await expect(sent).rejects.toThrow(`its TLS certificate can't be trusted (${code}). Fix: `);
    await expect(sent).rejects.toMatchObject({ kind: 'storage' });
  });
});
