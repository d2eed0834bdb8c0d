import type { Objects } from '../../programs/manager/double/test-side';
import type { Manifest, Manifests } from './manifests';

const KINDS = ['ConfigMap', 'PodTemplate', 'Deployment', 'Job'];

/** What is applied, as `kubectl apply --prune` knows it: objects that are declared no longer are deleted. */
export class Applied {
  private before = new Map<string, Manifest>();

  constructor(private readonly objects: Objects) {}

  apply({ all }: Manifests): void {
    const now = new Map(all.filter(({ kind }) => KINDS.includes(kind)).map((object) => [keyOf(object), object]));
    for (const object of now.values()) this.put(object);
    for (const [key, { kind, metadata }] of this.before) {
      const { name, namespace = '' } = metadata;
      if (!now.has(key) && this.objects.get(kind, namespace, name)) this.objects.delete(kind, namespace, name);
    }
    this.before = now;
  }

  private put(object: Manifest): void {
    const { kind, metadata } = object;
    const there = this.objects.get(kind, metadata.namespace!, metadata.name);
    if (kind === 'Job' && there) return;
    if (kind !== 'Deployment') return void this.objects.put(object);
    // A service's pods are the manager's to start: one that is new would begin with one, which is too much for a test.
    const { replicas = 0 } = (there?.spec ?? {}) as { replicas?: number };
    this.objects.put({ ...object, spec: { replicas, ...object.spec }, status: there?.status });
  }
}

const keyOf = ({ kind, metadata: { namespace, name } }: Manifest) => `${kind} ${namespace}/${name}`;
