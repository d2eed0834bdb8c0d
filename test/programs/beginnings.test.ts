import { createServer, RequestListener } from 'node:http';
import { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { handle as manager } from '../../src/programs/manager/handle';
import { describeSelf, handle as supervisor, refuseEvent } from '../../src/programs/supervisor/supervisor';

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

test.each([
  ['GET', '/healthz', 200, 'Ok\n'],
  ['GET', '/healthz?live', 200, 'Ok\n'],
  ['POST', '/run', 501, 'This supervisor runs no requests yet.\n'],
])('supervisor: %s %s → %d', async (method, path, ...expected) => {
  expect(await answer(supervisor, method, path)).toEqual(expected);
});

describe('an event given to the supervisor', () => {
  let errors: string;
  beforeEach(() => {
    errors = '';
    jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      errors += String(chunk);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    delete process.env.EVENT;
  });

  test('by its variable fails the Job', async () => {
    process.env.EVENT = 'äöü';
    expect(await refuseEvent(Readable.from(['not read']))).toBe(1);
    expect(errors).toContain('processes no events yet (it was given one of 6 bytes)');
  });

  test('on stdin fails the Job', async () => {
    expect(await refuseEvent(Readable.from([Buffer.from('{"a":'), Buffer.from('1}')]))).toBe(1);
    expect(errors).toContain('7 bytes');
  });

  test('the version tells which Node runs', () => expect(describeSelf()).toContain(process.version));
});
