import { createServer, RequestListener } from 'node:http';
import { AddressInfo } from 'node:net';
import { handle as manager } from '../../src/programs/manager/handle';

async function answer(handler: RequestListener, method: string, path: string) {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  const result = [response.status, await response.text()];
  await new Promise((resolve) => server.close(resolve));
  return result;
}

test.each([
  ['GET', '/health', 200, 'Ok\n'],
  ['GET', '/health?full', 200, 'Ok\n'],
  ['POST', '/health', 501, 'This manager has no POST /health yet.\n'],
  ['POST', '/events', 503, 'This manager takes no events yet: keep them.\n'],
  ['POST', '/run/cowsay', 501, 'This manager has no POST /run/cowsay yet.\n'],
])('manager: %s %s → %d', async (method, path, ...expected) => {
  expect(await answer(manager, method, path)).toEqual(expected);
});
