import { PROVIDER_SECRET_KEYS, StorageType } from '../../../contract';
import { Json } from './json';
import { refusal } from './refusal';

/** What another cluster or tool puts around an event: `{"event": …, "storage_provider": …}`. */
export interface Wrapper {
  readonly inner: Json;
  readonly provider?: ProviderName;
}

export interface ProviderName {
  /** Where it was named as `<type>.<id>`. */
  readonly type?: StorageType;
  readonly id: string;
  /** In the body, for errors. */
  readonly where: string;
}

/**
 * Undefined for what has not the shape of a wrapper: an object with `event`, and with nothing but `storage_provider`
 * beside it.
 * @throws InvocationError (`input`) for a provider that can't be one.
 */
export function wrapperOf(json: Json): Wrapper | undefined {
  let inner: Json | undefined;
  let provider: Json | undefined;
  for (const [name, value] of json.members()) {
    if (name === 'event') inner = value;
    else if (name === 'storage_provider') provider = value;
    else return undefined;
  }
  if (!inner) return undefined;
  return provider ? { inner, provider: providerName(provider) } : { inner };
}

/** As the declaration has it (`StorageProvider`): the name of the folder of the provider's secrets. */
const ID = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

function providerName(json: Json): ProviderName {
  const name = json.string ?? '';
  const dot = name.indexOf('.');
  const prefix = dot < 0 ? '' : name.slice(0, dot);
  const type = Object.hasOwn(PROVIDER_SECRET_KEYS, prefix) ? (prefix as StorageType) : undefined;
  const id = type ? name.slice(dot + 1) : name;
  if (ID.test(id)) return { type, id, where: json.where };
  throw refusal({
    where: json.where,
    problem: 'not the name of a storage provider',
    got: json.shown,
    allowed:
      'an id (at most 63 letters, digits, "-", "_" and ".", letters or digits at both ends), or <type>.<id>; ' +
      `types: ${Object.keys(PROVIDER_SECRET_KEYS).join(', ')}`,
    fix: 'name the provider by its id in the service\'s definition, e.g. "default"',
  });
}
