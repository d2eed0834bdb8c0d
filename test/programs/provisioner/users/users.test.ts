import { BucketDeclaration, Declaration, UserDeclaration } from '../../../../src/contract';
import { Report } from '../../../../src/programs/provisioner/report';
import { Store } from '../../../../src/programs/provisioner/store/store';
import { convergeQuotas, convergeUsers, Mc } from '../../../../src/programs/provisioner/users';

const USER: UserDeclaration = {
  name: 'oscar.cow',
  secret: { namespace: 'oscar-svc', name: 'cow-minio' },
  read: ['in/cow/'],
  write: [],
  remove: [],
  list: [],
  notify: [],
  mount: [],
};
const SECRET = 'not-to-be-told';

/** A client that answers by its arguments, and remembers them; what it has no answer for, it has nothing to say of. */
function client(answers: Readonly<Record<string, object[]>> = {}) {
  const asked: string[] = [];
  const answer = async (args: readonly string[]) => {
    asked.push(args.join(' '));
    return answers[args.join(' ')] ?? [];
  };
  return { asked, mc: { run: answer, runWithFile: answer } as unknown as Mc };
}

interface Given {
  readonly external?: boolean;
  readonly users?: readonly UserDeclaration[];
  readonly buckets?: readonly BucketDeclaration[];
}

function workOf({ external = false, users = [USER], buckets = [] }: Given = {}) {
  const credentials = { secretName: 'root', keys: { accessKey: 'rootUser', secretKey: 'rootPassword' } };
  const store = { endpoint: 'http://127.0.0.1:9', region: 'us-east-1', verify: true, external, credentials };
  const declaration: Declaration = { platform: 'oscar', store, secrets: [], buckets, users, bindings: [] };
  const said: string[] = [];
  const log = (_: string, message: string) => void said.push(message);
  const work = { declaration, namespace: 'oscar', store: {} as Store, report: new Report(log) };
  return { work, said, log };
}

/** @param data of the user's Secret */
async function converge(mc: Mc, data: Readonly<Record<string, string>>, given?: Given): Promise<string[]> {
  const { work, said, log } = workOf(given);
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const kubernetes = { call: async () => ({ status: 200, body: { data: Object.fromEntries(encoded) } }) };
  await convergeUsers(work, { mc, kubernetes, refused: [], log, wait: async () => undefined });
  return said;
}

