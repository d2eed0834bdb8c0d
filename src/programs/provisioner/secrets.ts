import { createHash, randomBytes } from 'node:crypto';
import { GeneratedSecret } from '../../contract';
import { ProgramError } from '../common/fail';
import { KubernetesAnswer } from '../common/kubernetes';
import { isTrouble, patiently, reason, Wait } from '../common/patience';
import { metricsTokenOf } from './metrics-token';
import { Report } from './report';
import { SecretError } from './secret-values';

/** What is needed of the API server. */
export interface SecretStore {
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<KubernetesAnswer>;
}

/**
 * Creates the Secrets that don't exist. Creation is the whole question: 409 means that it is there, and what is
 * there is never overwritten. One that is refused is reported, and keeps no other from being made.
 * @returns those that were not made (`namespace/name`)
 * @throws ProgramError that names the Secret and the reason, when the server stays away
 */
export async function createMissingSecrets(
  secrets: readonly GeneratedSecret[],
  store: SecretStore,
  report: Report,
  wait?: Wait,
): Promise<string[]> {
  const refused: string[] = [];
  for (const secret of secrets) {
    try {
      await createIfMissing(secret, store, report, wait);
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      report.failed(error.message);
      refused.push(`${secret.namespace}/${secret.name}`);
    }
  }
  return refused;
}

async function createIfMissing(
  secret: GeneratedSecret,
  store: SecretStore,
  report: Report,
  wait?: Wait,
): Promise<void> {
  const at = `secret ${secret.namespace}/${secret.name}`;
  const answer = await create(secret, store, wait);
  const { status } = answer;
  if (status === 201) return report.changed(`${at}: generated`);
  if (status === 409) return report.found(`${at}: it is there, and stays as it is`);
  const problem = `${at} can't be created: ${reason(answer)}`;
  if (isTrouble(status)) throw new ProgramError(problem);
  throw new SecretError(
    `${problem}. Fix: put right what the API server says (a quota, a right, a namespace that is missing); the next try makes it`,
  );
}

/** Whether a Secret is made of another one, which may be made by hand, and later. */
export const isDerived = ({ data }: GeneratedSecret) => Object.values(data).some((value) => 'metricsToken' in value);

async function create(secret: GeneratedSecret, store: SecretStore, wait?: Wait): Promise<KubernetesAnswer> {
  const manifest = manifestOf(secret, await tokensOf(secret, store, wait));
  const path = `/api/v1/namespaces/${encodeURIComponent(secret.namespace)}/secrets`;
  return patiently(() => store.call('POST', path, manifest), wait);
}

/** Values that are made of other Secrets, by key. */
async function tokensOf({ namespace, data }: GeneratedSecret, store: SecretStore, wait?: Wait) {
  const tokens: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) {
    if ('metricsToken' in value) tokens[key] = await metricsTokenOf(namespace, value.metricsToken, store, wait);
  }
  return tokens;
}

function manifestOf(
  { namespace, name, labels, annotations, data }: GeneratedSecret,
  tokens: Readonly<Record<string, string>>,
) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { namespace, name, labels, annotations },
    stringData: { ...valuesOf(data), ...tokens },
  };
}

/** Values made from others come last: a key may be named before the one that it is made from. */
function valuesOf(data: GeneratedSecret['data']): Record<string, string> {
  const values: Record<string, string> = {};
  const entries = Object.entries(data);
  for (const [key, value] of entries) {
    if ('text' in value) values[key] = value.text;
    else if ('hex' in value) values[key] = randomHex(value.hex);
  }
  for (const [key, value] of entries) {
    if ('copyOf' in value) values[key] = made(values, value.copyOf);
    else if ('htpasswd' in value) values[key] = htpasswd(value.htpasswd.user, made(values, value.htpasswd.passwordKey));
  }
  return values;
}

function made(values: Readonly<Record<string, string>>, key: string): string {
  if (values[key] === undefined) throw new ProgramError(`a secret's value is to be made from "${key}", which it lacks`);
  return values[key];
}

const randomHex = (digits: number) =>
  randomBytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits);

/** `{SHA}` is what every reader of such files knows; a salt or a slow hash adds nothing to 256 random bits. */
const htpasswd = (user: string, password: string) =>
  `${user}:{SHA}${createHash('sha1').update(password).digest('base64')}`;
