import { readFileSync } from 'node:fs';
import {
  cancellation,
  during,
  failureOf,
  InvocationError,
  placeOf,
  throwIfCancelled,
} from '../../../src/programs/supervisor/failure';

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

test('an InvocationError stays what it is', () => {
  const error = new InvocationError('script', 'a', 7);
  expect(failureOf(error)).toBe(error);
  expect(placeOf(error)).toBeUndefined();
});

test('what the system refuses is told, and is no defect', () => {
  const failure = failureOf(thrownBy(() => readFileSync('/no/such')));
  expect(failure).toMatchObject({ kind: 'internal', exitCode: 1, message: expect.stringMatching(/^ENOENT/) });
  expect(placeOf(failure)).toBeUndefined();
});

test('a full disk is told with what helps', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  expect(failureOf(full).message).toMatch(/^the disk is full: raise.*: ENOSPC: no space/);
});

test('a defect keeps its place apart from its message', () => {
  const failure = failureOf(thrownBy(() => (undefined as unknown as string).length));
  expect(failure).toMatchObject({ kind: 'internal', exitCode: 1 });
  expect(failure.message).toMatch(/^unexpected: Cannot read/);
  expect(failure.message).not.toContain('failure.test.ts');
  expect(placeOf(failure)).toContain('failure.test.ts');
  expect(placeOf(during('staging', failure))).toContain('failure.test.ts');
});

test.each([[undefined], [null], ['text'], [7]])('%p may be thrown as well', (thrown) => {
  expect(failureOf(thrown)).toMatchObject({ kind: 'internal', message: `unexpected: ${thrown}` });
});

test('what was being done comes before the message, but for a cancellation', () => {
  expect(during('storing', new InvocationError('storage', 'denied', 1))).toMatchObject({
    kind: 'storage',
    message: 'storing: denied',
  });
  expect(during('storing', new InvocationError('cancelled', 'ended', 143))).toMatchObject({
    ...{ kind: 'cancelled', message: 'ended', exitCode: 143 },
  });
});

test('a cancellation is its own for each that it ends', () => {
  const reason = new InvocationError('cancelled', 'the pod ends', 143);
  const signal = AbortSignal.abort(reason);
  expect(cancellation(signal)).toEqual(reason);
  expect(cancellation(signal)).not.toBe(reason);
  expect(cancellation(AbortSignal.abort())).toMatchObject({ kind: 'cancelled', exitCode: 143 });
  expect(() => throwIfCancelled(signal)).toThrow('the pod ends');
  expect(() => throwIfCancelled(new AbortController().signal)).not.toThrow();
});
