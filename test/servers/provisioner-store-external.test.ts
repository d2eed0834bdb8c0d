import { WEBHOOK_ARN } from '../../src/contract';
import { RealS3, startMinio, startVersity } from './support/s3';
import { binding, bucket, convergeStore, declarationOf, StoreAt } from './support/store-work';

const rule = { prefix: 'in/', suffix: '.jpg' };
const buckets = [
  bucket('all', { versioning: true, expireDays: 3, notifications: [rule] }),
  bucket('plain'),
  bucket('oscar-records'),
];
const bindings = [binding('cowsay', 'all/in/')];
const external = (at: StoreAt) => ({ store: { ...declarationOf(at).store, external: true } });
const of = (said: readonly string[], kind: string) => said.filter((line) => line.startsWith(`${kind}: `));

describe("a store that is somebody else's", () => {
  const servers: RealS3[] = [];
  const start = async (starter: () => Promise<RealS3>): Promise<StoreAt> => {
    servers.push(await starter());
    return servers[servers.length - 1].settings();
  };
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

  test('and no MinIO: what its API has is done, the rest is said', async () => {
    const at = await start(startVersity);
    const said = await convergeStore(at, { ...external(at), buckets, bindings });
    expect(of(said, 'failed')).toEqual([]);
    expect(of(said, 'changed')).toEqual([
      'changed: binding of "cowsay" to "all/in/": it gets what is uploaded from now on',
      'changed: bucket "all": created',
      'changed: bucket "oscar-records": created',
      'changed: bucket "plain": created',
    ]);
    expect(of(said, 'to be done by hand')).toEqual([
      expect.stringMatching(/let objects of the bucket "all" expire after 3 days \(.*NotImplemented/),
      expect.stringMatching(/the bucket "all" has to tell the manager of uploads to "in\/"…"\.jpg".*NotImplemented/),
      expect.stringMatching(/turn on versioning of the bucket "all" \(/),
    ]);
    const again = await convergeStore(at, { ...external(at), buckets, bindings });
    expect(of(again, 'changed')).toEqual([]);
    expect(of(again, 'to be done by hand')).toEqual(of(said, 'to be done by hand'));
  });

  test('and a MinIO that does not know the webhook: which target it needs is said, without the token', async () => {
    const at = await start(startMinio);
    const said = await convergeStore(at, { ...external(at), buckets, bindings });
    expect(of(said, 'failed')).toEqual([]);
    const byHand = of(said, 'to be done by hand');
    expect(byHand).toHaveLength(1);
    for (const part of [
      'target "OSCAR"',
      WEBHOOK_ARN,
      'http://oscar-manager.oscar.svc:8080/events',
      'the key "token" of the Secret "oscar/oscar-webhook"',
      'destination ARN does not exist',
    ]) {
      expect(byHand[0]).toContain(part);
    }
  });

  test('while in our own the same is a failure, with its fix', async () => {
    const at = await start(startMinio);
    const said = await convergeStore(at, { buckets });
    expect(of(said, 'to be done by hand')).toEqual([]);
    expect(of(said, 'failed')).toEqual([
      expect.stringMatching(
        /^failed: change of the notifications of the bucket "all": .* Fix: MinIO does not know the web/,
      ),
    ]);
  });
});
