import type { ServiceDefinition } from '../../../contract';
import type { Log } from '../../common/log';
import { HttpError } from '../http/answer';
import { KubernetesUnreachable } from '../kubernetes/api';
import type { Services } from '../state/services';
import type { WarmPods } from '../state/warm-pods';

/** Sets how many pods a service is to have. Rejects with `KubernetesUnreachable`, or with what Kubernetes said. */
export type ScaleTo = (service: string, replicas: number) => Promise<void>;

export interface WaitingOptions {
  readonly services: Services;
  readonly warmPods: WarmPods;
  readonly scale: ScaleTo;
  readonly coldStartSeconds: number;
  readonly log: Log;
}

/** The calls of a service that wait for its first ready pod. */
interface Line {
  /** Each ends one wait: well, or with an error. */
  readonly ends: Set<(error?: Error) => void>;
  readonly clock: NodeJS.Timeout;
  isAsking: boolean;
  /** Kubernetes did not answer the last time that it was asked for a pod. */
  isAway?: boolean;
  /** When the Deployment was last told to have a pod; unset once it is seen to have one. */
  askedAt?: number;
}

/** Calls that may wait for one service. */
const LONGEST_LINE = 100;
const RETRY: { 'retry-after': string } = { 'retry-after': '5' };
/** A Deployment that doesn't show its pod after so long was told by another to have none: it is told again. */
const ASK_AGAIN_MS = 5_000;
const LOOK_MS = 1_000;

/** Holds calls until their service has a ready pod, and wakes services that sleep. */
export class Waiting {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly options: WaitingOptions) {
    options.warmPods.onChange((service) => this.look(service));
  }

  /**
   * @param deadline of `performance.now()`
   * @throws HttpError 503 when there won't be a pod in time, or too many wait; what the signal is aborted with
   */
  async untilReady(service: string, deadline: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.options.warmPods.ready(service).length > 0) return;
    const line = this.lines.get(service) ?? this.open(service);
    if (line.ends.size >= LONGEST_LINE) {
      throw new HttpError(503, `${line.ends.size} calls wait for a pod of ${service}, which is all that may`, RETRY);
    }
    await new Promise<void>((resolve, reject) => {
      const end = (error?: Error) => {
        line.ends.delete(end);
        clearTimeout(late);
        signal.removeEventListener('abort', leave);
        this.closeIfEmpty(service, line);
        if (error) reject(error);
        else resolve();
      };
      const leave = () => end(signal.reason as Error);
      const late = setTimeout(() => end(this.tooLate(service)), Math.max(deadline - performance.now(), 0));
      signal.addEventListener('abort', leave);
      line.ends.add(end);
      this.look(service);
    });
  }

  /** Resolves when something changes at the service's pods, or after a moment. */
  async aMoment(service: string, ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stopListening();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      const stopListening = this.options.warmPods.onChange((changed) => changed === service && end());
      signal.addEventListener('abort', end);
    });
    signal.throwIfAborted();
  }

  private open(service: string): Line {
    const line = {
      ends: new Set<() => void>(),
      clock: setInterval(() => this.look(service), LOOK_MS),
      isAsking: false,
    };
    this.lines.set(service, line);
    return line;
  }

  /** A line in which nobody stands is kept while its service is woken, so that whoever comes doesn't wake it again. */
  private closeIfEmpty(service: string, line: Line): void {
    if (line.ends.size > 0 || line.isAsking) return;
    clearInterval(line.clock);
    if (this.lines.get(service) === line) this.lines.delete(service);
  }

  private look(service: string): void {
    const line = this.lines.get(service);
    if (!line) return;
    const { services, warmPods } = this.options;
    const definition = services.all.get(service);
    const replicas = warmPods.replicas(service);
    if (warmPods.ready(service).length > 0) endAll(line);
    else if (!definition) endAll(line, new HttpError(404, `the service ${service} was removed`));
    else if (replicas !== 0) line.askedAt = undefined;
    else if (line.ends.size > 0) void this.wake(definition, line);
  }

  /** Also one that is to have pods always: an autoscaler leaves a Deployment alone that was at 0 before. */
  private async wake({ name, synchronous }: ServiceDefinition, line: Line): Promise<void> {
    const isAsked = line.askedAt !== undefined && performance.now() - line.askedAt < ASK_AGAIN_MS;
    if (line.isAsking || isAsked) return;
    line.isAsking = true;
    try {
      await this.options.scale(name, Math.max(1, synchronous.min_scale));
      line.askedAt = performance.now();
      line.isAway = false;
      this.options.log('info', `${name}: woken, as it is called`, { service: name });
    } catch (error) {
      this.notWoken(name, line, error as Error);
    } finally {
      line.isAsking = false;
      this.closeIfEmpty(name, line);
    }
  }

  /** While Kubernetes is away its calls wait on: the next look asks again. */
  private notWoken(service: string, line: Line, error: Error): void {
    const isAway = error instanceof KubernetesUnreachable;
    if (!isAway || !line.isAway)
      this.options.log('warning', `${service} can't be woken`, { service, reason: error.message });
    line.isAway = isAway;
    if (!isAway) endAll(line, new HttpError(503, `${service} has no pod, and Kubernetes refuses to start one`, RETRY));
  }

  private tooLate(service: string): HttpError {
    const { warmPods, coldStartSeconds } = this.options;
    if (this.lines.get(service)?.isAway)
      return new HttpError(503, `${service} has no pod: Kubernetes does not answer`, RETRY);
    const waits = warmPods.of(service).find(({ waiting }) => waiting);
    const state = waits
      ? `${waits.name} waits: ${waits.waiting}`
      : warmPods.replicas(service) === undefined
        ? `it has no Deployment`
        : warmPods.of(service).length > 0
          ? 'they start, but are not ready yet'
          : 'Kubernetes has made none yet';
    const reason = `no pod of ${service} was ready in ${coldStartSeconds} s (coldStartSeconds): ${state}`;
    return new HttpError(503, reason, RETRY);
  }
}

function endAll(line: Line, error?: Error): void {
  for (const end of [...line.ends]) end(error);
}
