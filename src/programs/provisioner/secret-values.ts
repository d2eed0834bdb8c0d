import { ProgramError } from '../common/fail';
import { KubernetesAnswer } from '../common/kubernetes';
import { isTrouble, patiently, reason, Wait } from '../common/patience';

/** What is needed of the API server. */
export interface SecretReader {
  call(method: 'GET', path: string): Promise<KubernetesAnswer>;
}

/** Something is wrong with one Secret: others may be as they should. */
export class SecretError extends ProgramError {}

/**
 * Values of a Secret by its keys. The Secret may come later: somebody makes it by hand.
 * @param isAwaited whether one that is not there is waited for
 * @throws SecretError when it stays away or lacks a key; it tells no value
 * @throws ProgramError when the server stays away
 */
export async function secretValues(
  namespace: string,
  name: string,
  keys: readonly string[],
  kubernetes: SecretReader,
  wait?: Wait,
  isAwaited = true,
): Promise<string[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
  const mayCome = (status: number) => (isAwaited && status === 404) || isTrouble(status);
  const answer = await patiently(() => kubernetes.call('GET', path), wait, mayCome);
  const at = `secret ${namespace}/${name}`;
  if (answer.status !== 200) {
    const problem = `${at} can't be read: ${reason(answer)}`;
    throw isTrouble(answer.status) ? new ProgramError(problem) : new SecretError(problem);
  }
  const { data = {} } = answer.body as { data?: Record<string, string> };
  return keys.map((key) => {
    if (!Object.hasOwn(data, key) || !data[key])
      throw new SecretError(`${at} has no "${key}", or an empty one. Fix: put it in; the next try reads it`);
    return Buffer.from(data[key], 'base64').toString('utf8');
  });
}

/** @throws ProgramError for a store's key with a line break or the like in it; it tells no value */
export function checkStoreKey(at: string, key: string, value: string): void {
  // eslint-disable-next-line no-control-regex
  if (!/[\x00-\x1f\x7f]/.test(value)) return;
  throw new ProgramError(
    `secret ${at}: "${key}" has a line break or another control character in it. Fix: write it without (\`echo\` adds one)`,
  );
}
