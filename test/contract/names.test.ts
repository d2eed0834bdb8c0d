import fc from 'fast-check';
import {
  completionRecord,
  jobName,
  modifiedBy,
  platformUsers,
  sequencerAt,
  storeUsers,
  UploadIdentity,
} from '../../src/contract';

/** As MinIO's list of the bucket tells of it, and its sequencer in the event. */
const LISTED = Date.parse('2026-11-24T14:54:47.091Z');
const SEQUENCER = '18EB02EB89E2E6ED';
const upload: UploadIdentity = { bucket: 'pictures', key: 'in/cat.jpg', modified: LISTED };
const NAME = /^cowsay-[0-9a-f]{20}$/;

describe("a Job's name", () => {
  const name = (more: Partial<UploadIdentity> = {}, service = 'cowsay') => jobName(service, { ...upload, ...more });

  test('is the same for an event that comes again', () => {
    expect(name()).toMatch(NAME);
    expect(name()).toBe(name());
  });

  test.each([
    ['another service', name({}, 'plants')],
    ['another bucket', name({ bucket: 'films' })],
    ['another key', name({ key: 'in/dog.jpg' })],
    ['a bucket and a key that read the same together', name({ bucket: 'pictures/in', key: 'cat.jpg' })],
    ['an upload a millisecond later', name({ modified: LISTED + 1 })],
  ])('is another one for %s', (_, other) => expect(other).not.toBe(name()));
});

describe('the time of an upload', () => {
  test("is what MinIO's sequencer tells, as a list of the bucket does", () => {
    expect(modifiedBy(SEQUENCER)).toBe(LISTED);
    expect(modifiedBy(SEQUENCER.toLowerCase())).toBe(LISTED);
  });

  test.each(['', '0055AED6DCD90281E5', 'GGGGGGGGGGGGGGGG', '18EB02EB89E2E6E', `${SEQUENCER}\n`])(
    'is told by no sequencer of another form: %j',
    (sequencer) => expect(modifiedBy(sequencer)).toBeUndefined(),
  );

  test('is one for all moments of a millisecond, and only for them', () => {
    const moments = fc.bigInt({ min: 0n, max: 2n ** 63n });
    const sequencer = (ns: bigint) => ns.toString(16).toUpperCase().padStart(16, '0');
    fc.assert(
      fc.property(moments, fc.bigInt({ min: 0n, max: 3_000_000n }), (ns, later) => {
        const same = ns / 1_000_000n === (ns + later) / 1_000_000n;
        expect(modifiedBy(sequencer(ns)) === modifiedBy(sequencer(ns + later))).toBe(same);
        expect(modifiedBy(sequencerAt(Number(ns / 1_000_000n)))).toBe(modifiedBy(sequencer(ns)));
      }),
    );
  });
});

test("a completion record's key is in the service's own folder", () => {
  expect(completionRecord('cowsay', 'cowsay-0123')).toBe('done/cowsay/cowsay-0123');
});

test("no service's user has the name of a user of the platform's own programs", () => {
  for (const service of ['platform', 'sweep', 'mount', 'platform-sweep'])
    for (const name of Object.values(storeUsers('oscar', service)))
      expect(Object.values(platformUsers('oscar'))).not.toContain(name);
});
