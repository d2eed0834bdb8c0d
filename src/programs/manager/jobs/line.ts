import { Heap } from '../../common/heap';
import { AwaitedTurn, isUnderWay, JobRecord, newestFirst } from '../state/jobs';

/** A Job that is suspended until its turn comes. */
export interface WaitingJob extends JobRecord {
  readonly waiting: AwaitedTurn;
}

/** Jobs that are gone lie in the order for a while: more of them than of the others, and these, is too many. */
const LEFT_BEHIND = 64;

/** One service's Jobs: how many are under way, and who waits in line, the oldest first. */
export class Line {
  private underWay = 0;
  /** By uid: a Job that is deleted and made again has the same name, and is another one. */
  private readonly waiting = new Map<string, WaitingJob>();
  /** Those who are not yet known to be under way: they have their places already. */
  private readonly chosen = new Set<string>();
  private order = new Heap<WaitingJob>(isOlder);

  get isEmpty(): boolean {
    return this.underWay === 0 && this.waiting.size === 0;
  }

  add(job: JobRecord): void {
    if (isUnderWay(job)) this.underWay++;
    if (!isWaiting(job)) return;
    this.waiting.set(job.waiting.uid, job);
    this.order.push(job);
  }

  remove(job: JobRecord): void {
    if (isUnderWay(job)) this.underWay--;
    if (!isWaiting(job)) return;
    this.waiting.delete(job.waiting.uid);
    this.chosen.delete(job.waiting.uid);
    this.tidy();
  }

  isWaiting({ waiting: { uid } }: WaitingJob): boolean {
    return this.waiting.has(uid);
  }

  /**
   * The oldest, if there is a place for it. It has that from now on.
   * @param limit how many may be under way. @default what the oldest itself says
   */
  choose(limit?: number): WaitingJob | undefined {
    const oldest = this.oldest();
    if (!oldest || this.underWay + this.chosen.size >= (limit ?? oldest.waiting.limit)) return undefined;
    this.order.pop();
    this.chosen.add(oldest.waiting.uid);
    return oldest;
  }

  private oldest(): WaitingJob | undefined {
    const { order, waiting } = this;
    // Who is no longer in line is left in the order until it comes first.
    while (order.first && waiting.get(order.first.waiting.uid) !== order.first) order.pop();
    return order.first;
  }

  private tidy(): void {
    const { order, waiting, chosen } = this;
    if (order.size <= 2 * (waiting.size - chosen.size) + LEFT_BEHIND) return;
    this.order = new Heap<WaitingJob>(isOlder);
    for (const job of waiting.values()) if (!chosen.has(job.waiting.uid)) this.order.push(job);
  }
}

const isWaiting = (job: JobRecord): job is WaitingJob => job.waiting !== undefined;

const isOlder = (a: JobRecord, b: JobRecord) => newestFirst(a, b) > 0;
