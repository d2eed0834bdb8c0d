import { Report } from '../../../../src/programs/provisioner/report';
import { convergeBuckets } from '../../../../src/programs/provisioner/store';
import { Answer, fakeStore, s3Error } from './fake-store';

const credentials = { secretName: 'root', keys: { accessKey: 'user', secretKey: 'password' } };

/** What is said of a bucket `in`, in a store that answers so. */
async function said(answer: (call: string) => Answer, { external = false } = {}) {
  const fake = await fakeStore((call) => answer(call));
  const lines: string[] = [];
  try {
    const declaration = {
      platform: 'oscar',
      store: { ...fake.declared, external, credentials },
      secrets: [],
      buckets: [{ name: 'in', versioning: false, notifications: [] }],
      users: [],
      bindings: [],
    };
    const report = new Report((_, message) => void lines.push(message));
    const there = await convergeBuckets({ declaration, namespace: 'oscar', store: fake.store, report });
    return { lines, calls: fake.calls, there: there.map(({ name }) => name) };
  } finally {
    fake.stop();
  }
}
const missing =
  (creation: Answer) =>
  (call: string): Answer =>
    call.startsWith('HEAD') ? { status: 404 } : call.startsWith('PUT') ? creation : s3Error(501, 'NotImplemented');

describe('a bucket', () => {
  test('that another run makes at the same moment is found', async () => {
    const { lines, there } = await said(missing(s3Error(409, 'BucketAlreadyOwnedByYou')), { external: true });
    expect(lines).toEqual(['as declared: bucket "in"']);
    expect(there).toEqual(['in']);
  });

  test.each([
    ["that appears as somebody else's", missing(s3Error(409, 'BucketAlreadyExists'))],
    ["that is there as somebody else's", (): Answer => ({ status: 403 })],
  ])('%s is a failure that says so, in any store', async (_, answer) => {
    for (const external of [false, true]) {
      const { lines, there } = await said(answer, { external });
      expect(lines).toEqual([
        expect.stringMatching(/^failed: the bucket "in" is there and belongs to somebody else.* Fix: another name/),
      ]);
      expect(there).toEqual([]);
    }
  });

  test('that these keys may not make is made by hand in an external store, and a failure in our own', async () => {
    const answer = missing(s3Error(403, 'AccessDenied'));
    expect((await said(answer, { external: true })).lines).toEqual([
      expect.stringMatching(
        /^to be done by hand: make the bucket "in" \(creation of the bucket "in": access is denied/,
      ),
    ]);
    expect((await said(answer)).lines).toEqual([expect.stringMatching(/^failed: creation of the bucket "in": access/)]);
  });

  test('keeps what a store does not have and nobody wants out of its report', async () => {
    const { lines, calls } = await said(missing({ status: 200 }));
    expect(lines).toEqual(['changed: bucket "in": created']);
    expect(calls).toEqual(['HEAD /in/', 'PUT /in/', 'GET /in/?versioning=', 'GET /in/?lifecycle=']);
  });
});
