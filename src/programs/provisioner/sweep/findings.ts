import { Log } from '../../common/log';
import { quoted } from '../../supervisor/storage/words';

/** So many are named of each service: the others are in the bucket. */
const NAMED = 3;

/** What stands in `TOLD` is told of each service; the others are the normal case. */
const COUNTS = {
  /** Uploads that the service wants, since it is bound or since its record was moved on. */
  uploads: 0,
  /** Their Jobs are there and not at their end. */
  underWay: 0,
  /** New Jobs. */
  stored: 0,
  /** Jobs that succeeded, and whose record is written now. */
  done: 0,
  /** The same of those that failed for good. */
  failed: 0,
  /** The manager says that the service is not bound there: they are asked for again until it is. */
  unbound: 0,
  /** Kubernetes refuses their Jobs: they are asked for again until it doesn't. */
  refused: 0,
  /** No Job can ever make files of them. */
  noFile: 0,
  /** Not looked after, for a reason that is said. */
  left: 0,
  /** Records that nothing needs any longer. */
  recordsRemoved: 0,
};
type Counts = { [name in keyof typeof COUNTS]: number };
const TOLD = ['stored', 'done', 'failed', 'unbound', 'refused', 'noFile', 'left'] as const;

/** What a sweep found in one service's folders. */
export class Findings {
  readonly counts: Counts = { ...COUNTS };
  private readonly named: string[] = [];
  private readonly reasons = new Set<string>();

  count(what: keyof Counts, path?: string): void {
    this.counts[what]++;
    if (path !== undefined && this.named.length < NAMED) this.named.push(`${quoted(path)}: ${what}`);
  }

  /** Something was left. The first few reasons are said. */
  problem(reason: string): void {
    if (this.reasons.size < NAMED) this.reasons.add(reason);
  }

  get hasProblems(): boolean {
    return this.reasons.size > 0;
  }

  /** One line, if there is something to tell. */
  tell(service: string, log: Log): void {
    const told = TOLD.filter((name) => this.counts[name] > 0);
    if (told.length === 0 && !this.hasProblems) return;
    const level = this.hasProblems
      ? 'error'
      : this.counts.unbound + this.counts.refused + this.counts.noFile + this.counts.failed > 0
        ? 'warning'
        : 'info';
    const words = this.hasProblems
      ? `not all is looked after: ${[...this.reasons].join('; ')}`
      : 'uploads looked after';
    const counts = Object.fromEntries(told.map((name) => [name, this.counts[name]]));
    log(level, words, { service, ...counts, ...(this.named.length > 0 ? { first: this.named.join(', ') } : {}) });
  }
}

/** Of all services. */
export class Summary {
  private readonly counts: Counts = { ...COUNTS };
  private services = 0;
  private readonly withProblems: string[] = [];
  private readonly notBound: string[] = [];

  add(service: string, { counts, hasProblems }: Findings): void {
    this.services++;
    for (const name of Object.keys(counts) as (keyof Counts)[]) this.counts[name] += counts[name];
    if (hasProblems) this.withProblems.push(service);
  }

  /** @param path of a binding without a record */
  skip(service: string, path: string): void {
    this.notBound.push(`${service} to ${path}`);
  }

  recordsRemoved(count: number): void {
    this.counts.recordsRemoved += count;
  }

  /** @returns whether everything was looked after */
  tell(log: Log, seconds: number): boolean {
    const { withProblems, notBound } = this;
    if (notBound.length > 0) log('info', `not bound yet, which the provisioner does: ${few(notBound)}`);
    const fields = { services: this.services, ...this.counts, seconds: Number(seconds.toFixed(1)) };
    const bad = withProblems.length > 0;
    const words = bad ? `swept, but not all is looked after of ${few(withProblems)}` : 'swept';
    log(bad ? 'error' : 'info', words, fields);
    return !bad;
  }
}

function few(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
