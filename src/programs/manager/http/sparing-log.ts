import type { Log, LogFields } from '../../common/log';

/** Lines a second: while the cluster is away, each of a thousand events a second fails for the same reason. */
const LINES = 10;
const PER_MS = 1000;

/** Logs a few lines a second, and how many were left out. */
export class SparingLog {
  private until = 0;
  private lines = 0;
  private leftOut = 0;

  constructor(
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {}

  write(level: 'warning' | 'error', message: string, fields: LogFields): void {
    const now = this.now();
    if (now >= this.until) {
      if (this.leftOut) this.log('warning', 'more failures than are logged', { leftOut: this.leftOut });
      [this.until, this.lines, this.leftOut] = [now + PER_MS, 0, 0];
    }
    if (this.lines++ < LINES) this.log(level, message, fields);
    else this.leftOut++;
  }
}
