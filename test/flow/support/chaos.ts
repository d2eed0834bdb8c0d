import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../servers/support/manager-random';
import type { Flow } from './flow';

const WHICH = ['manager', 'minio', 'runner'] as const;
type Which = (typeof WHICH)[number];

export interface Kills {
  /** When each was killed: of each time that it ran until then. */
  readonly at: Readonly<Record<Which, number[]>>;
}
const BETWEEN_MS = [500, 4000] as const;
const DOWN_MS = [0, 1500] as const;

/** Kills the programs of a platform at random, one at a time, and starts them again. */
export class Chaos {
  private readonly random: Random;
  private readonly kills: Kills = { at: { manager: [], minio: [], runner: [] } };
  private over = false;

  constructor(
    private readonly flow: Flow,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  async run(): Promise<Kills> {
    for (;;) {
      await sleep(this.between(BETWEEN_MS));
      if (this.over) return this.kills;
      const which = WHICH[this.random.below(WHICH.length)];
      const at = Date.now();
      if (await this.flow.kill(which)) this.kills.at[which].push(at);
      await sleep(this.between(DOWN_MS));
      await this.flow.restart(which);
    }
  }

  /** All of them run again once `run` has ended. */
  async end(): Promise<void> {
    this.over = true;
  }

  private between([least, most]: readonly [number, number]): number {
    return least + this.random.next() * (most - least);
  }
}
