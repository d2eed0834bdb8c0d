import type { WarmPod, WarmPods } from '../state/warm-pods';

/** The calls of this manager: which services have any, and how many each pod has to answer. */
export class Calls {
  private static readonly byPods = new WeakMap<WarmPods, Calls>();

  private readonly services = new Counts();
  private readonly pods = new Counts();
  private turn = 0;

  /** Those who call pods and those who take them away know the same calls. */
  static of(warmPods: WarmPods): Calls {
    const calls = Calls.byPods.get(warmPods) ?? new Calls();
    Calls.byPods.set(warmPods, calls);
    return calls;
  }

  /** Whether a call of the service waits for a pod or is under way. */
  any(service: string): boolean {
    return this.services.of(service) > 0;
  }

  /** A call of a service, also while it waits. @returns what ends it */
  begin(service: string): () => void {
    return this.services.enter(service);
  }

  /** A call that a pod is to answer. @returns what ends it */
  beginAt(pod: WarmPod): () => void {
    return this.pods.enter(pod.name);
  }

  /** The pod with the fewest calls; among equals, each in its turn. */
  leastBusy(pods: readonly WarmPod[]): WarmPod | undefined {
    const fewest = Math.min(...pods.map(({ name }) => this.pods.of(name)));
    const equals = pods.filter(({ name }) => this.pods.of(name) === fewest);
    return equals[this.turn++ % equals.length];
  }
}

/** How many of each are there; names that have none cost nothing. */
class Counts {
  private readonly counts = new Map<string, number>();

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  enter(name: string): () => void {
    this.counts.set(name, this.of(name) + 1);
    return () => {
      const left = this.of(name) - 1;
      if (left > 0) this.counts.set(name, left);
      else this.counts.delete(name);
    };
  }
}
