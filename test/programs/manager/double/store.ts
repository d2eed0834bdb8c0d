import { ApiObject } from './objects';
import { Resource } from './resources';
import { alreadyExists, notFound } from './status';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: Resource;
  readonly version: number;
  readonly before?: ApiObject;
  /** Of a deletion: the object as it was, with the version of its deletion. */
  readonly object: ApiObject;
}

export type Listener = (change: Change) => void;

/** Changes that are kept of each kind at least, for watches that begin in the past; the real one keeps 100,000 at most. */
const HISTORY = 25_000;
/** The real one starts with some objects of its own, so that 1 is always long ago. */
const FIRST_VERSION = 100;

/** The objects, the version that all kinds share, and what changed of late. */
export class Store {
  private counter = FIRST_VERSION;
  private forgotten = FIRST_VERSION;
  private readonly collections = new Map<string, Map<string, ApiObject>>();
  private readonly histories = new Map<string, History>();

  get version(): number {
    return this.counter;
  }

  find(resource: Resource, namespace: string, name: string): ApiObject | undefined {
    return this.collection(resource, namespace).get(name);
  }

  /** @throws Refusal 404 */
  get(resource: Resource, namespace: string, name: string): ApiObject {
    const object = this.find(resource, namespace, name);
    if (!object) throw notFound(resource, name);
    return object;
  }

  /** In no particular order. */
  all(resource: Resource, namespace: string): IterableIterator<ApiObject> {
    return this.collection(resource, namespace).values();
  }

  /** @throws Refusal 409 */
  create(resource: Resource, object: ApiObject): ApiObject {
    const { namespace = '', name } = object.metadata;
    const collection = this.collection(resource, namespace);
    if (collection.has(name)) throw alreadyExists(resource, name);
    const stored = versioned(object, ++this.counter);
    collection.set(name, stored);
    this.tell({ type: 'ADDED', resource, version: this.counter, object: stored });
    return stored;
  }

  /** @throws Refusal 404 */
  replace(resource: Resource, object: ApiObject): ApiObject {
    const { namespace = '', name } = object.metadata;
    const before = this.get(resource, namespace, name);
    const stored = versioned(object, ++this.counter);
    this.collection(resource, namespace).set(name, stored);
    this.tell({ type: 'MODIFIED', resource, version: this.counter, before, object: stored });
    return stored;
  }

  /** @throws Refusal 404 */
  remove(resource: Resource, namespace: string, name: string): ApiObject {
    const before = this.get(resource, namespace, name);
    this.collection(resource, namespace).delete(name);
    const object = versioned(before, ++this.counter);
    this.tell({ type: 'DELETED', resource, version: this.counter, before, object });
    return object;
  }

  historyOf(resource: Resource): History {
    const key = keyOf(resource);
    let history = this.histories.get(key);
    if (!history) this.histories.set(key, (history = new History(this.forgotten)));
    return history;
  }

  /** What was before now can't be watched any more. */
  forget(): void {
    this.forgotten = ++this.counter;
    for (const history of this.histories.values()) history.forget(this.forgotten);
  }

  private collection(resource: Resource, namespace: string): Map<string, ApiObject> {
    const key = `${keyOf(resource)}/${namespace}`;
    let collection = this.collections.get(key);
    if (!collection) this.collections.set(key, (collection = new Map()));
    return collection;
  }

  private tell(change: Change): void {
    this.historyOf(change.resource).add(change);
  }
}

/** The changes of one kind: those of late, and whoever wants those to come. */
export class History {
  private readonly listeners = new Set<Listener>();
  private changes: Change[] = [];

  /** @param oldest the version that a watch can begin at, at the earliest */
  constructor(private oldestVersion: number) {}

  get oldest(): number {
    return this.oldestVersion;
  }

  add(change: Change): void {
    this.changes.push(change);
    // Cut seldom, so that it costs little for each.
    if (this.changes.length >= HISTORY * 2) {
      this.oldestVersion = this.changes[HISTORY - 1].version;
      this.changes = this.changes.slice(HISTORY);
    }
    for (const listener of this.listeners) listener(change);
  }

  after(version: number): readonly Change[] {
    let index = this.changes.length;
    while (index > 0 && this.changes[index - 1].version > version) index--;
    return this.changes.slice(index);
  }

  forget(version: number): void {
    this.oldestVersion = version;
    this.changes = [];
  }

  /** @returns what ends it */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

const keyOf = ({ group, plural }: Resource) => `${group}/${plural}`;

const versioned = (object: ApiObject, version: number): ApiObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(version) },
});
