import fc from 'fast-check';
import { completionRecord, EventIdentity, jobName, sequencerAt } from '../../src/contract';

const upload: EventIdentity = {
  bucket: 'pictures',
  key: 'in/cat.jpg',
  sequencer: '18EB02EB89E2E6ED',
  eventName: 's3:ObjectCreated:Put',
};
const NAME = /^cowsay-[0-9a-f]{20}$/;

describe("a Job's name", () => {
  const name = (more: Partial<EventIdentity> = {}, service = 'cowsay') => jobName(service, { ...upload, ...more });

  test('is the same for an event that comes again', () => {
    expect(name()).toMatch(NAME);
    expect(name()).toBe(name());
  });

  test.each([
    ['another service', name({}, 'plants')],
    ['another bucket', name({ bucket: 'films' })],
    ['another key', name({ key: 'in/dog.jpg' })],
    ['another upload', name({ sequencer: '18EB02EB97DAFAF6' })],
    ['a bucket and a key that read the same together', name({ bucket: 'pictures/in', key: 'cat.jpg' })],
    ['an upload a millisecond later', name({ sequencer: sequencerAt(1_796_050_487_092) })],
  ])('is another one for %s', (_, other) => expect(other).not.toBe(name()));

  test('needs no more of the event than a list of the bucket says', () => {
    const listed = new Date('2026-11-24T14:54:47.091Z').getTime(); // MinIO's, of the object with that sequencer
    expect(name({ sequencer: sequencerAt(listed) })).toBe(name());
    expect(name({ eventName: 's3:ObjectCreated:Copy', versionId: 'some' })).toBe(name());
  });

  test('is by the whole sequencer where a store has others than MinIO', () => {
    const names = ['', '0055AED6DCD90281E5', '0055AED6DCD90281E6', 'GGGGGGGGGGGGGGGG', '18EB02EB89E2E6E'];
    expect(new Set(names.map((sequencer) => name({ sequencer }))).size).toBe(names.length);
  });

  test('is one for all moments of a millisecond, and only for them', () => {
    const moments = fc.bigInt({ min: 0n, max: 2n ** 63n });
    const sequencer = (ns: bigint) => ns.toString(16).toUpperCase().padStart(16, '0');
    fc.assert(
      fc.property(moments, fc.bigInt({ min: 0n, max: 3_000_000n }), (ns, later) => {
        const same = ns / 1_000_000n === (ns + later) / 1_000_000n;
        expect(name({ sequencer: sequencer(ns) }) === name({ sequencer: sequencer(ns + later) })).toBe(same);
        expect(name({ sequencer: sequencerAt(Number(ns / 1_000_000n)) })).toBe(name({ sequencer: sequencer(ns) }));
      }),
    );
  });
});

test("a completion record's key is in the service's own folder", () => {
  expect(completionRecord('cowsay', 'cowsay-0123')).toBe('done/cowsay/cowsay-0123');
});
