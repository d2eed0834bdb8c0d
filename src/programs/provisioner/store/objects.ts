import { ProgramError } from '../../common/fail';
import { quoted } from '../../supervisor/storage/words';
import { Store, StoreError } from './store';
import { childrenOf, element, parseXml, textOf, XmlElement, xmlOf } from './xml';

/** An object as a list of its bucket tells of it. */
export interface ListedObject {
  readonly key: string;
  /** ISO 8601, as the store writes it. */
  readonly lastModified: string;
  /** In bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}

/** A small object, and what tells its content from another. */
export interface Text {
  readonly text: string;
  readonly etag: string;
}

/** S3's own limit of a page. */
const PAGE_SIZE = 1000;

/**
 * Objects whose keys begin with `prefix`, in S3's order, a page at a time: the next one is asked for once somebody wants it.
 * @throws StoreError
 */
export async function* listPages(
  store: Store,
  bucket: string,
  prefix: string,
  { pageSize = PAGE_SIZE }: { readonly pageSize?: number } = {},
): AsyncGenerator<readonly ListedObject[]> {
  for await (const page of pagesOf(store, bucket, { 'max-keys': pageSize, prefix })) {
    const isEncoded = textOf(page, 'EncodingType') === 'url';
    yield childrenOf(page, 'Contents').map((object) => listed(object, isEncoded));
  }
}

/** Names of the folders right below `prefix`. @throws StoreError */
export async function* listFolders(store: Store, bucket: string, prefix: string): AsyncGenerator<string> {
  for await (const page of pagesOf(store, bucket, { 'max-keys': PAGE_SIZE, delimiter: '/', prefix })) {
    const isEncoded = textOf(page, 'EncodingType') === 'url';
    for (const folder of childrenOf(page, 'CommonPrefixes'))
      yield keyOf(folder, 'Prefix', isEncoded).slice(prefix.length, -1);
  }
}

/** Pages of a list (ListObjectsV2) as the store writes them. */
async function* pagesOf(
  store: Store,
  bucket: string,
  wanted: { readonly prefix: string } & Readonly<Record<string, string | number>>,
): AsyncGenerator<XmlElement> {
  for (let token: string | undefined; ;) {
    const query = {
      'list-type': 2,
      // A key may hold what XML can't.
      'encoding-type': 'url',
      ...wanted,
      ...(token === undefined ? {} : { 'continuation-token': token }),
    };
    const what = `list of ${at(bucket, wanted.prefix)}`;
    const page = parseXml((await store.call({ what, method: 'GET', bucket, query })).text);
    yield page;
    if (textOf(page, 'IsTruncated') !== 'true') return;
    const next = textOf(page, 'NextContinuationToken');
    if (!next || next === token) throw new ProgramError(`${what}: the store says that there is more, and not where`);
    token = next;
  }
}

function listed(object: XmlElement, isEncoded: boolean): ListedObject {
  return {
    key: keyOf(object, 'Key', isEncoded),
    lastModified: textOf(object, 'LastModified') ?? '',
    size: Number(textOf(object, 'Size') ?? 0),
    etag: (textOf(object, 'ETag') ?? '').replace(/^"|"$/g, ''),
  };
}

function keyOf(listed: XmlElement, name: string, isEncoded: boolean): string {
  const key = textOf(listed, name) ?? '';
  return isEncoded ? urlDecoded(key) : key;
}

/** As MinIO and Amazon encode keys in lists: like a form, where a space is `+`. */
function urlDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // Bytes that are no UTF-8: S3 takes no such key, so nobody can be meant by it.
    throw new ProgramError(`a list of the store holds a key that can't be decoded: ${quoted(text)}`);
  }
}

/** An object's content; undefined: there is no such object. @throws StoreError */
export async function getText(store: Store, bucket: string, key: string): Promise<Text | undefined> {
  try {
    const { text, headers } = await store.call({ what: `GET of ${at(bucket, key)}`, method: 'GET', bucket, key });
    return { text, etag: headers.etag ?? '' };
  } catch (error) {
    // Not 404 alone: a bucket that is missing is one as well.
    if (error instanceof StoreError && error.code === 'NoSuchKey') return undefined;
    throw error;
  }
}

/** Whether there is such an object. @throws StoreError */
export async function exists(store: Store, bucket: string, key: string): Promise<boolean> {
  const what = `HEAD of ${at(bucket, key)}`;
  return (await store.call({ what, method: 'HEAD', bucket, key, expected: [404] })).status !== 404;
}

/**
 * Writes an object. A store that answered nothing may have written it: with `ifMissing`, the second try then finds it.
 * @param ifMissing only where there is none
 * @returns whether this call wrote it
 * @throws StoreError
 */
export async function putText(
  store: Store,
  bucket: string,
  key: string,
  text: string,
  { ifMissing = false, type = 'text/plain; charset=utf-8' }: { ifMissing?: boolean; type?: string } = {},
): Promise<boolean> {
  const headers = { 'content-type': type, ...(ifMissing ? { 'if-none-match': '*' } : {}) };
  const what = `PUT of ${at(bucket, key)}`;
  const expected = ifMissing ? [412] : [];
  return (await store.call({ what, method: 'PUT', bucket, key, headers, body: text, expected })).status !== 412;
}

/** Largest number of keys that S3 deletes in one call. */
const DELETE_AT_ONCE = 1000;

/** Deletes objects; one that is not there is fine. @throws StoreError naming the first that stays */
export async function deleteMany(store: Store, bucket: string, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += DELETE_AT_ONCE) {
    const objects = keys.slice(from, from + DELETE_AT_ONCE).map((key) => element('Object', [element('Key', key)]));
    const body = xmlOf(element('Delete', [element('Quiet', 'true'), ...objects]));
    const what = `deletion of ${objects.length} objects of bucket ${quoted(bucket)}`;
    const { text } = await store.call({ what, method: 'POST', bucket, query: { delete: '' }, body });
    const [failure] = text === '' ? [] : childrenOf(parseXml(text), 'Error');
    if (!failure) continue;
    const [key, code, message] = ['Key', 'Code', 'Message'].map((name) => textOf(failure, name) ?? '');
    throw new StoreError(`${what}: ${quoted(key)} stays: ${quoted(`${code} ${message}`.trim())}`, code);
  }
}

const at = (bucket: string, key: string) => quoted(`${bucket}/${key}`);
