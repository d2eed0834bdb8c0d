import { secondsSince } from './elapsed';

/** A place: first in the line, then among those that run. */
export interface Ticket {
  /** True once its turn has come; false when its signal was aborted before. */
  readonly turn: Promise<boolean>;
  /** Gives the place of one that runs to the next. */
  leave(): void;
}

/** Weight of the latest duration in the average: the last ten or so count. */
const RECENT = 0.2;
const RETRY_MAX_SECONDS = 60;

/** So many run at the same time; a bounded line behind them, first come first served. */
export class Queue {
  /** A set keeps its order, and who gives up in the middle leaves without a search. */
  private readonly line = new Set<() => void>();
  /** When each that runs began, in ms. */
  private readonly begun = new Set<{ readonly at: number }>();
  private averageSeconds = 0;
  private onEmpty: (() => void)[] = [];

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
  ) {}

  get running(): number {
    return this.begun.size;
  }

  get waiting(): number {
    return this.line.size;
  }

  /**
   * @param signal aborted while it waits, it leaves the line; among those that run it stays until `leave`
   * @returns nothing when all places are taken
   */
  enter(signal: AbortSignal): Ticket | undefined {
    if (this.running < this.maxRunning) return { turn: Promise.resolve(true), leave: this.begin() };
    return this.waiting < this.maxWaiting ? this.wait(signal) : undefined;
  }

  /** When those that wait now will have had their turn, as far as recent durations tell: 1 to 60 whole seconds. */
  retryAfterSeconds(): number {
    const [oldest] = this.begun;
    // One that has run for longer than the average tells more than the average does.
    const each = Math.max(this.averageSeconds, oldest ? secondsSince(oldest.at) : 0);
    const line = (each * this.waiting) / this.maxRunning;
    return Math.min(Math.max(Math.ceil(line), 1), RETRY_MAX_SECONDS);
  }

  /** Resolves when nobody runs or waits. */
  empty(): Promise<void> {
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.onEmpty.push(resolve));
  }

  private begin(): () => void {
    const run = { at: performance.now() };
    this.begun.add(run);
    return () => {
      if (!this.begun.delete(run)) return;
      const seconds = secondsSince(run.at);
      this.averageSeconds = this.averageSeconds === 0 ? seconds : mix(this.averageSeconds, seconds);
      this.callNext();
    };
  }

  private wait(signal: AbortSignal): Ticket {
    let leave = () => {};
    const turn = new Promise<boolean>((resolve) => {
      const giveUp = () => this.line.delete(called) && resolve(false);
      const called = () => {
        signal.removeEventListener('abort', giveUp);
        leave = this.begin();
        resolve(true);
      };
      this.line.add(called);
      signal.addEventListener('abort', giveUp, { once: true });
    });
    return { turn, leave: () => leave() };
  }

  private callNext(): void {
    const [next] = this.line;
    if (next) {
      this.line.delete(next);
      next();
    } else if (this.running === 0) {
      for (const resolve of this.onEmpty.splice(0)) resolve();
    }
  }
}

const mix = (average: number, latest: number) => average + RECENT * (latest - average);
