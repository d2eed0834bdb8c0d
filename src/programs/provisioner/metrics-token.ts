import { createHmac } from 'node:crypto';
import { StoreLogin } from '../../contract';
import { Wait } from '../common/patience';
import { SecretReader, secretValues } from './secret-values';

/** As far away as the tokens of MinIO's own client: nobody renews them. */
const LIFETIME_SECONDS = 100 * 365 * 24 * 3600;

/**
 * The bearer token by which MinIO shows its metrics, as `mc admin prometheus generate` makes it: a JWT of the user,
 * signed with the user's secret key.
 */
export function metricsToken(user: string, password: string, now: number = Date.now()): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { exp: Math.floor(now / 1000) + LIFETIME_SECONDS, sub: user, iss: 'prometheus' };
  const signed = `${part({ alg: 'HS512', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha512', password).update(signed).digest('base64url')}`;
}

/**
 * The token of the user in another Secret, which may come later: somebody makes it by hand.
 * @throws ProgramError when it stays away or lacks a key
 */
export async function metricsTokenOf(
  namespace: string,
  { secretName, userKey, passwordKey }: StoreLogin,
  store: SecretReader,
  wait?: Wait,
): Promise<string> {
  const [user, password] = await secretValues(namespace, secretName, [userKey, passwordKey], store, wait);
  return metricsToken(user, password);
}
