import type { Log } from '../../common/log';
import { HttpError } from '../http/answer';
import type { Access, Caller } from '../http/route';
import type { Authenticate } from '../http/server';
import { SparingLog } from '../http/sparing-log';
import type { Metrics } from '../metrics';
import { Attempts } from './attempts';
import { Credentials, credentialsIn } from './credentials';
import { MountedSecrets } from '../../common/mounted-secrets';
import { isSecret } from './same';
import type { ServiceTokens } from './service-tokens';

export interface AuthenticatorOptions {
  readonly secrets: Pick<MountedSecrets, 'get'>;
  readonly tokens: Pick<ServiceTokens, 'matches'>;
  readonly metrics: Pick<Metrics, 'refusedLogin'>;
  readonly log: Log;
  readonly attempts?: Attempts;
  readonly now?: () => number;
}

/**
 * Finds out who calls. What is wrong, of another service, or of nobody is answered by the same words, after a while
 * that doesn't tell them apart.
 */
export function authenticator(options: AuthenticatorOptions): Authenticate {
  const now = options.now ?? (() => performance.now());
  const attempts = options.attempts ?? new Attempts(now);
  const refusals = new SparingLog(options.log, now);
  return async (request, access, service) => {
    if (access === 'anyone') return { kind: 'other' };
    const credentials = credentialsIn(request.headers.authorization);
    if (!credentials) throw refusal(access);
    const since = now();
    const address = request.socket.remoteAddress ?? '';
    // Wrong tokens keep nobody's password out: they are counted apart.
    const from = `${credentials.scheme === 'basic' ? 'password' : 'token'} ${address}`;
    // A password may be guessed, so not even a right one is looked at while too many wrong ones wait.
    if (credentials.scheme === 'basic' && access !== 'webhook' && attempts.isTooMany(from)) throw tooMany(attempts);
    const caller = await callerOf(options, credentials, access, service);
    if (caller) return caller;
    tellRefusal(options, refusals, credentials, access, address);
    if (attempts.isTooMany(from)) {
      await attempts.leastWait(since);
      throw tooMany(attempts);
    }
    await attempts.failed(from, since);
    throw refusal(access);
  };
}

async function callerOf(
  { secrets, tokens }: AuthenticatorOptions,
  credentials: Credentials,
  access: Access,
  service: string | undefined,
): Promise<Caller | undefined> {
  if (access === 'webhook') return isWebhook(credentials, secrets.get('webhook/token')) ? { kind: 'other' } : undefined;
  if (credentials.scheme === 'basic') return isAdmin(credentials, secrets) ? { kind: 'admin' } : undefined;
  if (credentials.scheme !== 'bearer') return undefined;
  if (access === 'metrics')
    return isSecret(credentials.token, secrets.get('metrics/token')) ? { kind: 'other' } : undefined;
  if (access !== 'service' || service === undefined) return undefined;
  return (await tokens.matches(service, credentials.token)) ? { kind: 'service', service } : undefined;
}

/** Both are compared always, so that the time doesn't tell which is wrong. */
function isAdmin(
  { user, password }: Extract<Credentials, { scheme: 'basic' }>,
  secrets: AuthenticatorOptions['secrets'],
): boolean {
  const isUser = isSecret(user, secrets.get('admin/username'));
  const isPassword = isSecret(password, secrets.get('admin/password'));
  return isUser && isPassword;
}

/** MinIO sends a token as it was told; one of a single word as `Bearer <token>`. */
function isWebhook(credentials: Credentials, token: string | undefined): boolean {
  if (token?.includes(' ')) return isSecret(credentials.header, token);
  return credentials.scheme === 'bearer' && isSecret(credentials.token, token);
}

function tellRefusal(
  { metrics, secrets }: AuthenticatorOptions,
  log: SparingLog,
  credentials: Credentials,
  access: Exclude<Access, 'anyone'>,
  address: string,
) {
  const as = credentials.scheme === 'basic' ? 'admin' : access;
  metrics.refusedLogin(as);
  // Not the name itself: somebody may have typed the password there.
  const isAdminsName =
    credentials.scheme === 'basic' ? isSecret(credentials.user, secrets.get('admin/username')) : undefined;
  log.write('warning', 'login refused', { as, address, isAdminsName });
}

function refusal(access: Access): HttpError {
  const byToken = access === 'webhook' || access === 'metrics';
  const challenge = byToken ? 'Bearer realm="oscar"' : 'Basic realm="oscar", charset="UTF-8"';
  return new HttpError(401, 'A valid login or token is needed.', { 'www-authenticate': challenge });
}

const tooMany = ({ retryAfterSeconds }: Attempts) =>
  new HttpError(429, 'Too many wrong logins: try again later.', { 'retry-after': String(retryAfterSeconds) });
