import { ProgramError } from '../../common/fail';
import { quoted } from '../../supervisor/storage/words';
import { deleteMany, exists, ListedObject, listPages, putText } from '../store/objects';
import { Store, StoreError } from '../store/store';
import { childrenOf, parseXml, textOf } from '../store/xml';

/** A small object, and what tells its content from another. */
export interface Text {
  readonly text: string;
  readonly etag: string;
}

/** What the sweep does with the store. */
export interface Objects {
  /** In S3's order; the next page is asked for once somebody wants it. */
  pages(bucket: string, prefix: string): AsyncIterable<readonly ListedObject[]>;
  /** Names of the folders right below `prefix`. */
  folders(bucket: string, prefix: string): AsyncIterable<string>;
  get(bucket: string, key: string): Promise<Text | undefined>;
  exists(bucket: string, key: string): Promise<boolean>;
  putIfMissing(bucket: string, key: string, text: string): Promise<void>;
  /** @returns whether it was written: not when the object is gone, or another one than `etag` says */
  replace(bucket: string, key: string, text: string, etag: string): Promise<boolean>;
  deleteMany(bucket: string, keys: readonly string[]): Promise<void>;
}

/** The same of a real store. All throw StoreError. */
export function objectsOf(store: Store): Objects {
  return {
    pages: (bucket, prefix) => listPages(store, bucket, prefix),
    folders: (bucket, prefix) => folders(store, bucket, prefix),
    get: (bucket, key) => get(store, bucket, key),
    exists: (bucket, key) => exists(store, bucket, key),
    putIfMissing: async (bucket, key, text) => void (await putText(store, bucket, key, text, { ifMissing: true })),
    replace: (bucket, key, text, etag) => replace(store, bucket, key, text, etag),
    deleteMany: (bucket, keys) => deleteMany(store, bucket, keys),
  };
}

async function* folders(store: Store, bucket: string, prefix: string): AsyncGenerator<string> {
  for (let token: string | undefined; ;) {
    const next: Record<string, string> = token === undefined ? {} : { 'continuation-token': token };
    const query = { 'list-type': 2, 'encoding-type': 'url', delimiter: '/', prefix, ...next };
    const what = `list of the folders of ${quoted(`${bucket}/${prefix}`)}`;
    const page = parseXml((await store.call({ what, method: 'GET', bucket, query })).text);
    for (const folder of childrenOf(page, 'CommonPrefixes')) {
      const path = decodeURIComponent((textOf(folder, 'Prefix') ?? '').replaceAll('+', ' '));
      yield path.slice(prefix.length, -1);
    }
    if (textOf(page, 'IsTruncated') !== 'true') return;
    const following = textOf(page, 'NextContinuationToken');
    if (!following || following === token)
      throw new ProgramError(`${what}: it goes on, and the store does not say where`);
    token = following;
  }
}

async function get(store: Store, bucket: string, key: string): Promise<Text | undefined> {
  try {
    const what = `GET of ${quoted(`${bucket}/${key}`)}`;
    const { text, headers } = await store.call({ what, method: 'GET', bucket, key });
    return { text, etag: headers.etag ?? '' };
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NoSuchKey') return undefined;
    throw error;
  }
}

async function replace(store: Store, bucket: string, key: string, text: string, etag: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'if-match': etag };
  const call = {
    what: `PUT of ${quoted(`${bucket}/${key}`)}`,
    method: 'PUT',
    bucket,
    key,
    headers,
    body: text,
  } as const;
  return (await store.call({ ...call, expected: [404, 412] })).status < 300;
}
