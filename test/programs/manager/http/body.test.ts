import { createServer, request, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chunksOf, readUpTo } from '../../../../src/programs/manager/http/body';

let server: Server;
afterEach(() => new Promise((resolve) => server.closeAllConnections() ?? server.close(resolve)));

/** What reading a request's body comes to. */
async function reading(send: (sent: ReturnType<typeof request>) => void, limit = 10): Promise<unknown> {
  let done = (_: unknown) => {};
  const result = new Promise((resolve) => (done = resolve));
  server = createServer((incoming) => {
    readUpTo(chunksOf(incoming, 100), limit).then(
      ({ bytes, complete }) => done([bytes.toString(), complete]),
      ({ status, message }) => done([status, message]),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1', method: 'POST' }).on('error', () => {});
  send(sent);
  return result;
}

test('all of a short body', async () => {
  expect(await reading((sent) => sent.end('0123456789'))).toEqual(['0123456789', true]);
});

test('of a longer one just over the limit', async () => {
  expect(await reading((sent) => sent.end('01234567890'))).toEqual(['01234567890', false]);
});

test('a client that stops sending', async () => {
  expect(await reading((sent) => sent.write('012'))).toEqual([408, 'nothing of the body came for 0.1 s']);
});

test('a client that goes away', async () => {
  const result = await reading((sent) => {
    sent.write('012');
    setTimeout(() => sent.destroy(), 20);
  });
  expect(result).toEqual([400, expect.stringMatching(/^the body broke off/)]);
});
