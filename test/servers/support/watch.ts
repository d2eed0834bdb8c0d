import { setTimeout as sleep } from 'node:timers/promises';
import type { BucketStore } from './bucket-store';

const PAUSE_MS = 20;

/** Reads objects all the time: none may ever be there in part, or with another content. */
export class Watch {
  private readonly torn: string[] = [];
  private readonly watching: Promise<void>;
  private over = false;
  private rounds = 0;

  /** @param whole by path, what each object is once it is there */
  constructor(
    private readonly store: BucketStore,
    private readonly whole: Readonly<Record<string, Buffer>>,
  ) {
    this.watching = this.watch();
  }

  /** @throws when one was not whole at any time. */
  async end(): Promise<void> {
    this.over = true;
    await this.watching;
    if (this.torn.length > 0) throw new Error(`seen in part: ${this.torn.join(', ')}`);
    if (this.rounds === 0) throw new Error('nobody has looked');
  }

  private async watch(): Promise<void> {
    while (!this.over) {
      for (const [path, whole] of Object.entries(this.whole)) {
        const found = await this.store.get(path);
        if (found && !found.equals(whole)) this.torn.push(`${path} (${found.length} of ${whole.length} bytes)`);
      }
      this.rounds++;
      await sleep(PAUSE_MS);
    }
  }
}
