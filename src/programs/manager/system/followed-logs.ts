import { HttpError } from '../http/answer';

/** Logs that may be followed at the same time: each is a connection to the API server, for as long as the client stays. */
const OF_A_SERVICE = 16;
const OF_ALL = 128;

/** How many logs are being followed through this manager. */
export class FollowedLogs {
  private readonly counts = new Map<string, number>();
  private all = 0;

  /** @throws HttpError 429 when as many are followed as may be */
  async follow(service: string, work: () => Promise<void>): Promise<void> {
    const count = this.counts.get(service) ?? 0;
    if (count >= OF_A_SERVICE) throw tooMany(`${count} logs of ${service}`);
    if (this.all >= OF_ALL) throw tooMany(`${this.all} logs`);
    this.add(service, 1);
    try {
      await work();
    } finally {
      this.add(service, -1);
    }
  }

  private add(service: string, change: number): void {
    this.all += change;
    const count = (this.counts.get(service) ?? 0) + change;
    if (count > 0) this.counts.set(service, count);
    else this.counts.delete(service);
  }
}

const tooMany = (what: string) =>
  new HttpError(429, `${what} are followed, which is all that may be: try again later.`, { 'retry-after': '5' });
