/** Of the first wrong login; each further one waits twice as long. */
const FIRST_MS = 250;
const LONGEST_MS = 4_000;
/** Without a wrong login for so long, a client begins anew. */
const FORGET_MS = 5 * 60_000;
/** Clients that are remembered: some 100 bytes each. */
const CLIENTS = 10_000;
/** Answers that one client is waiting for. */
const WAITING = 16;

interface Client {
  failures: number;
  waiting: number;
  last: number;
}

/**
 * Who got logins wrong, by address and by what they showed. It slows down guessing. All that come through one proxy have
 * one address, which is why nobody who knows a token is ever kept waiting; but sixteen wrong passwords that wait keep the
 * admin out.
 */
export class Attempts {
  /** Least recently wrong first. */
  private readonly clients = new Map<string, Client>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** So many of its answers wait that no more are taken. */
  isTooMany(address: string): boolean {
    return (this.clients.get(address)?.waiting ?? 0) >= WAITING;
  }

  /** How many seconds until an answer that waits is given, at most. */
  readonly retryAfterSeconds = LONGEST_MS / 1000;

  /**
   * Counts a wrong login, and waits until it may be answered.
   * @param since when the request came: how long it took to check it is not to be seen
   */
  async failed(address: string, since: number): Promise<void> {
    const client = this.remembered(address);
    client.failures++;
    const delay = Math.min(FIRST_MS * 2 ** Math.min(client.failures - 1, 20), LONGEST_MS);
    client.waiting++;
    // All of it even when the client goes: or else it would not wait, but go and try the next.
    await new Promise<void>((resolve) => setTimeout(resolve, Math.max(since + delay - this.now(), 0)));
    client.waiting--;
  }

  /** Waits as long as the least wait: an answer that comes sooner tells how long it took to check a login. */
  async leastWait(since: number): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, Math.max(since + FIRST_MS - this.now(), 0)));
  }

  /** How many clients are remembered. */
  get size(): number {
    return this.clients.size;
  }

  private remembered(address: string): Client {
    const now = this.now();
    const known = this.clients.get(address);
    const client = known && (known.waiting > 0 || now - known.last < FORGET_MS) ? known : newClient();
    client.last = now;
    this.clients.delete(address);
    this.clients.set(address, client);
    if (this.clients.size > CLIENTS) this.clients.delete(this.clients.keys().next().value!);
    return client;
  }
}

const newClient = (): Client => ({ failures: 0, waiting: 0, last: 0 });
