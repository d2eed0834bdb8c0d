import { setTimeout as sleep } from 'node:timers/promises';
import { BucketStore } from './support/bucket-store';
import { bucket, convergeStore } from './support/store-work';

const FILES = 400;
const AT_ONCE = 4;

test('uploads while the declaration changes: no event of a rule that stays is lost', async () => {
  const minio = await BucketStore.start('watched');
  try {
    const at = { endpoint: `http://127.0.0.1:${minio.port}`, ...minio.root };
    const rules = (...folders: string[]) => folders.map((folder) => ({ prefix: `${folder}/`, suffix: '' }));
    const declare = (...folders: string[]) =>
      convergeStore(at, { buckets: [bucket('inbox', { notifications: rules(...folders) })] });
    await declare('stays');
    let left = FILES;
    const upload = async () => {
      while (left > 0) {
        const { status, body } = await minio.ask('PUT', `/inbox/stays/${left--}`, Buffer.from('x'));
        expect([status, body.toString()]).toEqual([200, '']);
      }
    };
    let changes = 0;
    const change = async () => {
      while (left > 0) {
        const said = await declare('stays', ...[['added'], [], ['moved', 'added']][changes++ % 3]);
        expect(said.filter((line) => line.startsWith('failed'))).toEqual([]);
      }
    };
    await Promise.all([change(), ...Array.from({ length: AT_ONCE }, upload)]);
    expect(changes).toBeGreaterThan(3);
    const told = () => {
      const keys = minio.events.flatMap((body) => [...body.matchAll(/"key":"stays(?:%2F|\/)(\d+)"/g)]);
      return new Set(keys.map(([, key]) => key));
    };
    for (const end = Date.now() + 30_000; Date.now() < end && told().size < FILES;) await sleep(100);
    expect(told().size).toBe(FILES);
  } finally {
    await minio.remove();
  }
});
