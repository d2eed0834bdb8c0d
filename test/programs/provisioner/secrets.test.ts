import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { ProgramError } from '../../../src/programs/common/fail';
import { Report } from '../../../src/programs/provisioner/report';
import { createMissingSecrets } from '../../../src/programs/provisioner/secrets';
import { lines, noWait, secret } from './api';

/** An API server that answers `answers` in turn, and the last one from then on. */
function server(...answers: (number | Error)[]) {
  const asked: { path: string; body?: unknown }[] = [];
  const call = async (_: 'GET' | 'POST', path: string, body?: unknown) => {
    const next = answers[Math.min(asked.length, answers.length - 1)];
    asked.push({ path, body });
    if (next instanceof Error) throw next;
    return { status: next, body: { message: `answer ${next}` } };
  };
  return { asked, call };
}
const create = (store: ReturnType<typeof server>, secrets = [secret()], wait = noWait) => {
  const { logged, log } = lines();
  return createMissingSecrets(secrets, store, new Report(log), wait).then(() => logged);
};

describe('secrets', () => {
  test('one that is missing is made as declared', async () => {
    const store = server(201);
    expect(await create(store)).toEqual(['info: changed: secret oscar-svc/cowsay-minio: generated']);
    expect(store.asked).toEqual([
      {
        path: '/api/v1/namespaces/oscar-svc/secrets',
        body: {
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'Opaque',
          metadata: { namespace: 'oscar-svc', name: 'cowsay-minio', labels: { a: 'b' }, annotations: { c: 'd' } },
          stringData: { accessKey: 'oscar-cowsay', secretKey: expect.stringMatching(/^[0-9a-f]{40}$/) },
        },
      },
    ]);
  });

  test('one that is there is left alone', async () => {
    const store = server(409);
    expect(await create(store)).toEqual([
      'info: as declared: secret oscar-svc/cowsay-minio: it is there, and stays as it is',
    ]);
    expect(store.asked).toHaveLength(1);
  });

  test('values made of others are made of the same ones, whatever their order', async () => {
    const store = server(201);
    const auth = { htpasswd: { user: 'cowsay', passwordKey: 'token' } };
    await create(store, [secret({ data: { auth, copy: { copyOf: 'token' }, token: { hex: 64 } } })]);
    const { stringData } = store.asked[0].body as { stringData: Record<string, string> };
    expect(stringData.token).toMatch(/^[0-9a-f]{64}$/);
    expect(stringData.copy).toBe(stringData.token);
    const hash = createHash('sha1').update(stringData.token).digest('base64');
    expect(stringData.auth).toBe(`cowsay:{SHA}${hash}`);
  });

  test('a value made of one that is not there is refused', async () => {
    await expect(create(server(201), [secret({ data: { a: { copyOf: 'b' } } })])).rejects.toThrow(/made from "b"/);
  });

  test('each has values of its own, as long as declared', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 16, max: 129 }), async (hex) => {
        const store = server(201);
        await create(store, [secret({ data: { a: { hex }, b: { hex } } }), secret({ data: { a: { hex } } })]);
        const values = store.asked.flatMap(({ body }) =>
          Object.values((body as { stringData: Record<string, string> }).stringData),
        );
        expect(new Set(values).size).toBe(3);
        for (const value of values) expect(value).toMatch(new RegExp(`^[0-9a-f]{${hex}}$`));
      }),
    ));

  test('a server that is away or busy is asked again, more and more slowly', async () => {
    const waits: number[] = [];
    const store = server(new Error('ECONNREFUSED'), 503, 429, 500, 500, 500, 500, 201);
    await create(store, [secret()], async (ms?: number) => void waits.push(ms!));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 16000, 16000]);
  });

  test.each([
    [new Error('connect ECONNREFUSED'), 'no answer: connect ECONN'],
    [503, '503: answer 503'],
  ])('not for ever: without it (%s) nothing goes on', async (answer, reason) => {
    const store = server(answer);
    const failure = await create(store, [secret(), secret({ name: 'other' })]).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(ProgramError);
    expect(String(failure)).toContain(`oscar-svc/cowsay-minio can't be created: ${reason}`);
    expect(store.asked).toHaveLength(22);
  });

  test.each([[403], [404], [422]])('one that is refused (%d) is told of, and others are made', async (status) => {
    const store = server(status, 201);
    const { logged, log } = lines();
    const secrets = [secret(), secret({ name: 'other' })];
    const refused = await createMissingSecrets(secrets, store, new Report(log), noWait);
    expect(refused).toEqual(['oscar-svc/cowsay-minio']);
    expect(logged).toEqual([
      `error: failed: secret oscar-svc/cowsay-minio can't be created: ${status}: answer ${status}. Fix: put right what the ` +
        'API server says (a quota, a right, a namespace that is missing); the next try makes it',
      'info: changed: secret oscar-svc/other: generated',
    ]);
    expect(store.asked).toHaveLength(2);
  });

  test('nobody is told a value', async () => {
    for (const status of [201, 409, 403]) {
      const store = server(status);
      const logged = await create(store);
      const { stringData } = store.asked[0].body as { stringData: { secretKey: string } };
      expect(logged.join()).not.toContain(stringData.secretKey);
    }
  });
});
