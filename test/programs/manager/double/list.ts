import { Form, listKind, shownInList } from './form';
import { ApiObject } from './objects';
import { apiVersionOf, Resource } from './resources';
import { isSelective, matcherOf } from './selectors';
import { badRequest, expired, Refusal } from './status';
import type { Store } from './store';

/** Lists that somebody may still be in the midst of; who is slower is told so. */
const SNAPSHOTS = 32;
const TOKEN = 'meta.k8s.io/v1';
const TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

interface Snapshot {
  readonly version: number;
  readonly objects: readonly ApiObject[];
}

/** Lists in pages: all pages of a list show what was there when the first was asked for. */
export class Lists {
  private readonly snapshots = new Map<string, Snapshot>();

  constructor(private readonly store: Store) {}

  /** @throws Refusal */
  answer(resource: Resource, namespace: string, query: URLSearchParams, form: Form): object {
    const limit = numberOf(query.get('limit'));
    const token = query.get('continue');
    const version = query.get('resourceVersion');
    if (token) {
      if (version && version !== '0')
        throw badRequest('specifying resource version is not allowed when using continue');
      const { start, version: from } = decoded(token);
      const snapshot = this.kept(resource, namespace, query, from, start);
      return this.page(resource, namespace, query, form, snapshot, limit, start);
    }
    this.hasReached(version);
    const snapshot = { version: this.store.version, objects: this.objects(resource, namespace, query) };
    // Any version will do: it comes from the cache, as a whole.
    return this.page(resource, namespace, query, form, snapshot, version === '0' ? 0 : limit, '');
  }

  forget(): void {
    this.snapshots.clear();
  }

  private page(
    resource: Resource,
    namespace: string,
    query: URLSearchParams,
    form: Form,
    { version, objects }: Snapshot,
    limit: number,
    after: string,
  ): object {
    const first = after ? indexAfter(objects, after) : 0;
    const items = limit ? objects.slice(first, first + limit) : objects.slice(first);
    const remaining = objects.length - first - items.length;
    const metadata: Record<string, unknown> = { resourceVersion: String(version) };
    if (remaining > 0) {
      this.keep(keyOf(resource, namespace, query, version), { version, objects });
      metadata.continue = encoded(version, items[items.length - 1].metadata.name);
      if (!isSelective(query)) metadata.remainingItemCount = remaining;
    }
    const { kind, apiVersion } = listKind(resource.kind, apiVersionOf(resource), form);
    return { kind, apiVersion, metadata, items: items.map((object) => shownInList(object, form)) };
  }

  private objects(resource: Resource, namespace: string, query: URLSearchParams): readonly ApiObject[] {
    const matches = matcherOf(resource, query);
    const found: ApiObject[] = [];
    for (const object of this.store.all(resource, namespace)) if (matches(object)) found.push(object);
    return found.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  private kept(
    resource: Resource,
    namespace: string,
    query: URLSearchParams,
    version: number,
    start: string,
  ): Snapshot {
    if (version === -1) return { version: this.store.version, objects: this.objects(resource, namespace, query) };
    const snapshot = this.snapshots.get(keyOf(resource, namespace, query, version));
    if (!snapshot) throw expired(TOO_OLD, encoded(-1, start));
    return snapshot;
  }

  private keep(key: string, snapshot: Snapshot): void {
    // The one that was used last is the last to go.
    this.snapshots.delete(key);
    this.snapshots.set(key, snapshot);
    if (this.snapshots.size > SNAPSHOTS) this.snapshots.delete(this.snapshots.keys().next().value!);
  }

  private hasReached(version: string | null): void {
    if (!version || Number(version) <= this.store.version) return;
    const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }];
    const message = `Timeout: Too large resource version: ${version}, current: ${this.store.version}`;
    throw new Refusal({ code: 504, reason: 'Timeout', message, details: { causes, retryAfterSeconds: 1 } });
  }
}

const keyOf = ({ group, plural }: Resource, namespace: string, query: URLSearchParams, version: number) =>
  [version, group, plural, namespace, query.get('labelSelector'), query.get('fieldSelector')].join('|');

function indexAfter(objects: readonly ApiObject[], name: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (objects[middle].metadata.name <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param version -1: whatever is there, as the server offers it when a list is too old */
const encoded = (version: number, name: string) =>
  Buffer.from(JSON.stringify({ v: TOKEN, rv: version, start: `/${name}\0` })).toString('base64url');

function decoded(token: string): { version: number; start: string } {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Record<string, unknown>;
    if (v === TOKEN && typeof rv === 'number' && typeof start === 'string') {
      return { version: rv, start: start.slice(1, -1) };
    }
  } catch {
    // Told below.
  }
  throw badRequest('invalid continue token: continue key is not valid');
}

export function numberOf(text: string | null): number {
  if (!text) return 0;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Math.max(0, Number(text));
}
