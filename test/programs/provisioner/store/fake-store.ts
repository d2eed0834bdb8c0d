import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Store } from '../../../../src/programs/provisioner/store/store';

export type Answer =
  { status: number; body?: string; headers?: Record<string, string> } | ((response: ServerResponse) => void);

export const KEYS = { accessKey: 'oscar-root', secretKey: 'not-a-secret-of-anybody' };

/** A store that answers as it is told: `answer` gets `METHOD /path?query` and how many calls came before. */
export async function fakeStore(answer: (call: string, before: number, request: IncomingMessage) => Answer) {
  const calls: string[] = [];
  const warnings: string[] = [];
  const waits: number[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const call = `${request.method} ${request.url}`;
      const given = answer(call, calls.length, request);
      calls.push(call);
      if (typeof given === 'function') given(response);
      else response.writeHead(given.status, given.headers).end(request.method === 'HEAD' ? undefined : given.body);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const declared = { endpoint, region: 'us-east-1', verify: true };
  const log = (_: string, message: string) => void warnings.push(message);
  const patience = { wait: async (ms: number) => void waits.push(ms), tries: 5 };
  const store = new Store(declared, KEYS, log, patience);
  const stop = () => {
    store.close();
    server.closeAllConnections();
    server.close();
  };
  return { calls, warnings, waits, store, declared, stop };
}

export const s3Error = (status: number, code: string, message = 'words'): Answer => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
