import { Declaration } from '../../../src/contract';
import { KubernetesAnswer } from '../../../src/programs/common/kubernetes';
import { provision } from '../../../src/programs/provisioner/provision';
import { lines, noWait, secret } from './api';
import { fakeStore, s3Error } from './store/fake-store';

const OWN = { namespace: 'oscar', name: 'oscar-provisioner-b' };
const job = { metadata: { name: OWN.name, creationTimestamp: '2026-03-01T10:00:00Z' } };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const ROOT = { data: { rootUser: base64('root'), rootPassword: base64('told-nobody') } };
const REFUSED = { status: 403, body: { message: 'exceeded quota' } };

/** A run beside a store whose API does nothing; `secrets` answers what is asked of a Secret. */
async function run(
  secrets: (method: string, name: string) => KubernetesAnswer,
  over: Partial<Pick<Declaration, 'secrets' | 'buckets' | 'users'>>,
) {
  const fake = await fakeStore((call) => (call === 'GET /' ? { status: 200 } : s3Error(501, 'NotImplemented')));
  const { logged, log } = lines();
  const credentials = { secretName: 'minio', keys: { accessKey: 'rootUser', secretKey: 'rootPassword' } };
  const declaration = {
    ...{ platform: 'oscar', store: { ...fake.declared, external: false, credentials } },
    ...{ secrets: [], buckets: [], users: [], bindings: [], ...over },
  };
  const asked: string[] = [];
  const call = async (method: string, path: string, body?: unknown) => {
    const [resource] = path.split('?');
    if (resource.endsWith('/jobs')) return { status: 200, body: { items: [job] } };
    if (resource.endsWith('/pods')) return { status: 200, body: { items: [] } };
    const { metadata } = (body ?? {}) as { metadata?: { name: string } };
    const name = metadata?.name ?? resource.split('/').at(-1)!;
    asked.push(`${method} ${name}`);
    return secrets(method, name);
  };
  try {
    const ended = provision(declaration, OWN, { call }, { log, wait: noWait, mcProgram: 'true' });
    const code = await ended.catch((error: Error) => error);
    return { code, logged, asked, calls: fake.calls };
  } finally {
    fake.stop();
  }
}

describe('a run', () => {
  const secrets = [secret({ name: 'first' }), secret({ name: 'second' })];
  const failed = expect.stringMatching(
    /^error: failed: secret oscar-svc\/first can't be created: 403: exceeded quota\. Fix: /,
  );

  test('reports the Secrets that it made and found', async () => {
    const answer = (method: string, name: string) =>
      method === 'GET' ? { status: 200, body: ROOT } : { status: name === 'first' ? 201 : 409, body: {} };
    const { logged } = await run(answer, { secrets });
    expect(logged.slice(0, 2)).toEqual([
      'info: changed: secret oscar-svc/first: generated',
      'info: as declared: secret oscar-svc/second: it is there, and stays as it is',
    ]);
  });

  test('goes on where a Secret is refused, and fails at its end', async () => {
    const answer = (method: string, name: string) => {
      if (method === 'GET') return { status: 200, body: ROOT };
      return name === 'first' ? REFUSED : { status: 201, body: {} };
    };
    const buckets = [{ name: 'in', versioning: false, notifications: [] }];
    const { code, logged, calls } = await run(answer, { secrets, buckets });
    expect(code).toBe(1);
    expect(logged.slice(0, 2)).toEqual([failed, 'info: changed: secret oscar-svc/second: generated']);
    expect(calls).toContain('HEAD /in/');
    expect(logged.at(-1)).toMatch(/^error: failed \(\d+\):\n- secret oscar-svc\/first can't be created/);
    expect(logged.join()).not.toContain('told-nobody');
  });

  test('waits once for the keys of the store, and makes last what is made of them', async () => {
    const token = { metricsToken: { secretName: 'minio', userKey: 'rootUser', passwordKey: 'rootPassword' } };
    const derived = secret({ namespace: 'oscar', name: 'metrics', data: { token } });
    const answer = (method: string) => (method === 'GET' ? { status: 404, body: {} } : { status: 201, body: {} });
    const { asked } = await run(answer, { secrets: [derived, ...secrets] });
    expect(asked).toEqual(['POST first', 'POST second', ...Array(22).fill('GET minio')]);
    const made = await run((method) => (method === 'GET' ? { status: 200, body: ROOT } : { status: 201, body: {} }), {
      secrets: [derived, ...secrets],
    });
    expect(made.asked).toEqual(['POST first', 'POST second', 'GET minio', 'GET minio', 'POST metrics']);
  });

  test("does not wait for a user's Secret that was refused a moment ago", async () => {
    const answer = (method: string, name: string) => {
      if (name === 'minio') return { status: 200, body: ROOT };
      return method === 'GET' ? { status: 404, body: {} } : REFUSED;
    };
    const place = { namespace: 'oscar-svc', name: 'first' };
    const user = { name: 'oscar.cow', secret: place, read: [], write: [], remove: [], list: [], notify: [], mount: [] };
    const { code, asked } = await run(answer, { secrets: [secret(place)], users: [user] });
    expect(code).toBe(1);
    expect(asked).toEqual(['POST first', 'GET minio', 'GET first']);
  });

  test('that can not go on lists all the same what failed before', async () => {
    const answer = (method: string, name: string) => {
      if (method === 'GET') return { status: 404, body: { message: 'not found' } };
      return name === 'first' ? REFUSED : { status: 201, body: {} };
    };
    const { code, logged, calls } = await run(answer, { secrets });
    expect(code).toBe(1);
    expect(calls).toEqual([]);
    expect(logged.at(-1)).toMatch(
      /^error: failed \(2\):\n- secret oscar-svc\/first can't .*\n- the run ends here: secret oscar\/minio can't be read: 404/,
    );
  });

  test('that has a defect tells both, and the defect by its stack', async () => {
    const answer = (method: string, name: string) => {
      if (method === 'GET') return { status: 200, body: undefined };
      return name === 'first' ? REFUSED : { status: 201, body: {} };
    };
    const { code, logged } = await run(answer, { secrets });
    expect(code).toBeInstanceOf(TypeError);
    expect(logged.at(-1)).toMatch(/^error: failed \(2\):\n- secret oscar-svc\/first can't .*\n- the run ends here: /);
  });
});
