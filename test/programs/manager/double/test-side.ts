import { admitted } from './admission';
import { ApiObject, GivenObject } from './objects';
import { NAMESPACES, resourceOf } from './resources';
import type { Listener, Store } from './store';

/** An object of which the test says what its server would add. */
export interface PutObject extends GivenObject {
  readonly kind: string;
}

/** The objects as a test sees and changes them, past the API: as the environment, the controllers and kubelets do. */
export class Objects {
  constructor(
    private readonly store: Store,
    namespaces: readonly string[],
  ) {
    for (const name of namespaces) this.namespace(name);
  }

  /**
   * Creates an object, or puts it in the place of the one that is there: its status too. Makes the namespace, if there
   * is none. The object is kept: don't change it afterwards.
   */
  put(object: PutObject): ApiObject {
    const resource = resourceOf(object.kind);
    const namespace = resource.namespaced ? (object.metadata?.namespace ?? 'default') : '';
    if (namespace) this.namespace(namespace);
    const before = this.store.find(resource, namespace, object.metadata?.name ?? '');
    const { uid = before?.metadata.uid, creationTimestamp = before?.metadata.creationTimestamp } =
      object.metadata ?? {};
    const full = admitted(resource, namespace, object, { uid, creationTimestamp });
    const after: ApiObject = object.status ? { ...full, status: object.status } : full;
    if (!before) return this.store.create(resource, after);
    const generation = before.metadata.generation;
    const counted = generation ? { generation: generation + 1 } : {};
    return this.store.replace(resource, { ...after, metadata: { ...after.metadata, ...counted } });
  }

  /** Changes some fields, as a controller does. @throws when it isn't there */
  change(kind: string, namespace: string, name: string, change: (object: ApiObject) => Partial<ApiObject>): ApiObject {
    const resource = resourceOf(kind);
    const before = this.store.get(resource, namespace, name);
    return this.store.replace(resource, { ...before, ...change(before) });
  }

  /** At once, and nothing that belongs to it. @throws when it isn't there */
  delete(kind: string, namespace: string, name: string): void {
    this.store.remove(resourceOf(kind), namespace, name);
  }

  get(kind: string, namespace: string, name: string): ApiObject | undefined {
    return this.store.find(resourceOf(kind), namespace, name);
  }

  /** Of all namespaces, unless one is given. */
  list(kind: string, namespace?: string): ApiObject[] {
    const resource = resourceOf(kind);
    if (!resource.namespaced || namespace !== undefined) return [...this.store.all(resource, namespace ?? '')];
    return this.list('Namespace').flatMap(({ metadata: { name } }) => [...this.store.all(resource, name)]);
  }

  /** @returns what ends it */
  onChange(kind: string, listener: Listener): () => void {
    return this.store.historyOf(resourceOf(kind)).listen(listener);
  }

  private namespace(name: string): void {
    if (this.store.find(NAMESPACES, '', name)) return;
    const metadata = { name, labels: { 'kubernetes.io/metadata.name': name } };
    this.store.create(NAMESPACES, admitted(NAMESPACES, '', { metadata }));
  }
}
