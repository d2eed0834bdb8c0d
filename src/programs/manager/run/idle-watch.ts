import { SUPERVISOR_PORT } from '../../../contract';
import type { Log } from '../../common/log';
import type { Services } from '../state/services';
import type { WarmPod, WarmPods } from '../state/warm-pods';
import type { Calls } from './calls';
import { idleness } from './pod-idleness';
import type { ScaleTo } from './waiting';

export interface IdleWatchOptions {
  readonly services: Services;
  readonly warmPods: WarmPods;
  /** Of this manager. */
  readonly calls: Calls;
  readonly scale: ScaleTo;
  /** A service sleeps after so long without a call. */
  readonly idleSeconds: number;
  /** Pods that don't become ready for so long are taken away, if nobody waits for them here. @default an hour */
  readonly unreadySeconds?: number;
  readonly log: Log;
  /** Of the pods. @default SUPERVISOR_PORT */
  readonly port?: number;
}

/** Large images take their time, and other managers' calls may wait for them. */
const UNREADY_SECONDS = 3600;
const LONGEST_PAUSE_SECONDS = 15;
const SHORTEST_PAUSE_SECONDS = 1;
/** Services that are asked at the same time. */
const ASKED_AT_ONCE = 4;
/**
 * A Deployment without `replicas` is created with one. On a cluster that is full, Jobs would wait for what that pod holds
 * until it has been idle for long enough.
 */
const NOBODY_ASKED = 'as nobody has asked for its first pod';

/**
 * Takes the pods of services away that nobody calls. Any number of managers may do so, each by itself: what a service
 * does, its pods know, whoever called them.
 *
 * No call is lost, although a manager may send one, or hold one, while another takes the last pod away:
 * - A pod that ends takes calls for 5 s more, and finishes what it has; only then is it gone.
 * - Later calls find nobody who listens, or are told that the pod ends. Both comes before anything of a call's body is
 *   used, so its manager looks for another pod, finds none and no replicas either, and wakes the service.
 * - A call that waits for a pod looks again at each change of the Deployment, and wakes the service again when its
 *   replicas are back at 0; and every few seconds, for changes that it wasn't told.
 */
export class IdleWatch {
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;
  /** Since when a service has had no ready pod, by `performance.now()`. */
  private readonly unready = new Map<string, number>();
  /** Services of which it has been told that they can't be judged. */
  private readonly told = new Set<string>();

  constructor(private readonly options: IdleWatchOptions) {}

  start(): void {
    const pause = Math.max(Math.min(this.options.idleSeconds / 4, LONGEST_PAUSE_SECONDS), SHORTEST_PAUSE_SECONDS);
    this.timer ??= setInterval(() => void this.look(), pause * 1000);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** One look at all services: not twice at the same time, however long it takes. */
  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const services = this.sleepers();
      for (const service of this.unready.keys()) if (!services.includes(service)) this.unready.delete(service);
      for (const service of this.told) if (!services.includes(service)) this.told.delete(service);
      const next = async () => {
        for (let service = services.pop(); service !== undefined; service = services.pop()) await this.judge(service);
      };
      await Promise.all(Array.from({ length: ASKED_AT_ONCE }, next));
    } finally {
      this.isLooking = false;
    }
  }

  /** Services that may sleep and don't. */
  private sleepers(): string[] {
    const { services, warmPods } = this.options;
    return [...services.all.values()]
      .filter(({ name, expose, synchronous }) => !expose && synchronous.min_scale === 0 && warmPods.replicas(name))
      .map(({ name }) => name);
  }

  private async judge(service: string): Promise<void> {
    try {
      const reason = await this.whyToSleep(service);
      if (reason !== undefined && this.timer) {
        await this.options.scale(service, 0);
        this.options.log('info', `${service}: put to sleep, ${reason}`, { service });
        this.unready.delete(service);
      }
      this.told.delete(service);
    } catch (error) {
      if (this.told.has(service)) return;
      this.told.add(service);
      const { message } = error as Error;
      this.options.log('warning', `${service} can't be put to sleep: ${message}`, { service });
    }
  }

  /** @returns nothing: it is left as it is */
  private async whyToSleep(service: string): Promise<string | undefined> {
    const { warmPods, port = SUPERVISOR_PORT } = this.options;
    const limit = this.options.idleSeconds;
    if (this.options.calls.any(service)) {
      this.unready.delete(service);
      return undefined;
    }
    const pods = warmPods.ready(service);
    if (pods.length === 0) return warmPods.isAsCreated(service) ? NOBODY_ASKED : this.whyNeverReady(service);
    this.unready.delete(service);
    // Not all pods have to be ready: those that were evicted are still listed, and never will be.
    if (pods.length < warmPods.replicas(service)!) return undefined;
    const idle = await Promise.all(pods.map((pod) => idleness(pod, port)));
    const isSame = this.options.calls.any(service) === false && isSameSet(pods, warmPods.ready(service));
    if (!isSame) return undefined;
    if (warmPods.isAsCreated(service) && !idle.some(({ wasCalled }) => wasCalled)) return NOBODY_ASKED;
    return idle.every(({ seconds }) => seconds >= limit) ? `since it wasn't called for ${limit} s` : undefined;
  }

  private whyNeverReady(service: string): string | undefined {
    const since = this.unready.get(service) ?? performance.now();
    this.unready.set(service, since);
    const patience = Math.max(this.options.idleSeconds, this.options.unreadySeconds ?? UNREADY_SECONDS);
    const isLong = performance.now() - since >= patience * 1000;
    return isLong ? `since none of its pods has been ready for ${patience} s` : undefined;
  }
}

function isSameSet(pods: readonly WarmPod[], others: readonly WarmPod[]): boolean {
  const names = new Set(others.map(({ name }) => name));
  return pods.length === others.length && pods.every(({ name }) => names.has(name));
}
