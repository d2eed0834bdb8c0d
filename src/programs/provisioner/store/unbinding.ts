import { bodiesBucket } from '../../../contract';
import { quoted } from '../../supervisor/storage/words';
import { convergeExpiry } from './lifecycle';
import { isOurs, notificationsOf, putConfigurations } from './notifications';
import { Store, StoreError } from './store';
import { attempt, each, isNotForUs, StoreWork } from './work';
import { childrenOf, parseXml, textOf } from './xml';

/** Takes the platform's own rules, of notifications and expiry, from buckets that are not declared. Nothing else of such a bucket is touched. */
export async function unbindUndeclared(work: StoreWork): Promise<void> {
  const { declaration, store } = work;
  const declared = new Set(declaration.buckets.map(({ name }) => name));
  await attempt(
    work,
    async () => {
      const others = (await allBuckets(store)).filter((bucket) => !declared.has(bucket));
      await each(others, async (bucket) => {
        await attempt(work, () => unbind(work, bucket));
        await attempt(work, () => letStay(work, bucket));
      });
    },
    (error) =>
      isNotForUs(error)
        ? 'these keys may not list buckets: see that none but declared ones tells the manager'
        : undefined,
  );
}

async function unbind({ declaration, store, report }: StoreWork, bucket: string): Promise<void> {
  const all = await notificationsOf(store, bucket).catch((error: Error) => {
    // Somebody else's bucket, a store without notifications, or a bucket that was removed meanwhile.
    const isNone = error instanceof StoreError && (isNotForUs(error) || error.code === 'NoSuchBucket');
    if (isNone) return [];
    throw error;
  });
  const others = all.filter((rule) => !isOurs(rule, declaration.platform));
  if (others.length === all.length) return;
  await putConfigurations(store, bucket, others);
  report.changed(
    `bucket ${quoted(bucket)} is not declared: ${all.length - others.length} notifications of the platform's removed, ` +
      `${others.length} others, the bucket and its objects left alone`,
  );
}

/** The platform's rule of expiry would go on to remove what somebody puts there. */
async function letStay(work: StoreWork, bucket: string): Promise<void> {
  // Without services nobody declares it, and the bodies in it are still to go.
  if (bucket === bodiesBucket(work.declaration.platform)) return;
  await convergeExpiry(work, { name: bucket }).catch((error: Error) => {
    // It was removed meanwhile.
    if (!(error instanceof StoreError) || error.code !== 'NoSuchBucket') throw error;
  });
}

async function allBuckets(store: Store): Promise<string[]> {
  const names: string[] = [];
  for (let token: string | undefined; ;) {
    const query = token === undefined ? undefined : { 'continuation-token': token };
    const { text } = await store.call({ what: 'list of the buckets', method: 'GET', bucket: '', query });
    const page = parseXml(text);
    const buckets = childrenOf(page, 'Buckets').flatMap((list) => childrenOf(list, 'Bucket'));
    names.push(...buckets.map((bucket) => textOf(bucket, 'Name') ?? ''));
    const next = textOf(page, 'ContinuationToken');
    if (!next || next === token) return names.filter((name) => name !== '');
    token = next;
  }
}
