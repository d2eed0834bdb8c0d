import { quoted } from '../../supervisor/storage/words';
import { deleteMany, exists, getText, ListedObject, listFolders, listPages, putText, Text } from '../store/objects';
import type { Store } from '../store/store';

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
    folders: (bucket, prefix) => listFolders(store, bucket, prefix),
    get: (bucket, key) => getText(store, bucket, key),
    exists: (bucket, key) => exists(store, bucket, key),
    putIfMissing: async (bucket, key, text) => void (await putText(store, bucket, key, text, { ifMissing: true })),
    replace: (bucket, key, text, etag) => replace(store, bucket, key, text, etag),
    deleteMany: (bucket, keys) => deleteMany(store, bucket, keys),
  };
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
