import { setTimeout as sleep } from 'node:timers/promises';
import { tellLatency } from './figures';

/** Asks the same again and again, and knows how long each answer took. */
export class Pulse {
  private isOver = false;
  private took: number[] = [];
  private readonly ended: Promise<void>;

  /** @param ask throws unless the answer is as it has to be */
  constructor(
    private readonly what: string,
    private readonly everyMs: number,
    private readonly ask: () => Promise<unknown>,
  ) {
    this.ended = this.beat();
    // Told by `stop`.
    this.ended.catch(() => {});
  }

  /** Tells how long answers took, of those since the last time that it told. @returns how many */
  tell(when: string): number {
    const took = this.took.splice(0);
    tellLatency(`${this.what}, ${when}`, took);
    return took.length;
  }

  /** @throws when it was not answered once */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.ended;
  }

  private async beat(): Promise<void> {
    while (!this.isOver) {
      const pause = sleep(this.everyMs);
      const began = performance.now();
      await this.ask();
      this.took.push(performance.now() - began);
      await pause;
    }
  }
}
