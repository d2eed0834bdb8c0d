import { Queue } from '../../../../src/programs/common/queue';
import { JobRefused, JobSubmitter, Postponed } from '../../../../src/programs/manager/jobs/submit';
import { Answer, KubernetesApi, KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';

const EXISTS: Answer = { status: 409, body: { reason: 'AlreadyExists', message: 'jobs.batch "x" already exists' } };
const AWAY = new KubernetesUnreachable('the Kubernetes API did not answer');
const NEVER = new AbortController().signal;

/** A server that answers in turn, and as the last one from then on. */
function submitter(answers: (Answer | Error)[], queue = new Queue(4, 4)) {
  const calls: unknown[] = [];
  const call = async (...args: unknown[]) => {
    calls.push(args);
    const answer = answers.length > 1 ? answers.shift()! : answers[0];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { calls, submitter: new JobSubmitter({ call } as unknown as KubernetesApi, 'oscar-svc', queue) };
}

test('stored, by one call whose answer is short', async () => {
  const { calls, submitter: it } = submitter([{ status: 201, body: {} }]);
  await expect(it.submit({ kind: 'Job' }, NEVER)).resolves.toBe('stored');
  expect(calls).toEqual([
    [
      'POST',
      '/apis/batch/v1/namespaces/oscar-svc/jobs',
      { body: { kind: 'Job' }, accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    ],
  ]);
});

test('already there is as good', async () => {
  await expect(submitter([EXISTS]).submitter.submit({}, NEVER)).resolves.toBe('repeated');
});

test.each([
  ['no answer, though it was stored', [AWAY, EXISTS], 'repeated'],
  ['no answer', [AWAY, { status: 201, body: {} }], 'stored'],
  [
    'a server in trouble',
    [
      { status: 500, body: {} },
      { status: 503, body: {} },
      { status: 201, body: {} },
    ],
    'stored',
  ],
  [
    'a conflict that passes',
    [
      { status: 409, body: { reason: 'Conflict' } },
      { status: 201, body: {} },
    ],
    'stored',
  ],
])('asked again: %s', async (_, answers, outcome) => {
  await expect(submitter([...answers]).submitter.submit({}, NEVER)).resolves.toBe(outcome);
});

test.each([
  [AWAY, 'the Kubernetes API did not answer'],
  [{ status: 500, body: { message: 'etcd' } }, "Kubernetes can't store the Job now: 500: etcd"],
  [{ status: 403, body: { message: 'exceeded quota' } }, "Kubernetes can't store the Job now: 403: exceeded quota"],
  [{ status: 404, body: {} }, "Kubernetes can't store the Job now: 404"],
])('postponed after four tries: %p', async (answer, message) => {
  const { calls, submitter: it } = submitter([answer]);
  await expect(it.submit({}, NEVER)).rejects.toThrow(new Postponed(message, 5));
  expect(calls).toHaveLength(4);
});

test('postponed after one try of a server that hangs', async () => {
  const { calls, submitter: it } = submitter([AWAY]);
  const began = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => began + 10_000 * calls.length);
  await expect(it.submit({}, NEVER)).rejects.toThrow(new Postponed('the Kubernetes API did not answer', 5));
  expect(calls).toHaveLength(1);
  jest.restoreAllMocks();
});

test.each([400, 413, 422])('refused for good: %d', async (status) => {
  const { calls, submitter: it } = submitter([{ status, body: { message: 'is invalid' } }]);
  await expect(it.submit({}, NEVER)).rejects.toThrow(
    new JobRefused(`Kubernetes refuses the Job: ${status}: is invalid`),
  );
  expect(calls).toHaveLength(1);
});

test('a 429 holds all, for as long as it says', async () => {
  const { calls, submitter: it } = submitter([
    { status: 429, body: {}, retryAfterSeconds: 1 },
    { status: 201, body: {} },
  ]);
  const began = performance.now();
  const first = it.submit({}, NEVER);
  await Promise.resolve();
  await expect(first).resolves.toBe('stored');
  await expect(it.submit({}, NEVER)).resolves.toBe('stored');
  expect(performance.now() - began).toBeGreaterThan(950);
  expect(calls).toHaveLength(3);
});

test('more than may wait are told to come again', async () => {
  let release = (_: Answer) => {};
  const call = () => new Promise<Answer>((resolve) => (release = resolve));
  const it = new JobSubmitter({ call } as unknown as KubernetesApi, 'oscar-svc', new Queue(1, 1));
  const running = it.submit({}, NEVER);
  const waiting = it.submit({}, NEVER);
  await expect(it.submit({}, NEVER)).rejects.toThrow('too many Jobs wait to be stored');
  const left = new AbortController();
  await new Promise((resolve) => setImmediate(resolve));
  release({ status: 201, body: {} });
  await expect(running).resolves.toBe('stored');
  const late = it.submit({}, left.signal);
  left.abort();
  await expect(late).rejects.toThrow('the client went away');
  release({ status: 201, body: {} });
  await expect(waiting).resolves.toBe('stored');
});

describe('a Job that waits for its turn', () => {
  test('goes on by one call, which is about no other Job of its name', async () => {
    const { calls, submitter: it } = submitter([{ status: 200, body: {} }]);
    await expect(it.release('cow-1', 'uid-1', NEVER)).resolves.toBe('released');
    expect(calls).toEqual([
      [
        'PATCH',
        '/apis/batch/v1/namespaces/oscar-svc/jobs/cow-1',
        {
          body: {
            metadata: { uid: 'uid-1', labels: { 'oscar-cdk8s/waits-for-one-of': null } },
            spec: { suspend: false },
          },
          contentType: 'application/merge-patch+json',
          accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
        },
      ],
    ]);
  });

  test('may be gone', async () => {
    await expect(submitter([{ status: 404, body: {} }]).submitter.release('a', 'u', NEVER)).resolves.toBe('gone');
  });

  test.each<[Answer | Error, string]>([
    [AWAY, 'the Kubernetes API did not answer'],
    [{ status: 409, body: { message: 'modified' } }, "Kubernetes can't let the Job go on now: 409: modified"],
    [{ status: 500, body: {} }, "Kubernetes can't let the Job go on now: 500"],
  ])('is asked for once, and why it does not is told: %p', async (answer, message) => {
    const { calls, submitter: it } = submitter([answer]);
    await expect(it.release('a', 'u', NEVER)).rejects.toThrow(new Postponed(message, 5));
    expect(calls).toHaveLength(1);
  });

  test('stands in line with new Jobs, and a 429 of either holds both', async () => {
    const { calls, submitter: it } = submitter([
      { status: 429, body: {}, retryAfterSeconds: 1 },
      { status: 201, body: {} },
    ]);
    const began = performance.now();
    await expect(it.release('a', 'u', NEVER)).rejects.toThrow('429');
    await expect(it.submit({}, NEVER)).resolves.toBe('stored');
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(calls).toHaveLength(2);
    const full = new JobSubmitter({} as KubernetesApi, 'oscar-svc', new Queue(0, 0));
    await expect(full.release('a', 'u', NEVER)).rejects.toThrow('too many Jobs wait');
  });
});
