import { createServer, RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { KubernetesApi, KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';

let server: Server;
let api: KubernetesApi;
const sockets = new Set<Socket>();
const heard: string[] = [];

async function serve(listener: RequestListener): Promise<void> {
  heard.length = 0;
  server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    listener(request, response);
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [
      { name: 'c', server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, skipTLSVerify: true },
    ],
    users: [{ name: 'u', token: 'a-token' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  api = await KubernetesApi.of(config);
}
afterEach(async () => {
  api.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('any status is an answer; JSON is read, text stays', async () => {
  await serve((request, response) => {
    response.writeHead(request.url === '/json' ? 404 : 429, { 'retry-after': '7' });
    response.end(request.url === '/json' ? '{"reason": "NotFound"}' : 'Too many requests');
  });
  expect(await api.call('GET', '/json')).toMatchObject({ status: 404, body: { reason: 'NotFound' } });
  expect(await api.call('GET', '/text', { query: { a: 'b c,d', none: undefined } })).toEqual({
    status: 429,
    body: 'Too many requests',
    retryAfterSeconds: 7,
  });
  expect(heard).toEqual(['GET /json Bearer a-token', 'GET /text?a=b%20c%2Cd Bearer a-token']);
});

test.each([
  ['says nothing', () => {}],
  ['stops in the middle', (_: unknown, response: { write(text: string): void }) => response.write('{')],
])('a server that %s is given up in time', async (_, listener) => {
  await serve(listener as RequestListener);
  await expect(api.call('GET', '/', { timeoutMs: 200 })).rejects.toThrow(KubernetesUnreachable);
});

test('calls that wait for a connection are given up in time, too', async () => {
  await serve(() => {});
  // They hold all connections for longer: one that gets free would be taken over.
  const first = Promise.allSettled(Array.from({ length: 64 }, () => api.call('GET', '/', { timeoutMs: 3000 })));
  const others = Array.from({ length: 16 }, () => api.call('GET', '/', { timeoutMs: 300 }));
  const results = await Promise.allSettled(others);
  expect(heard.length).toBeLessThanOrEqual(64);
  results.push(...(await first));
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
});

test('a stream may last longer than its beginning may take', async () => {
  await serve((_, response) => {
    response.write('a');
    setTimeout(() => response.end('b'), 400);
  });
  const answer = await api.stream('/', { timeoutMs: 200 }, new AbortController().signal);
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  expect(text).toBe('ab');
});

test('a stream that does not begin is given up in time, or when it is not wanted any more', async () => {
  await serve(() => {});
  await expect(api.stream('/', { timeoutMs: 200 }, new AbortController().signal)).rejects.toThrow(/no answer in 0.2 s/);
  const unwanted = new AbortController();
  const stream = api.stream('/', {}, unwanted.signal);
  unwanted.abort();
  await expect(stream).rejects.toThrow(KubernetesUnreachable);
});
