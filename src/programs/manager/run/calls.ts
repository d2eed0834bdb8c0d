import type { WarmPod } from '../state/warm-pods';

/**
 * The calls of this manager, known to those who call pods and to those who take them away: which services have any, how
 * many each pod has to answer, and which wait for room in a pod.
 */
export class Calls {
  private readonly services = new Counts();
  private readonly pods = new Counts();
  private turn = 0;
  /** By service, first come first served. */
  private readonly waiting = new Map<string, Set<() => void>>();

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

  /** A pod has answered a call of the service: there is room for one that waits. */
  answered(service: string): void {
    const [first] = this.waiting.get(service) ?? [];
    first?.();
  }

  /** How many calls wait for room in a pod of the service. */
  waitingFor(service: string): number {
    return this.waiting.get(service)?.size ?? 0;
  }

  /** Waits until a pod has answered a call of the service, in turn, or for so long: other managers' calls end unseen. */
  async untilRoom(service: string, ms: number, signal: AbortSignal): Promise<void> {
    const line = this.waiting.get(service) ?? new Set();
    this.waiting.set(service, line);
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        line.delete(end);
        if (line.size === 0 && this.waiting.get(service) === line) this.waiting.delete(service);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      line.add(end);
    });
    signal.throwIfAborted();
  }

  /** A number for each call, by which equals have their turn. */
  nextTurn(): number {
    return this.turn++;
  }

  /** The pod with the fewest calls; among equals, each in its turn. */
  leastBusy(pods: readonly WarmPod[], turn: number): WarmPod | undefined {
    const fewest = Math.min(...pods.map(({ name }) => this.pods.of(name)));
    const equals = pods.filter(({ name }) => this.pods.of(name) === fewest);
    return equals[turn % equals.length];
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
