import { createHash, randomBytes } from 'node:crypto';
import { GeneratedSecret } from '../../contract';
import { ProgramError } from '../common/fail';
import { KubernetesAnswer } from '../common/kubernetes';
import { Log } from '../common/log';
import { patiently, reason, Wait } from '../common/patience';
import { metricsTokenOf } from './metrics-token';

/** What is needed of the API server. */
export interface SecretStore {
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<KubernetesAnswer>;
}

/**
 * Creates the Secrets that don't exist. Creation is the whole question: 409 means that it is there, and what is
 * there is never overwritten. Secrets that are made of another one come last, as that one may be made by hand, and later.
 * @throws ProgramError that names the Secret and the reason, when the server refuses or stays away.
 */
export async function createMissingSecrets(
  secrets: readonly GeneratedSecret[],
  store: SecretStore,
  log: Log,
  wait?: Wait,
): Promise<void> {
  for (const secret of [...secrets.filter(standsAlone), ...secrets.filter((one) => !standsAlone(one))]) {
    const at = `${secret.namespace}/${secret.name}`;
    const answer = await create(secret, store, wait);
    if (answer.status === 201) log('info', 'secret generated', { secret: at });
    else if (answer.status === 409) log('info', 'secret is there already', { secret: at });
    else throw new ProgramError(`secret ${at} can't be created: ${reason(answer)}`);
  }
}

const standsAlone = ({ data }: GeneratedSecret) => Object.values(data).every((value) => !('metricsToken' in value));

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
