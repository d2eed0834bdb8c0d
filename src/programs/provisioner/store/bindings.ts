import {
  BINDING_FOLDER,
  BindingDeclaration,
  bindingRecord,
  BindingRecord,
  recordsBucket,
  splitPath,
} from '../../../contract';
import { quoted } from '../../supervisor/storage/words';
import { deleteMany, listPages, putText } from './objects';
import { Store, StoreError, storeTime } from './store';
import { attempt, each, StoreWork } from './work';

const nameOf = ({ service, path }: BindingDeclaration) => `binding of ${quoted(service)} to ${quoted(path)}`;

/**
 * Writes since when services are bound, where it is not written yet. Before a bucket tells of uploads: no upload comes
 * between the two that neither the event nor the sweep brings.
 * @returns buckets of bindings that have no record: they must not tell yet
 */
export async function recordBindings(work: StoreWork): Promise<ReadonlySet<string>> {
  const { declaration, store, report } = work;
  const bucket = recordsBucket(declaration.platform);
  const unrecorded = new Set<string>();
  if (declaration.bindings.length === 0) return unrecorded;
  let there: ReadonlySet<string> = new Set();
  // A list that fails costs no record: each is written only where there is none.
  await attempt(work, async () => void (there = new Set(await keysIn(store, bucket, BINDING_FOLDER))));
  await each(declaration.bindings, async (binding) => {
    const key = bindingRecord(binding.service, binding.path);
    if (there.has(key)) return report.found(nameOf(binding));
    const isRecorded = await attempt(work, async () => {
      const isNew = await record(store, bucket, key, binding);
      if (isNew) report.changed(`${nameOf(binding)}: it gets what is uploaded from now on`);
      else report.found(nameOf(binding));
    });
    if (!isRecorded) unrecorded.add(splitPath(binding.path).bucket);
  });
  return unrecorded;
}

async function record(
  store: Store,
  bucket: string,
  key: string,
  { service, path }: BindingDeclaration,
): Promise<boolean> {
  // The store's own clock: it is what the times of uploads are by.
  const now = storeTime(await store.call({ what: `HEAD of the bucket ${quoted(bucket)}`, method: 'HEAD', bucket }));
  const content: BindingRecord = { service, path, since: now };
  return putText(store, bucket, key, JSON.stringify(content), { ifMissing: true, type: 'application/json' });
}

/**
 * Removes the records of bindings that are no longer declared: a service that is bound again starts anew. What is known of
 * its uploads stays: a sweep may be under way that would miss it, and ask for their Jobs again. The sweeps remove that an
 * hour later.
 */
export async function forgetBindings(work: StoreWork): Promise<void> {
  const { declaration, store, report } = work;
  const bucket = recordsBucket(declaration.platform);
  const declared = new Set(declaration.bindings.map(({ service, path }) => bindingRecord(service, path)));
  await attempt(work, async () => {
    const old = (await keysIn(store, bucket, BINDING_FOLDER)).filter((key) => !declared.has(key));
    await deleteMany(store, bucket, old);
    for (const key of old)
      report.changed(`record ${quoted(key)} removed: this binding of ${quoted(serviceOf(key))} is not declared`);
  });
}

/** `bound/<service>/<hash>`. */
const serviceOf = (key: string) => key.slice(BINDING_FOLDER.length).split('/')[0];

/** None where the bucket itself is missing: nothing was ever bound. */
async function keysIn(store: Store, bucket: string, folder: string): Promise<string[]> {
  const keys: string[] = [];
  try {
    for await (const page of listPages(store, bucket, folder)) keys.push(...page.map(({ key }) => key));
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'NoSuchBucket') throw error;
  }
  return keys;
}
