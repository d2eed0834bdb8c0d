import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../../../src/programs/supervisor/deadline';

const never = new AbortController().signal;

test("without a limit it is the caller's signal", () => expect(new Deadline(never).signal).toBe(never));

test('once the time is up it tells which limit there is', async () => {
  const { signal } = new Deadline(never, 50);
  expect(signal.aborted).toBe(false);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  expect(signal.reason).toMatchObject({
    ...{ kind: 'script', exitCode: 124 },
    message: "the invocation took longer than the service's time limit of 0.05 s",
  });
});

test('who asked may end it before, for a reason of its own', () => {
  const abort = new AbortController();
  const deadline = new Deadline(abort.signal, 60_000);
  abort.abort('gone');
  deadline.clear();
  expect(deadline.signal.reason).toBe('gone');
});

test.each([
  ['cleared', () => new Deadline(never, 50), true],
  ['longer than timers take', () => new Deadline(never, 2 ** 40), false],
])('one that is %s ends nothing', async (_, make, cleared) => {
  const deadline = make();
  if (cleared) deadline.clear();
  await sleep(200);
  expect(deadline.signal.aborted).toBe(false);
  deadline.clear();
});
