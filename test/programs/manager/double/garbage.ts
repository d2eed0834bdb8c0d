import { badRequest, invalid } from './status';
import { ApiObject, timestamp } from './objects';
import { JOBS, PODS, Resource } from './resources';
import type { Change, Store } from './store';

const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;
type Policy = (typeof POLICIES)[number];

const FINALIZERS: Readonly<Record<string, string>> = { Foreground: 'foregroundDeletion', Orphan: 'orphan' };
/** The collector works beside the server: an object that waits for it is seen for a moment. */
const LATER_MS = 20;

/** The policy that a call asks for, by its query or its body. @throws Refusal */
export function policyOf(query: URLSearchParams, body: Buffer): Policy | undefined {
  const policy = query.get('propagationPolicy') ?? (body.length ? optionsOf(body).propagationPolicy : undefined);
  if (policy === undefined || POLICIES.includes(policy as Policy)) return policy as Policy | undefined;
  const message = `Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan", "nil"`;
  const cause = { reason: 'FieldValueNotSupported', message, field: 'propagationPolicy' };
  throw invalid({ group: 'meta.k8s.io' }, 'DeleteOptions', '', [cause]);
}

function optionsOf(body: Buffer): { propagationPolicy?: string } {
  try {
    return JSON.parse(body.toString('utf8')) as { propagationPolicy?: string };
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`);
  }
}

/** Deletes objects, and afterwards the pods that belonged to them. */
export class Garbage {
  /** The pods of each owner. */
  private readonly owned = new Map<string, Map<string, ApiObject>>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly store: Store) {
    store.historyOf(PODS).listen((change) => this.index(change));
  }

  /** @returns whether it is gone, and the object as it was or as it waits for the collector */
  delete(resource: Resource, object: ApiObject, policy: Policy | undefined): { gone: boolean; object: ApiObject } {
    // Of Jobs the first version of their API left the pods alone, and still does unless told.
    const finalizer = FINALIZERS[policy ?? (resource === JOBS ? 'Orphan' : 'Background')];
    const { namespace = '', name, uid, finalizers = [] } = object.metadata;
    // Who asks again with another policy overrules the first.
    const others = finalizers.filter((other) => !Object.values(FINALIZERS).includes(other));
    const waitFor = finalizer ? [...others, finalizer] : others;
    if (waitFor.length === 0) {
      const gone = this.store.remove(resource, namespace, name);
      this.later(() => this.deletePods(uid));
      return { gone: true, object: gone };
    }
    const waiting = this.store.replace(resource, {
      ...object,
      metadata: {
        ...object.metadata,
        generation: (object.metadata.generation ?? 0) + (object.metadata.deletionTimestamp ? 0 : 1),
        deletionTimestamp: object.metadata.deletionTimestamp ?? timestamp(),
        deletionGracePeriodSeconds: 0,
        finalizers: waitFor,
      },
    });
    if (finalizer) this.later(() => this.finish(resource, waiting, finalizer));
    return { gone: false, object: waiting };
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private finish(resource: Resource, { metadata: { namespace = '', name, uid } }: ApiObject, finalizer: string): void {
    const object = this.store.find(resource, namespace, name);
    if (object?.metadata.uid !== uid) return;
    if (finalizer === FINALIZERS.Foreground) this.deletePods(uid);
    else this.orphanPods(uid);
    const finalizers = object.metadata.finalizers?.filter((other) => other !== finalizer) ?? [];
    if (finalizers.length === 0) this.store.remove(resource, namespace, name);
    else this.store.replace(resource, { ...object, metadata: { ...object.metadata, finalizers } });
  }

  private deletePods(owner: string): void {
    for (const { metadata } of [...(this.owned.get(owner)?.values() ?? [])]) {
      this.store.remove(PODS, metadata.namespace ?? '', metadata.name);
    }
  }

  private orphanPods(owner: string): void {
    for (const pod of [...(this.owned.get(owner)?.values() ?? [])]) {
      const ownerReferences = pod.metadata.ownerReferences?.filter(({ uid }) => uid !== owner);
      this.store.replace(PODS, { ...pod, metadata: { ...pod.metadata, ownerReferences } });
    }
  }

  private index({ type, before, object }: Change): void {
    for (const { uid } of before?.metadata.ownerReferences ?? []) {
      const pods = this.owned.get(uid);
      pods?.delete(object.metadata.uid);
      if (pods?.size === 0) this.owned.delete(uid);
    }
    if (type === 'DELETED') return;
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const pods = this.owned.get(uid) ?? new Map<string, ApiObject>();
      this.owned.set(uid, pods.set(object.metadata.uid, object));
    }
  }

  private later(work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, LATER_MS);
    this.timers.add(timer);
  }
}
