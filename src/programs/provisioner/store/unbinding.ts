import { quoted } from '../../supervisor/storage/words';
import { notificationsOf, putConfigurations, ruleIds } from './notifications';
import { Store, StoreError } from './store';
import { attempt, each, isNotForUs, StoreWork } from './work';
import { childrenOf, parseXml, textOf, XmlElement } from './xml';

/** Takes the platform's own rules from buckets that are not declared. Nothing else of such a bucket is touched. */
export async function unbindUndeclared(work: StoreWork): Promise<void> {
  const { declaration, store } = work;
  const declared = new Set(declaration.buckets.map(({ name }) => name));
  await attempt(
    work,
    async () => {
      const others = (await allBuckets(store)).filter((bucket) => !declared.has(bucket));
      await each(others, async (bucket) => void (await attempt(work, () => unbind(work, bucket))));
    },
    (error) =>
      isNotForUs(error)
        ? 'these keys may not list buckets: see that none but declared ones tells the manager'
        : undefined,
  );
}

async function unbind({ declaration, store, report }: StoreWork, bucket: string): Promise<void> {
  const isOurs = (rule: XmlElement) => (textOf(rule, 'Id') ?? '').startsWith(ruleIds(declaration.platform));
  const all = await notificationsOf(store, bucket).catch((error: Error) => {
    // Somebody else's bucket, a store without notifications, or a bucket that was removed meanwhile.
    const isNone = error instanceof StoreError && (isNotForUs(error) || error.code === 'NoSuchBucket');
    if (isNone) return [];
    throw error;
  });
  const others = all.filter((rule) => !isOurs(rule));
  if (others.length === all.length) return;
  await putConfigurations(store, bucket, others);
  report.changed(
    `bucket ${quoted(bucket)} is not declared: ${all.length - others.length} notifications of the platform's removed, ` +
      `${others.length} others, the bucket and its objects left alone`,
  );
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
