import { ServiceTokens } from '../../../../src/programs/manager/auth/service-tokens';
import { Answer, KubernetesUnreachable } from '../../../../src/programs/manager/kubernetes/api';

const secret = (token: string): Answer => ({
  status: 200,
  body: { data: { token: Buffer.from(token).toString('base64') } },
});
const MISSING: Answer = { status: 404, body: { message: 'secrets "cow-token" not found' } };
const away = () => {
  throw new KubernetesUnreachable('no answer');
};

function fixture(first: () => Answer) {
  const calls: string[] = [];
  const logged: unknown[] = [];
  const it = { now: 0, answer: first, calls, logged, tokens: undefined as unknown as ServiceTokens };
  it.tokens = new ServiceTokens({
    api: {
      call: async (method, path) => {
        calls.push(`${method} ${path}`);
        return it.answer();
      },
    },
    namespace: 'oscar-svc',
    exists: (service) => !service.startsWith('nobody'),
    log: (...line) => void logged.push(line),
    now: () => it.now,
  });
  return it;
}

test('read once, by name, and kept', async () => {
  const it = fixture(() => secret('t1'));
  await expect(it.tokens.matches('cow', 't1')).resolves.toBe(true);
  await expect(it.tokens.matches('cow', 't1')).resolves.toBe(true);
  await expect(it.tokens.of('cow')).resolves.toBe('t1');
  expect(it.calls).toEqual(['GET /api/v1/namespaces/oscar-svc/secrets/cow-token']);
});

test('a new token works at once, and the old one no longer', async () => {
  const it = fixture(() => secret('old'));
  await it.tokens.matches('cow', 'old');
  it.now = 5_000;
  it.answer = () => secret('new');
  await expect(it.tokens.matches('cow', 'new')).resolves.toBe(true);
  await expect(it.tokens.matches('cow', 'old')).resolves.toBe(false);
});

test('an old one ends within a minute', async () => {
  const it = fixture(() => secret('old'));
  await it.tokens.matches('cow', 'old');
  it.answer = () => secret('new');
  it.now = 59_999;
  await expect(it.tokens.matches('cow', 'old')).resolves.toBe(true);
  it.now = 60_000;
  await expect(it.tokens.matches('cow', 'old')).resolves.toBe(false);
});

test('wrong tokens ask once in two seconds, and at the same time once', async () => {
  const it = fixture(() => secret('t'));
  await Promise.all(Array.from({ length: 50 }, () => it.tokens.matches('cow', 'wrong')));
  expect(it.calls).toHaveLength(1);
  it.now = 2_000;
  await Promise.all(Array.from({ length: 50 }, () => it.tokens.matches('cow', 'wrong')));
  await it.tokens.matches('cow', 'wrong');
  expect(it.calls).toHaveLength(2);
});

test.each([
  ['no Secret', () => MISSING],
  ['a Secret without a token', (): Answer => ({ status: 200, body: { data: {} } })],
  ['a Secret without data', (): Answer => ({ status: 200, body: {} })],
  ['an empty token', () => secret('')],
  ['a Secret that may not be read', (): Answer => ({ status: 403, body: { message: 'forbidden' } })],
])('%s lets nobody in', async (_, answer) => {
  const it = fixture(answer);
  for (const token of ['', 'undefined', 'x']) await expect(it.tokens.matches('cow', token)).resolves.toBe(false);
});

describe('a service that there is not', () => {
  test('has no token, and no Secret is asked for', async () => {
    const it = fixture(() => secret('t'));
    await expect(it.tokens.of('nobody')).resolves.toBeUndefined();
    expect(it.calls).toEqual([]);
    for (const token of ['', 't', 'undefined']) await expect(it.tokens.matches('nobody', token)).resolves.toBe(false);
    await expect(it.tokens.matches('nobody-else', 't')).resolves.toBe(false);
    expect(it.calls).toEqual(['GET /version']);
    expect(it.logged).toEqual([]);
  });

  test.each([
    ['away', away],
    ['in trouble', (): Answer => ({ status: 500, body: {} })],
  ])('is answered as one that there is while Kubernetes is %s', async (_, answer) => {
    const it = fixture(() => secret('t'));
    await it.tokens.matches('cow', 't');
    it.now = 10_000;
    it.answer = answer;
    for (const service of ['cow', 'sheep', 'nobody']) {
      await expect(it.tokens.matches(service, 'wrong')).rejects.toThrow(KubernetesUnreachable);
    }
  });
});

test('a token that is told is no older than two seconds, however long it lets in', async () => {
  const it = fixture(() => secret('old'));
  await it.tokens.matches('cow', 'old');
  it.answer = () => secret('new');
  it.now = 1_999;
  await expect(it.tokens.of('cow')).resolves.toBe('old');
  it.now = 2_000;
  await expect(it.tokens.of('cow')).resolves.toBe('new');
});

test('while Kubernetes is away, not everybody who is told a token waits for it', async () => {
  const it = fixture(() => secret('t'));
  await it.tokens.of('cow');
  it.answer = away;
  it.now = 10_000;
  for (let time = 0; time < 3; time++) await expect(it.tokens.of('cow')).resolves.toBe('t');
  expect(it.calls).toHaveLength(2);
});

test('that there is no token is not known for longer than two seconds', async () => {
  const it = fixture(() => MISSING);
  await expect(it.tokens.of('cow')).resolves.toBeUndefined();
  it.answer = () => secret('t');
  it.now = 1_999;
  await expect(it.tokens.of('cow')).resolves.toBeUndefined();
  it.now = 2_000;
  await expect(it.tokens.of('cow')).resolves.toBe('t');
});

test.each([
  ['away', away],
  ['in trouble', (): Answer => ({ status: 500, body: {} })],
  ['busy', (): Answer => ({ status: 429, body: {} })],
])('Kubernetes is %s: what is known stays, what is not can not be told', async (_, answer) => {
  const it = fixture(() => secret('t'));
  await it.tokens.matches('cow', 't');
  it.answer = answer;
  it.now = 100_000;
  await expect(it.tokens.matches('cow', 't')).resolves.toBe(true);
  await expect(it.tokens.matches('cow', 'wrong')).rejects.toThrow(KubernetesUnreachable);
  await expect(it.tokens.matches('sheep', 't')).rejects.toThrow(KubernetesUnreachable);
});

test('while Kubernetes is away, not every caller waits for it', async () => {
  const it = fixture(() => secret('t'));
  await it.tokens.matches('cow', 't');
  it.answer = away;
  it.now = 60_000;
  for (let i = 0; i < 5; i++) await expect(it.tokens.matches('cow', 't')).resolves.toBe(true);
  expect(it.calls).toHaveLength(2);
  it.now = 70_000;
  it.answer = () => secret('new');
  await expect(it.tokens.matches('cow', 't')).resolves.toBe(false);
});

test('no token is logged', async () => {
  const it = fixture(() => MISSING);
  await it.tokens.matches('cow', 'presented');
  expect(JSON.stringify(it.logged)).not.toContain('presented');
  expect(it.logged).toHaveLength(1);
});
