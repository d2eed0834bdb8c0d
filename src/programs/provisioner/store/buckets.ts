import { BucketDeclaration } from '../../../contract';
import { quoted } from '../../supervisor/storage/words';
import { convergeExpiry } from './lifecycle';
import { StoreError } from './store';
import { attempt, isNotForUs, StoreWork } from './work';
import { element, parseXml, textOf, xmlOf } from './xml';

/** Where S3 puts a bucket that names no place; a store of another region wants to be told. */
const REGION_BY_DEFAULT = 'us-east-1';

/**
 * Makes a bucket, its versioning and its expiry as declared.
 * @returns whether the bucket is there
 */
export async function convergeBucket(work: StoreWork, bucket: BucketDeclaration): Promise<boolean> {
  const name = quoted(bucket.name);
  const isThere = await attempt(
    work,
    () => create(work, bucket.name),
    (error) => (isNotForUs(error) ? `make the bucket ${name}` : undefined),
  );
  if (!isThere) return false;
  await attempt(
    work,
    () => convergeVersioning(work, bucket),
    (error) => (isNotForUs(error) && bucket.versioning ? `turn on versioning of the bucket ${name}` : undefined),
  );
  await attempt(
    work,
    () => convergeExpiry(work, bucket),
    (error) =>
      isNotForUs(error) && bucket.expireDays !== undefined
        ? `let objects of the bucket ${name} expire after ${bucket.expireDays} days`
        : undefined,
  );
  return true;
}

async function create({ store, report }: StoreWork, bucket: string): Promise<void> {
  const name = quoted(bucket);
  const what = `HEAD of the bucket ${name}`;
  const { status } = await store.call({ what, method: 'HEAD', bucket, expected: [400, 403, 404] });
  if (status === 403) throw ofSomebodyElse(bucket, `${what}: the store answers 403`);
  // 400 (not a name): an answer to HEAD says no more, the one to PUT does.
  if (![400, 404].includes(status)) return report.found(`bucket ${name}`);
  const { region } = store.declared;
  const place = xmlOf(element('CreateBucketConfiguration', [element('LocationConstraint', region)]));
  const body = region === REGION_BY_DEFAULT ? undefined : place;
  try {
    await store.call({ what: `creation of the bucket ${name}`, method: 'PUT', bucket, body });
  } catch (error) {
    const code = error instanceof StoreError ? error.code : '';
    if (code === 'BucketAlreadyExists') throw ofSomebodyElse(bucket, (error as StoreError).message);
    // Another run was faster, or this one's first try went through and its answer did not.
    if (code !== 'BucketAlreadyOwnedByYou') throw error;
    return report.found(`bucket ${name}`);
  }
  report.changed(`bucket ${name}: created`);
}

/** No code: it is nothing that could be done by hand. */
const ofSomebodyElse = (bucket: string, answer: string) =>
  new StoreError(
    `the bucket ${quoted(bucket)} is there and belongs to somebody else, or these keys may not see it (${answer}). ` +
      'Fix: another name in the environment, or the keys of its owner in the Secret of the store',
    '',
  );

async function convergeVersioning(
  { store, report }: StoreWork,
  { name, versioning }: BucketDeclaration,
): Promise<void> {
  const at = `bucket ${quoted(name)}: versioning`;
  const query = { versioning: '' };
  const current = await store
    .call({ what: `GET of the versioning of the bucket ${quoted(name)}`, method: 'GET', bucket: name, query })
    .catch((error: Error) => {
      // A store that has none, and none is wanted.
      if (!versioning && error instanceof StoreError && isNotForUs(error)) return undefined;
      throw error;
    });
  const isOn = current !== undefined && textOf(parseXml(current.text), 'Status') === 'Enabled';
  if (!versioning) return isOn ? report.leftAlone(`${at} is on, and not declared: versions stay`) : undefined;
  if (isOn) return report.found(at);
  const body = xmlOf(element('VersioningConfiguration', [element('Status', 'Enabled')]));
  const what = `turning on the versioning of the bucket ${quoted(name)}`;
  await store.call({ what, method: 'PUT', bucket: name, query, body });
  report.changed(`${at}: turned on`);
}
