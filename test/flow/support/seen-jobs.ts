import type { ApiObject } from '../../programs/manager/double';
import type { Objects } from '../../programs/manager/double/test-side';

/** Every Job of a namespace from now on, also those that are removed: one that is made again counts once more. */
export class SeenJobs {
  /** `bucket/key` → how many Jobs were made of it. */
  readonly made = new Map<string, number>();
  /** Names of those that failed for good. */
  readonly failed: string[] = [];
  complete = 0;

  constructor(objects: Objects, namespace: string) {
    objects.onChange('Job', ({ type, before, object }) => {
      if (object.metadata.namespace !== namespace) return;
      if (type === 'ADDED') this.add(object.metadata.annotations!['oscar-cdk8s/object']);
      if (type !== 'MODIFIED') return;
      if (!ended(before, 'Complete') && ended(object, 'Complete')) this.complete++;
      if (!ended(before, 'Failed') && ended(object, 'Failed')) this.failed.push(object.metadata.name);
    });
  }

  get count(): number {
    return [...this.made.values()].reduce((sum, count) => sum + count, 0);
  }

  private add(object: string): void {
    this.made.set(object, (this.made.get(object) ?? 0) + 1);
  }
}

function ended(job: ApiObject | undefined, how: 'Complete' | 'Failed'): boolean {
  const status = job?.status as { conditions?: { type: string }[] } | undefined;
  return status?.conditions?.some(({ type }) => type === how) ?? false;
}
