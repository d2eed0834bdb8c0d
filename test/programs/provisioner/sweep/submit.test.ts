import { createServer, IncomingHttpHeaders, Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PassingError } from '../../../../src/programs/supervisor/storage/retry';
import { DoorAnswer, managerDoor } from '../../../../src/programs/provisioner/sweep/door';
import { Submitter } from '../../../../src/programs/provisioner/sweep/submit';

const object = { service: 's', bucket: 'in', key: 'a', lastModified: '2026-01-01T00:00:00.000Z', size: 1, etag: 'e' };
const stored = { status: 200, text: '{"job":"s-1","status":"Stored"}' };

function submitter(answer: (count: number) => DoorAnswer) {
  const waits: number[] = [];
  const state = { posts: 0, checks: 0, recorded: () => false, now: 0, random: 1 };
  const post = async () => answer(++state.posts);
  const made = new Submitter(
    { post, close() {} },
    async (ms) => waits.push(ms),
    () => state.now,
    () => state.random,
  );
  const submit = (service = 's') =>
    made.submit({ ...object, service }, 's-1', async () => {
      state.checks++;
      return state.recorded();
    });
  return { submit, waits, state };
}

test.each([503, 500, 429, 408, 0])(
  '%i: asked again, and the record is looked for again before each try',
  async (status) => {
    const { submit, waits, state } = submitter((count) => {
      if (count === 3) return stored;
      if (status === 0) throw new PassingError('reset');
      return { status, text: '' };
    });
    expect(await submit()).toEqual({ kind: 'answer', status: 'Stored' });
    expect(waits).toEqual([500, 1000]);
    expect(state.checks).toBe(3);
  },
);

test('a record that comes during a pause ends it', async () => {
  const { submit, state } = submitter(() => ({ status: 503, text: '' }));
  state.recorded = () => state.posts > 0;
  expect(await submit()).toEqual({ kind: 'recorded' });
  expect(state.posts).toBe(1);
});

test('the pause that the manager asks for, up to a bound', async () => {
  const { submit, waits } = submitter((count) =>
    count < 3 ? { status: 503, text: '', pauseMs: count * 9000 } : stored,
  );
  await submit();
  expect(waits).toEqual([9000, 16_000]);
});

test('six tries an object; all that wait wait together; after some without an answer no more of the service', async () => {
  const { submit, waits, state } = submitter(() => ({ status: 503, text: 'busy' }));
  const first = await Promise.all(Array.from({ length: 8 }, () => submit()));
  expect(first[0]).toEqual({ kind: 'left', reason: 'the manager answers 503: "busy"' });
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000]);
  for (let i = 0; i < 100; i++) await submit();
  expect(waits.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(140_000);
  expect(state.posts).toBeLessThan(200);
  const before = state.posts;
  expect(await submit()).toEqual({ kind: 'left', reason: 'the manager answers for none of the service' });
  expect(state.posts).toBe(before);
  await submit('another');
  expect(state.posts).toBe(before + 1);
});

test('refused by Kubernetes so often in a row: few of the service are asked for, at random, until one is taken', async () => {
  const refused = { status: 200, text: '{"job":"s-1","status":"Refused"}' };
  const { submit, state } = submitter((count) => (count === 16 || count === 33 ? stored : refused));
  for (let i = 0; i < 32; i++) expect(await submit()).toMatchObject({ kind: 'answer' });
  const left = { kind: 'left', reason: expect.stringContaining('Kubernetes refused 16 Jobs of the service in a row') };
  expect(await submit()).toEqual(left);
  expect(state.posts).toBe(32);
  expect(await submit('another')).toMatchObject({ kind: 'answer', status: 'Stored' });
  state.random = 0.062;
  expect(await submit()).toMatchObject({ kind: 'answer', status: 'Refused' });
  state.random = 0.063;
  expect(await submit()).toEqual(left);
  expect(state.posts).toBe(34);
});

test('one that is not refused ends the row, and all are asked for again', async () => {
  const refused = { status: 200, text: '{"job":"s-1","status":"Refused"}' };
  const { submit, state } = submitter((count) => (count === 17 ? stored : refused));
  for (let i = 0; i < 16; i++) await submit();
  state.random = 0;
  expect(await submit()).toMatchObject({ kind: 'answer', status: 'Stored' });
  state.random = 1;
  expect(await submit()).toMatchObject({ kind: 'answer', status: 'Refused' });
});

test('a manager that hangs keeps no sweep for hours: after minutes without any answer, no service is asked for', async () => {
  const { submit, state } = submitter(() => {
    state.now += 61_000;
    throw new PassingError('nothing moved for 60 s');
  });
  const said = 'the manager is away: "nothing moved for 60 s"';
  const left = { kind: 'left', reason: `${said}, and so for 5 minutes` };
  expect(await submit()).toEqual(left);
  expect(state.posts).toBe(5);
  for (let service = 0; service < 1000; service++) expect(await submit(`s${service}`)).toEqual(left);
  expect(state.posts).toBe(5);
});

test('trouble that any service had an answer in between does not add up', async () => {
  const { submit, state } = submitter((count) => {
    state.now += 61_000;
    return count % 4 === 0 ? stored : { status: 503, text: '' };
  });
  for (let object = 0; object < 20; object++) expect(await submit(`s${object}`)).toMatchObject({ kind: 'answer' });
  expect(state.posts).toBe(80);
});

test.each([401, 403, 404, 405])('%i: is the same for all, and nobody is asked again', async (status) => {
  const { submit, waits, state } = submitter(() => ({ status, text: 'no' }));
  const left = { kind: 'left', reason: expect.stringContaining(`the manager answers ${status}: "no". Fix: `) };
  expect(await submit()).toEqual(left);
  expect(await submit('another')).toEqual(left);
  expect(state.posts).toBe(1);
  expect(waits).toEqual([]);
});

test.each([
  [400, 'the body is no object', '400'],
  [200, 'no JSON', 'no answer of a manager of this version'],
  [200, '{"job":"s-1","status":"New"}', 'no answer of a manager of this version'],
  [200, 'null', 'no answer of a manager of this version'],
  [200, '{"job":"s-2","status":"Stored"}', 'the manager\'s name of its Job is "s-2", and not s-1'],
])('%i %s: left, and the next is asked for', async (status, text, reason) => {
  const { submit, state } = submitter((count) => (count === 1 ? { status, text } : stored));
  expect(await submit()).toEqual({ kind: 'left', reason: expect.stringContaining(reason) });
  expect(await submit()).toEqual({ kind: 'answer', status: 'Stored' });
  expect(state.posts).toBe(2);
});

describe('the door', () => {
  let server: Server;
  const seen: { url?: string; headers: IncomingHttpHeaders; body: string }[] = [];
  let answer: { status: number; headers: Record<string, string>; text: string };
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push({ url: request.url, headers: request.headers, body });
      response.writeHead(answer.status, answer.headers).end(answer.text);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  test('sends the token and JSON, and tells what is answered, without the token', async () => {
    answer = { status: 503, headers: { 'retry-after': '7' }, text: 'later, Token-1234' };
    const door = managerDoor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'Token-1234');
    expect(await door.post('{"é":1}')).toEqual({ status: 503, text: 'later, ***', pauseMs: 7000 });
    door.close();
    const headers = expect.objectContaining({ authorization: 'Bearer Token-1234', 'content-type': 'application/json' });
    expect(seen).toEqual([{ url: '/sweep', headers, body: '{"é":1}' }]);
  });

  test('nobody there: PassingError', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(managerDoor(`http://127.0.0.1:${port}`, 't').post('')).rejects.toThrow(PassingError);
  });
});
