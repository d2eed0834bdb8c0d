import { BucketDeclaration } from '../../../contract';
import { forgetBindings, recordBindings } from './bindings';
import { convergeBucket } from './buckets';
import { convergeNotifications } from './notifications';
import { unbindUndeclared } from './unbinding';
import { each, StoreWork } from './work';

/** Buckets as declared, but for their notifications. @returns those that are there */
export async function convergeBuckets(work: StoreWork): Promise<BucketDeclaration[]> {
  const there: BucketDeclaration[] = [];
  await each(work.declaration.buckets, async (bucket) => {
    if (await convergeBucket(work, bucket)) there.push(bucket);
  });
  return there;
}

/**
 * Since when services are bound, then the notifications; once nothing undeclared is told of, the records of what is no
 * longer bound go.
 * @param buckets that are there
 */
export async function convergeBindings(work: StoreWork, buckets: readonly BucketDeclaration[]): Promise<void> {
  const unrecorded = await recordBindings(work);
  await each(
    buckets.filter(({ name }) => !unrecorded.has(name)),
    async (bucket) => void (await convergeNotifications(work, bucket)),
  );
  await unbindUndeclared(work);
  await forgetBindings(work);
}
