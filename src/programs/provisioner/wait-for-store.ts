import { setTimeout as sleep } from 'node:timers/promises';
import { StoreDeclaration } from '../../contract';
import { ProgramError } from '../common/fail';
import { Log } from '../common/log';
import { Wait } from '../common/patience';
import { checkStoreKey, SecretReader, secretValues } from './secret-values';
import { isUnknownKeys, Store, StoreError, StoreKeys } from './store/store';

/** A quarter of an hour: a first start waits for images and volumes. The Job itself is tried again after it. */
const TRIES = 60;

/**
 * The keys by which the store is set up.
 * @param namespace the platform's
 * @throws ProgramError when their Secret stays away, lacks one, or holds one that can't be a key
 */
export async function storeKeys(
  namespace: string,
  { credentials: { secretName, keys } }: StoreDeclaration,
  kubernetes: SecretReader,
  wait?: Wait,
): Promise<StoreKeys> {
  const names = [keys.accessKey, keys.secretKey];
  const [accessKey, secretKey] = await secretValues(namespace, secretName, names, kubernetes, wait);
  checkStoreKey(`${namespace}/${secretName}`, keys.accessKey, accessKey);
  checkStoreKey(`${namespace}/${secretName}`, keys.secretKey, secretKey);
  return { accessKey, secretKey };
}

/**
 * Until the store answers to these keys.
 * @throws ProgramError when it stays away, or does not know them
 */
export async function waitForStore(
  declared: StoreDeclaration,
  keys: StoreKeys,
  log: Log,
  wait: Wait = sleep,
): Promise<void> {
  const store = new Store(declared, keys, log, { wait, tries: TRIES });
  try {
    await store.call({ what: `the store at ${declared.endpoint}`, method: 'GET', bucket: '' });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // The keys are known; they may not list buckets, which nothing needs.
    if (error.code === 'AccessDenied') return;
    const secret = declared.credentials.secretName;
    const fix = isUnknownKeys(error) ? `. Fix: put the store's own keys into the Secret "${secret}"` : '';
    throw new ProgramError(`${error.message}${fix}`);
  } finally {
    store.close();
  }
}
