import { setTimeout as sleep } from 'node:timers/promises';
import { tellLatency } from './figures';

export interface Answers {
  readonly count: number;
  /** What 99 of 100 took at most, in ms. */
  readonly p99: number;
}

/** Asks the same again and again, and knows how long each answer took. */
export class Pulse {
  private isOver = false;
  private took: number[] = [];
  private answers = 0;
  private problem?: Error;
  private readonly ended: Promise<void>;

  /** @param ask throws unless the answer is as it has to be */
  constructor(
    private readonly what: string,
    private readonly everyMs: number,
    private readonly ask: () => Promise<unknown>,
  ) {
    this.ended = this.beat().catch((error: Error & { cause?: unknown }) => {
      const at = `${new Date().toISOString()}, after ${this.answers} answers`;
      const cause = error.cause === undefined ? '' : ` (${String(error.cause)})`;
      this.problem = new Error(`${this.what}: not at ${at}: ${error.message}${cause}`);
    });
  }

  /**
   * Tells how long answers took, of those since the last time that it told.
   * @returns how many @throws when it was not answered once
   */
  tell(when: string): number {
    return this.figures(when).count;
  }

  /** The same, for whoever wants to know more of them. */
  figures(when: string): Answers {
    if (this.problem) throw this.problem;
    const took = this.took.splice(0).sort((a, b) => a - b);
    tellLatency(`${this.what}, ${when}`, took);
    return { count: took.length, p99: took[Math.ceil(took.length * 0.99) - 1] };
  }

  /** @throws when it was not answered once */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.ended;
    if (this.problem) throw this.problem;
  }

  private async beat(): Promise<void> {
    while (!this.isOver) {
      const pause = sleep(this.everyMs);
      const began = performance.now();
      await this.ask();
      this.took.push(performance.now() - began);
      this.answers++;
      await pause;
    }
  }
}