describe('a user', () => {
  const keys = { accessKey: 'oscar.cow', secretKey: SECRET };

  test('gets its policy before it is made, and no secret in an argument', async () => {
    const { asked, mc } = client();
    expect(await converge(mc, keys)).toEqual(['changed: user "oscar.cow": policy written; created; policy attached']);
    expect(asked).toEqual([
      'admin user list store',
      'admin policy info store oscar.cow',
      'admin policy create store oscar.cow',
      'admin user add store',
      'admin policy attach store oscar.cow --user oscar.cow',
    ]);
  });

  describe('of more folders than one policy holds', () => {
    const many = { ...USER, list: Array.from({ length: 400 }, (_, index) => `bucket-${index}/in/`) };

    test('has several policies, all attached', async () => {
      const { asked, mc } = client();
      expect(await converge(mc, keys, { users: [many] })).toEqual([
        'changed: user "oscar.cow": policy written; created; policy attached',
      ]);
      const names = ['oscar.cow', 'oscar.cow.2', 'oscar.cow.3'];
      expect(asked).toEqual([
        'admin user list store',
        ...names.flatMap((name) => [`admin policy info store ${name}`, `admin policy create store ${name}`]),
        'admin user add store',
        `admin policy attach store ${names.join(' ')} --user oscar.cow`,
      ]);
    });

    test('loses those that it needs no longer', async () => {
      const listed = { accessKey: 'oscar.cow', policyName: 'oscar.cow,oscar.cow.2', userStatus: 'disabled' };
      const { asked, mc } = client({ 'admin user list store': [listed] });
      await converge(mc, keys);
      expect(asked.slice(3)).toEqual([
        'admin policy detach store oscar.cow.2 --user oscar.cow',
        'admin user add store',
      ]);
    });
  });

  test('loses what it has too much before it is enabled', async () => {
    const listed = {
      accessKey: 'oscar.cow',
      policyName: 'readwrite,oscar.cow',
      userStatus: 'disabled',
      memberOf: [{ name: 'crew' }],
    };
    const { asked, mc } = client({ 'admin user list store': [listed] });
    await converge(mc, keys);
    expect(asked.slice(3)).toEqual([
      'admin policy detach store readwrite --user oscar.cow',
      'admin group remove store crew oscar.cow',
      'admin user add store',
    ]);
  });

  test.each([
    [
      { ...keys, accessKey: 'other' },
      /^failed: secret oscar-svc\/cow-minio: "accessKey" is "other"\. Allowed: "oscar\.cow"/,
    ],
    [{ ...keys, secretKey: `${SECRET}\n` }, /^failed: secret oscar-svc\/cow-minio: "secretKey" has a line break/],
    [{ accessKey: 'oscar.cow' }, /^failed: secret oscar-svc\/cow-minio has no "secretKey"/],
  ])('whose Secret is wrong is not made, and others are', async (data, message) => {
    const { asked, mc } = client();
    const [failed, ...rest] = await converge(mc, data);
    expect(failed).toMatch(message);
    expect([failed, ...rest].join()).not.toContain(SECRET);
    expect(asked).toEqual(['admin user list store']);
  });

  test.each([
    ['is waited for: somebody may make it by hand', [], 22],
    ['could not be made is looked at once', ['oscar-svc/cow-minio'], 1],
  ])('whose Secret is missing and %s', async (_, refused, times) => {
    const { mc } = client();
    const { work, said, log } = workOf();
    let reads = 0;
    const kubernetes = { call: async () => (reads++, { status: 404, body: { message: 'not found' } }) };
    await convergeUsers(work, { mc, kubernetes, refused, log, wait: async () => undefined });
    expect(said).toEqual(["failed: secret oscar-svc/cow-minio can't be read: 404: not found"]);
    expect(reads).toBe(times);
  });

  test('whose path is a pattern is not made', async () => {
    const { asked, mc } = client();
    const said = await converge(mc, keys, { users: [{ ...USER, read: ['in/*/'] }] });
    expect(said).toEqual([
      expect.stringMatching(/^failed: user "oscar\.cow": the path "in\/\*\/" can't stand in a policy/),
    ]);
    expect(asked).toEqual(['admin user list store']);
  });
});

describe('quotas', () => {
  const bucket = (quota?: string): BucketDeclaration => ({ name: 'in', versioning: false, notifications: [], quota });
  const quota = async (declared: string | undefined, current?: number) => {
    const { asked, mc } = client({ 'quota info store/in': [{ status: 'success', bucket: 'in', quota: current }] });
    const { work, said } = workOf({ buckets: [bucket(declared)] });
    await convergeQuotas(work, work.declaration.buckets, mc);
    return [...said, ...asked.filter((command) => !command.startsWith('quota info'))];
  };

  test.each([
    ['1Gi', 2 ** 30],
    ['1.5Ki', 1536],
    ['1e3', 1000],
    ['2M', 2_000_000],
    ['1001m', 2],
  ])('%s is %d bytes', async (declared, bytes) => {
    expect(await quota(declared)).toEqual([
      `changed: bucket "in": quota: ${declared}`,
      `quota set store/in --size ${bytes}`,
    ]);
    expect(await quota(declared, bytes)).toEqual([`as declared: bucket "in": quota of ${declared}`]);
    expect(await quota(declared, bytes + 1)).toHaveLength(2);
  });

  test('that nobody declares stay, and nobody asks for them', async () => {
    const { asked, mc } = client({ 'quota info store/in': [{ status: 'success', bucket: 'in', quota: 5 }] });
    const { work, said } = workOf({ buckets: [bucket()] });
    await convergeQuotas(work, work.declaration.buckets, mc);
    expect([said, asked]).toEqual([[], []]);
  });

  test.each(['much', '0', '-1Gi', '1Xi', '1e30'])('of %j are refused', async (declared) => {
    expect(await quota(declared)).toEqual([
      `failed: bucket "in": quota: "${declared}" is no amount. Allowed: a Kubernetes quantity above 0, like "10Gi"`,
    ]);
  });
});

describe('an external store', () => {
  test('has its users and quotas made by hand: what they need is said, and nothing is asked', async () => {
    const { asked, mc } = client();
    const buckets = [{ name: 'in', versioning: false, notifications: [], quota: '1Gi' }];
    const said = await converge(mc, {}, { external: true });
    expect(said).toHaveLength(1);
    const [text, policy] = said[0].split(/: (?=\{)/);
    expect(text).toBe(
      'to be done by hand: user "oscar.cow": make it in the store, with this policy and no other; its keys go into the Secret ' +
        '"oscar-svc/cow-minio", as "accessKey" and "secretKey"',
    );
    expect(JSON.parse(policy).Statement[0]).toEqual({
      ...{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::in/cow/*'] },
    });
    const { work, said: more } = workOf({ external: true, buckets });
    await convergeQuotas(work, buckets, mc);
    expect(more).toEqual(['to be done by hand: bucket "in": let it hold 1Gi at most']);
    expect(asked).toEqual([]);
  });
});
