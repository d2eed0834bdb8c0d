import { getEventListeners } from 'node:events';
import { Queue, Ticket } from '../../src/programs/common/queue';

let now = 0;
beforeEach(() => {
  now = 1000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

const never = () => new AbortController().signal;
const enter = (queue: Queue, signal = never()) => queue.enter(signal) as Ticket;
const settled = async (ticket: Ticket) => Promise.race([ticket.turn, new Promise((r) => setImmediate(r, 'waits'))]);

test('so many run, so many wait, more are refused', async () => {
  const queue = new Queue(2, 3);
  const tickets = Array.from({ length: 5 }, () => enter(queue));
  expect(queue.enter(never())).toBeUndefined();
  expect([queue.running, queue.waiting]).toEqual([2, 3]);
  expect(await Promise.all(tickets.map(settled))).toEqual([true, true, 'waits', 'waits', 'waits']);
});

test('first come, first served', async () => {
  const queue = new Queue(1, 10);
  const served: number[] = [];
  const tickets = Array.from({ length: 6 }, () => enter(queue));
  tickets.forEach((ticket, i) => void ticket.turn.then(() => served.push(i)));
  for (const ticket of tickets) {
    ticket.leave();
    await settled(ticket);
  }
  expect(served).toEqual([0, 1, 2, 3, 4, 5]);
  expect([queue.running, queue.waiting]).toEqual([0, 0]);
});

test('who comes while somebody waits stands behind', async () => {
  const queue = new Queue(1, 2);
  const [first, second] = [enter(queue), enter(queue)];
  first.leave();
  const third = enter(queue);
  expect(await settled(second)).toBe(true);
  expect(await settled(third)).toBe('waits');
});

test('leaving twice gives one place', async () => {
  const queue = new Queue(1, 2);
  const [first, second, third] = [enter(queue), enter(queue), enter(queue)];
  first.leave();
  first.leave();
  expect(await settled(second)).toBe(true);
  expect(await settled(third)).toBe('waits');
  expect(queue.running).toBe(1);
});

test('who gives up while waiting leaves the line; the others keep their order', async () => {
  const queue = new Queue(1, 2);
  const abort = new AbortController();
  const [first, second, third] = [enter(queue), enter(queue, abort.signal), enter(queue)];
  abort.abort();
  expect(await second.turn).toBe(false);
  expect(queue.waiting).toBe(1);
  expect(queue.enter(never())).toBeDefined();
  second.leave();
  expect(queue.running).toBe(1);
  first.leave();
  expect(await settled(third)).toBe(true);
});

test('who gives up while running keeps the place until it leaves', () => {
  const queue = new Queue(1, 1);
  const abort = new AbortController();
  const first = enter(queue, abort.signal);
  abort.abort();
  expect(queue.running).toBe(1);
  first.leave();
  expect(queue.running).toBe(0);
});

test('tells when nobody is left', async () => {
  const queue = new Queue(1, 1);
  await queue.empty();
  const [first, second] = [enter(queue), enter(queue)];
  const empty = jest.fn();
  void queue.empty().then(empty);
  first.leave();
  await settled(second);
  expect(empty).not.toHaveBeenCalled();
  second.leave();
  await queue.empty();
  expect(empty).toHaveBeenCalled();
});

describe('when to try again', () => {
  const run = (queue: Queue, seconds: number) => {
    const ticket = enter(queue);
    now += seconds * 1000;
    ticket.leave();
  };
  const fill = (queue: Queue, tickets: number) => Array.from({ length: tickets }, () => enter(queue));

  test.each([
    ['nothing is known', [], 1, 11, 1],
    ['moments', [0.01, 0.01], 1, 11, 1],
    ['two seconds, ten of them wait', [2, 2, 2], 1, 11, 20],
    ['two seconds, twenty wait for two places', [2, 2, 2], 2, 22, 20],
    ['parts of a second are rounded up', [0.32], 1, 11, 4],
    ['hours', [7200], 1, 11, 60],
    ['nobody waits', [5], 1, 1, 1],
  ])('%s', (_, durations, running, tickets, seconds) => {
    const queue = new Queue(running, 10 * running);
    for (const duration of durations) run(queue, duration);
    fill(queue, tickets);
    expect(queue.retryAfterSeconds()).toBe(seconds);
  });

  test('what is recent counts most', () => {
    const queue = new Queue(1, 10);
    run(queue, 5);
    for (let i = 0; i < 30; i++) run(queue, 1);
    fill(queue, 11);
    expect(queue.retryAfterSeconds()).toBe(11);
  });

  test('one that takes longer than ever counts before it ends', () => {
    const queue = new Queue(1, 10);
    run(queue, 0.1);
    fill(queue, 11);
    now += 4_000;
    expect(queue.retryAfterSeconds()).toBe(40);
  });
});

test('a signal that outlives many turns is left with nothing of them', async () => {
  const queue = new Queue(1, 100);
  const { signal } = new AbortController();
  const tickets = Array.from({ length: 101 }, () => enter(queue, signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(100);
  for (const ticket of tickets) {
    await settled(ticket);
    ticket.leave();
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
