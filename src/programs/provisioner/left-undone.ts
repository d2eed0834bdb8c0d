import { Declaration } from '../../contract';

/**
 * Parts of the declaration that this provisioner makes true for nobody yet, one line each. Where there is one, the
 * Job fails after the secrets are made: a Job that is Complete would claim that the buckets are there.
 */
export function leftUndone({ buckets, users, store }: Declaration): string[] {
  const names = (list: readonly string[]) => `${list.length} (${list.join(', ')})`;
  const notified = buckets.filter(({ notifications }) => notifications.length);
  const left: string[] = [];
  if (buckets.length) left.push(`buckets: ${names(buckets.map(({ name }) => name))}`);
  if (notified.length) left.push(`bucket notifications: ${names(notified.map(({ name }) => name))}`);
  if (users.length && !store.external) left.push(`users: ${names(users.map(({ service }) => service))}`);
  return left;
}
