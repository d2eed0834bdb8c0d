import { createHash, createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { GeneratedSecret } from '../../src/contract';
import { ProgramError } from '../../src/programs/common/fail';
import { deleteOlderJobs, ownJob } from '../../src/programs/provisioner/older-jobs';
import { createMissingSecrets } from '../../src/programs/provisioner/secrets';

const secret = (over: Partial<GeneratedSecret> = {}): GeneratedSecret => ({
  namespace: 'oscar-svc',
  name: 'cowsay-minio',
  labels: { a: 'b' },
  annotations: { c: 'd' },
  data: { accessKey: { text: 'oscar-cowsay' }, secretKey: { hex: 40 } },
  ...over,
});

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
const lines = () => {
  const logged: string[] = [];
  return { logged, log: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
};
const noWait = async () => undefined;
const create = (store: ReturnType<typeof server>, secrets = [secret()], wait = noWait) => {
  const { logged, log } = lines();
  return createMissingSecrets(secrets, store, log, wait).then(() => logged);
};

describe('secrets', () => {
  test('one that is missing is made as declared', async () => {
    const store = server(201);
    expect(await create(store)).toEqual(['info: secret generated']);
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
    expect(await create(store)).toEqual(['info: secret is there already']);
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

  test('not for ever', async () => {
    const store = server(new Error('connect ECONNREFUSED'));
    await expect(create(store)).rejects.toThrow(/oscar-svc\/cowsay-minio can't be created: no answer: connect ECONN/);
    expect(store.asked).toHaveLength(22);
  });

  test.each([[403], [404], [422]])('%d is not asked again, and nobody sees a value', async (status) => {
    const store = server(status);
    const failure = await create(store).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(ProgramError);
    expect(String(failure)).toContain(`cowsay-minio can't be created: ${status}: answer ${status}`);
    expect(store.asked).toHaveLength(1);
    const { stringData } = store.asked[0].body as { stringData: { secretKey: string } };
    expect(String(failure)).not.toContain(stringData.secretKey);
  });
});

describe("a token for the store's metrics", () => {
  const login = { secretName: 'root', userKey: 'rootUser', passwordKey: 'rootPassword' };
  const metrics = secret({ namespace: 'oscar', name: 'oscar-minio-metrics', data: { token: { metricsToken: login } } });
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const root = { data: { rootUser: base64('oscar-root'), rootPassword: base64('hunter2') } };

  /** An API server that has the root Secret from the `since`th time on that it is asked. */
  function api(since: number, body: unknown = root) {
    const asked: string[] = [];
    const made: Record<string, string>[] = [];
    let reads = 0;
    const call = async (method: 'GET' | 'POST', path: string, sent?: unknown) => {
      asked.push(`${method} ${path.split('/').slice(4).join('/')}`);
      if (method === 'GET') return ++reads < since ? { status: 404, body: {} } : { status: 200, body };
      made.push((sent as { stringData: Record<string, string> }).stringData);
      return { status: 201, body: {} };
    };
    const run = () => createMissingSecrets([metrics, secret()], { call }, lines().log, noWait);
    return { asked, made, run };
  }

  test('is a JWT of the root user, signed with its password', async () => {
    const { made, run } = api(1);
    await run();
    const [header, claims, signature] = made[1].token.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'HS512', typ: 'JWT' });
    expect(read(claims)).toEqual({ sub: 'oscar-root', iss: 'prometheus', exp: expect.any(Number) });
    expect(read(claims).exp).toBeGreaterThan(Date.now() / 1000 + 50 * 365 * 24 * 3600);
    expect(signature).toBe(createHmac('sha512', 'hunter2').update(`${header}.${claims}`).digest('base64url'));
  });

  test('waits for a Secret that is made by hand, after all others are made', async () => {
    const { asked, run } = api(3);
    await run();
    expect(asked).toEqual(['POST oscar-svc/secrets', ...Array(3).fill('GET oscar/secrets/root'), 'POST oscar/secrets']);
  });

  test('is not made of a Secret that never comes, or lacks a key', async () => {
    await expect(api(Infinity).run()).rejects.toThrow("secret oscar/root can't be read: 404");
    const { made, run } = api(1, { data: { rootUser: base64('oscar-root') } });
    await expect(run()).rejects.toThrow('secret oscar/root has no "rootPassword"');
    expect(made).toHaveLength(1);
  });
});

describe('earlier Jobs', () => {
  const OWN = { namespace: 'oscar', name: 'oscar-provisioner-b' };
  const JOBS = '/apis/batch/v1/namespaces/oscar/jobs';
  const at = (name: string, creationTimestamp: string) => ({ metadata: { name, creationTimestamp } });
  const older = at('oscar-provisioner-a', '2026-03-01T09:59:59Z');
  const own = at(OWN.name, '2026-03-01T10:00:00Z');
  const newer = at('oscar-provisioner-c', '2026-03-01T10:00:01Z');

  /** An API server with these Jobs, which answers a deletion so. */
  function jobs(items: object[], deletion = 200, listing = 200) {
    const asked: string[] = [];
    const call = async (method: 'GET' | 'DELETE', path: string, body?: unknown) => {
      asked.push(`${method} ${decodeURIComponent(path)}${body ? ` ${JSON.stringify(body)}` : ''}`);
      if (method === 'DELETE') return { status: deletion, body: { message: 'no' } };
      return { status: listing, body: listing === 200 ? { items } : { message: 'no' } };
    };
    const run = () => deleteOlderJobs('oscar', OWN, { call }, lines().log, noWait);
    return { asked, run };
  }

  test('are deleted with their pods; its own and newer ones stay', async () => {
    const { asked, run } = jobs([newer, own, older]);
    await run();
    expect(asked).toEqual([
      `GET ${JOBS}?labelSelector=app.kubernetes.io/component=provisioner,app.kubernetes.io/instance=oscar`,
      `DELETE ${JOBS}/oscar-provisioner-a {"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"}`,
    ]);
  });

  test('are left alone by a Job that was deleted itself', async () => {
    const { asked, run } = jobs([older, newer]);
    await run();
    expect(asked).toHaveLength(1);
  });

  test('that are gone already are no trouble', () => jobs([own, older], 404).run());

  test('that stay are told of, as they would never run again', async () => {
    await expect(jobs([own, older], 403).run()).rejects.toThrow(
      "earlier Job oscar-provisioner-a can't be deleted: 403: no",
    );
    await expect(jobs([], 200, 403).run()).rejects.toThrow("Jobs can't be listed: 403: no");
  });

  test('need to know which Job this is', () => {
    expect(ownJob({ JOB_NAMESPACE: 'p', JOB_NAME: 'j' })).toEqual({ namespace: 'p', name: 'j' });
    expect(() => ownJob({ JOB_NAMESPACE: 'p' })).toThrow(ProgramError);
  });
});
