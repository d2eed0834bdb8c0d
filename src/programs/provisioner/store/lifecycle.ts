import { BucketDeclaration } from '../../../contract';
import { quoted } from '../../supervisor/storage/words';
import { Store, StoreError } from './store';
import { isNotForUs, StoreWork } from './work';
import { childrenOf, element, parseXml, textOf, XmlElement, xmlOf } from './xml';

const QUERY = { lifecycle: '' };

/** ID of the platform's own rule. Rules of other IDs are somebody else's, and stay. */
export const expiryRuleId = (platform: string) => `oscar-cdk8s/${platform}/expire`;

type Expiring = Pick<BucketDeclaration, 'name' | 'expireDays'>;

/** Makes the platform's rule what `expireDays` says, or takes it away. */
export async function convergeExpiry({ declaration, store, report }: StoreWork, bucket: Expiring): Promise<void> {
  const { name, expireDays } = bucket;
  const at = `bucket ${quoted(name)}: expiry`;
  const id = expiryRuleId(declaration.platform);
  const rules = await rulesOf(store, bucket);
  const ours = rules.filter((rule) => textOf(rule, 'ID') === id);
  const others = rules.filter((rule) => !ours.includes(rule));
  if (expireDays === undefined) {
    if (ours.length === 0) return;
    await put(store, name, others);
    return report.changed(`${at}: removed, objects stay`);
  }
  if (ours.length === 1 && expires(ours[0], expireDays)) return report.found(`${at} after ${expireDays} days`);
  await put(store, name, [...others, expiryRule(id, expireDays)]);
  report.changed(`${at}: after ${expireDays} days`);
}

async function rulesOf(store: Store, { name, expireDays }: Expiring): Promise<XmlElement[]> {
  const what = `GET of the lifecycle of the bucket ${quoted(name)}`;
  try {
    const { text } = await store.call({ what, method: 'GET', bucket: name, query: QUERY });
    return childrenOf(parseXml(text), 'Rule');
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'NoSuchLifecycleConfiguration') return [];
    // A store that has none, and none is wanted.
    if (expireDays === undefined && isNotForUs(error)) return [];
    throw error;
  }
}

async function put(store: Store, bucket: string, rules: readonly XmlElement[]): Promise<void> {
  const call = { what: `change of the lifecycle of the bucket ${quoted(bucket)}`, bucket, query: QUERY };
  if (rules.length === 0) await store.call({ ...call, method: 'DELETE' });
  else await store.call({ ...call, method: 'PUT', body: xmlOf(element('LifecycleConfiguration', rules)) });
}

/** Versions that were overwritten go as well: without them the bucket of a versioned store would only grow. */
function expiryRule(id: string, days: number): XmlElement {
  return element('Rule', [
    element('ID', id),
    element('Status', 'Enabled'),
    element('Filter', [element('Prefix', '')]),
    element('Expiration', [element('Days', String(days))]),
    element('NoncurrentVersionExpiration', [element('NoncurrentDays', String(days))]),
  ]);
}

/** What a store writes besides (empty elements, dates of its own) makes no difference. */
function expires(rule: XmlElement, days: number): boolean {
  const inner = (name: string) => rule.children.find((child) => child.name === name);
  const [filter, expiration, old] = ['Filter', 'Expiration', 'NoncurrentVersionExpiration'].map(inner);
  const isForAll = !filter || filter.children.every(({ name, text }) => name === 'Prefix' && text === '');
  return (
    textOf(rule, 'Status') === 'Enabled' &&
    isForAll &&
    !textOf(rule, 'Prefix') &&
    Boolean(expiration && textOf(expiration, 'Days') === String(days)) &&
    Boolean(old && textOf(old, 'NoncurrentDays') === String(days))
  );
}
