import { ApiObject } from './objects';
import { Resource } from './resources';
import { badRequest } from './status';

export type Matcher = (object: ApiObject) => boolean;

const everything: Matcher = () => true;
const all = (matchers: readonly Matcher[]): Matcher =>
  matchers.length === 1 ? matchers[0] : (object) => matchers.every((matches) => matches(object));

const KEY = String.raw`(?:[a-z0-9.-]+/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?`;
const VALUE = String.raw`[-A-Za-z0-9_.]*`;
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^()]*)\)$`);
const EQUALITY = new RegExp(String.raw`^(${KEY})\s*(==|=|!=)\s*(${VALUE})$`);
const EXISTENCE = new RegExp(String.raw`^(!?)\s*(${KEY})$`);

/** `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, joined by commas. @throws Refusal */
export function labelMatcher(selector: string | null): Matcher {
  if (!selector?.trim()) return everything;
  // A comma between parentheses separates values.
  return all(selector.split(/,(?![^(]*\))/).map((part) => requirement(part.trim())));
}

function requirement(part: string): Matcher {
  const [, setKey, operator, listed] = SET.exec(part) ?? [];
  if (setKey) {
    const values = new Set(listed.split(',').map((value) => value.trim()));
    const isIn: Matcher = ({ metadata: { labels } }) => labels?.[setKey] !== undefined && values.has(labels[setKey]);
    return operator === 'in' ? isIn : (object) => !isIn(object);
  }
  const [, key, sign, value] = EQUALITY.exec(part) ?? [];
  // What has no such label differs too.
  if (key && sign === '!=') return ({ metadata: { labels } }) => labels?.[key] !== value;
  if (key) return ({ metadata: { labels } }) => labels?.[key] === value;
  const [, not, present] = EXISTENCE.exec(part) ?? [];
  if (!present)
    throw badRequest(`unable to parse requirement: found '${part}', expected: !, identifier, or 'end of string'`);
  return ({ metadata: { labels } }) => (labels?.[present] !== undefined) === !not;
}

/** `a=b`, `a==b`, `a!=b`, joined by commas. @throws Refusal for a field that the kind's server doesn't select by */
export function fieldMatcher(resource: Resource, selector: string | null): Matcher {
  if (!selector) return everything;
  return all(selector.split(',').map((part) => fieldRequirement(resource, part, selector)));
}

function fieldRequirement(resource: Resource, part: string, selector: string): Matcher {
  const [, field, sign, value] = /^(.*?)(!=|==|=)(.*)$/.exec(part) ?? [];
  if (!field) throw badRequest(`invalid selector: '${selector}'; can't understand '${part}'`);
  const read = readerOf(resource, field);
  return sign === '!=' ? (object) => read(object) !== value : (object) => read(object) === value;
}

function readerOf({ kind, fields }: Resource, field: string): (object: ApiObject) => string {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name;
  if (field === 'metadata.namespace') return ({ metadata }) => metadata.namespace ?? '';
  const read = fields?.[field];
  if (read) return read;
  const known = kind === 'Event' ? `field label not supported: ${field}` : undefined;
  throw badRequest(known ?? `field label "${field}" not supported for ${kind}`);
}

export function matcherOf(resource: Resource, query: URLSearchParams): Matcher {
  const byLabel = labelMatcher(query.get('labelSelector'));
  const byField = fieldMatcher(resource, query.get('fieldSelector'));
  if (byField === everything) return byLabel;
  return byLabel === everything ? byField : all([byLabel, byField]);
}

export const isSelective = (query: URLSearchParams) =>
  Boolean(query.get('labelSelector') || query.get('fieldSelector'));
