import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Answer, Call, KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';
import { Reflector } from '../../../../src/programs/manager/kubernetes/reflector';
import { eventually } from '../double/reading';

const PATH = '/api/v1/namespaces/oscar-svc/configmaps';
const object = (name: string, resourceVersion = '1') => ({ metadata: { name, resourceVersion } });
const page = (names: string[], resourceVersion: string, next?: string): Answer => ({
  status: 200,
  body: { items: names.map((name) => object(name)), metadata: { resourceVersion, continue: next } },
});

/** A watch that the test ends. */
class OpenWatch {
  readonly answer = new PassThrough();

  constructor(readonly from: string) {}

  tell(type: string, what: object): void {
    this.answer.write(`${JSON.stringify({ type, object: what })}\n`);
  }
}

/** A server whose answers the test gives. */
class Server {
  readonly lists: (Answer | Error)[] = [];
  readonly watches: OpenWatch[] = [];
  refusal: number | undefined;

  call = async (): Promise<Answer> => {
    const answer = this.lists.length > 1 ? this.lists.shift()! : this.lists[0];
    if (answer instanceof Error) throw answer;
    return answer;
  };

  stream = async (_path: string, { query }: Call, signal: AbortSignal): Promise<IncomingMessage> => {
    const watch = new OpenWatch(String(query!.resourceVersion));
    this.watches.push(watch);
    signal.addEventListener('abort', () => watch.answer.destroy(new Error('aborted')));
    if (this.refusal !== undefined) watch.answer.end('{"message": "no"}');
    return Object.assign(watch.answer, { statusCode: this.refusal ?? 200, setTimeout: () => {} }) as never;
  };
}

let server: Server;
let reflector: Reflector;
let told: [string, boolean][];
let logged: string[];
let lists: string[];

function start(onChange?: () => void): void {
  const resource = {
    path: PATH,
    labelSelector: 'oscar_service',
    onChange: (name: string, it: object | undefined) => {
      told.push([name, it !== undefined]);
      onChange?.();
    },
    onListing: () => void lists.push(`begins after ${told.length}`),
    onListed: () => void lists.push(`ends after ${told.length}`),
  };
  const log = (_: string, message: string, fields = {}) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  reflector = new Reflector(server, resource, log);
  reflector.start();
}
beforeEach(() => {
  server = new Server();
  [told, logged, lists] = [[], [], []];
});
afterEach(() => reflector.stop());
const watching = (count: number) => eventually(() => server.watches.length === count && reflector.current);

test('a list, and what changes after it', async () => {
  server.lists.push(page(['a'], '9', 'more'), page(['b'], '10'));
  start();
  await watching(1);
  expect(told).toEqual([
    ['a', true],
    ['b', true],
  ]);
  expect(reflector.synced).toBe(true);
  const [watch] = server.watches;
  expect(watch.from).toBe('10');
  watch.tell('ADDED', object('c', '11'));
  watch.tell('MODIFIED', object('a', '12'));
  watch.tell('DELETED', object('b', '13'));
  await eventually(() => told.length === 5);
  expect(told.slice(2)).toEqual([
    ['c', true],
    ['a', true],
    ['b', false],
  ]);
});

test.each(['breaks', 'ends'])('a watch that %s goes on from where it was, bookmarks counted', async (how) => {
  server.lists.push(page(['a'], '10'));
  start();
  await watching(1);
  server.watches[0].tell('MODIFIED', object('a', '40'));
  server.watches[0].tell('BOOKMARK', { metadata: { resourceVersion: '50' } });
  await eventually(() => told.length === 2);
  if (how === 'breaks') server.watches[0].answer.destroy(new Error('reset'));
  else server.watches[0].answer.end();
  await watching(2);
  expect(server.watches[1].from).toBe('50');
  expect(told).toHaveLength(2);
});

test('lines may come in any pieces', async () => {
  server.lists.push(page([], '1'));
  start();
  await watching(1);
  const text = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: object('ü', '2') })}\n\n`);
  for (const byte of text) {
    server.watches[0].answer.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(told).toEqual([['ü', true]]);
});

test('watches that end at once are not asked for without a pause', async () => {
  server.lists.push(page([], '1'));
  start();
  for (let end = Date.now() + 1_500; Date.now() < end; await sleep(5)) server.watches.at(-1)?.answer.end();
  expect(server.watches.length).toBeLessThan(6);
});

test.each([400, 410, 422])(
  'a version that is refused (%d): it is listed anew, and what is gone is told',
  async (status) => {
    server.lists.push(page(['a', 'b'], '10'), page(['b'], '20'));
    server.refusal = status;
    start();
    await eventually(() => server.watches.length === 1);
    server.refusal = undefined;
    await watching(2);
    expect(server.watches[1].from).toBe('20');
    expect(told.slice(2)).toEqual([
      ['b', true],
      ['a', false],
    ]);
  },
);

test('an ERROR in the watch that says so, too', async () => {
  server.lists.push(page(['a'], '10'), page(['a'], '20'));
  start();
  await watching(1);
  server.watches[0].tell('ERROR', { code: 410, message: 'too old resource version: 10 (15)' });
  await watching(2);
  expect(server.watches[1].from).toBe('20');
});

test('a server that is away: nothing is told, and what was known stays', async () => {
  server.lists.push(page(['a'], '10'), new KubernetesUnreachable('away'));
  start();
  await watching(1);
  server.watches[0].answer.destroy(new Error('reset'));
  await eventually(() => !reflector.current);
  expect(told).toEqual([['a', true]]);
  expect(reflector.synced).toBe(true);
  await watching(2);
  expect(server.watches[1].from).toBe('10');
});

test('a list that breaks after some pages leaves nobody behind who is gone', async () => {
  server.lists.push(page(['gone'], '1', 'more'), { status: 410, body: {} }, page(['a'], '10'));
  start();
  await watching(1);
  expect(told).toEqual([
    ['gone', true],
    ['a', true],
    ['gone', false],
  ]);
  expect(lists).toEqual(['begins after 0', 'begins after 1', 'ends after 3']);
});

test('an object that nobody understands keeps none from being told', async () => {
  server.lists.push(page(['a', 'b'], '10'));
  start(() => {
    if (told.at(-1)![0] === 'a') throw new Error('what is this?');
  });
  await watching(1);
  expect(told).toEqual([
    ['a', true],
    ['b', true],
  ]);
  expect(logged).toEqual([expect.stringContaining(`${PATH}/a can't be understood`)]);
});
