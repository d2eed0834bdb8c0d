import { jobName, SweptObject } from '../../../contract';
import { ProgramError } from '../../common/fail';
import type { ListedObject } from '../store/objects';
import { StoreAway } from '../store/store';
import { BindingRecords, Bound } from './binding-records';
import { BoundPath } from './bound-paths';
import { Completion, CompletionRecords } from './completion-records';
import { Findings } from './findings';
import { JobSet } from './job-set';
import { Objects } from './objects';
import { explained } from './refusal';
import { EVENT_MS, Rules } from './rules';
import { Submitter } from './submit';

/**
 * A binding's record stays so far behind the sweep: an upload may show with a time from before it (one that was under way,
 * a store's node whose clock is behind), and an event or a Job that is looked after now may still be lost.
 */
export const MARGIN_MS = 60 * 60_000;
/** How far clocks may differ, of the store's nodes and of this program: S3 refuses requests that are further off. */
export const CLOCKS_MS = 15 * 60_000;
/**
 * What records said this long ago may have changed: whose record was missing then may be done, and its record removed. No
 * record of less than the two times above is, and the next sweep goes on.
 */
const LONGEST_MS = MARGIN_MS;
/** Objects that are asked for at the same time: the manager has events to take meanwhile. */
const AT_ONCE = 8;

export interface SweepTools {
  readonly objects: Objects;
  readonly bindings: BindingRecords;
  readonly records: CompletionRecords;
  readonly submitter: Submitter;
  readonly rules: Pick<Rules, 'writeAgain'>;
  /** In ms since 1970. */
  readonly now: () => number;
}

/** One of a service's folders, and since when it is bound to it. */
interface BoundSince {
  readonly path: BoundPath;
  readonly bound: Bound;
}

/**
 * Goes through one service's folders.
 *
 * The order makes it right, whatever happens meanwhile and however many sweeps run. Completion records are listed before
 * uploads, so an upload whose record is missing had none a moment ago. A binding's record is moved on before anybody
 * removes completion records by it; so who finds a completion record missing, and reads the binding's record after that,
 * knows that the upload is not one of those whose records were removed.
 */
export class ServiceSweep {
  readonly findings = new Findings();
  /** Folders that it is not bound to (yet). */
  readonly notBound: BoundPath[] = [];
  /** The store did not refuse: it did not answer. */
  storeIsAway = false;

  constructor(
    private readonly service: string,
    private readonly paths: readonly BoundPath[],
    private readonly tools: SweepTools,
  ) {}

  /** What can't be looked at is a problem among the findings. @throws what is nobody's fault but the program's */
  async run(): Promise<void> {
    const { records } = this.tools;
    const bound = await this.readBindings();
    if (bound.length === 0) return;
    // Of a folder that can't be judged nobody knows which records it needs.
    const oldest = this.findings.hasProblems ? -Infinity : Math.min(...bound.map(({ bound: { since } }) => since));
    const until = this.tools.now() + LONGEST_MS;
    await this.guarded(async () => {
      const { jobs, removed } = await records.load(this.service, oldest - 2 * CLOCKS_MS);
      this.findings.counts.recordsRemoved += removed;
      for (const one of bound) await this.guarded(() => this.sweepPath(one, jobs, until));
    });
  }

  private async readBindings(): Promise<BoundSince[]> {
    const found: BoundSince[] = [];
    for (const path of this.paths) {
      await this.guarded(async () => {
        const bound = await this.tools.bindings.read(path);
        if (bound) found.push({ path, bound });
        else this.notBound.push(path);
      });
    }
    return found;
  }

  private async sweepPath({ path, bound }: BoundSince, jobs: JobSet, until: number): Promise<void> {
    const began = this.tools.now();
    const pass = new Pass(path, bound, { jobs, until }, this.tools, this.findings);
    for await (const page of this.tools.objects.pages(path.bucket, path.folder)) await pass.take(page);
    if (pass.isUntold) await this.guarded(() => this.tools.rules.writeAgain(path.bucket));
    // Only here: the list was whole.
    if (!pass.isUnbound) await this.tools.bindings.moveOn(path, bound, Math.min(began - MARGIN_MS, pass.oldestOpen));
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      this.findings.problem(explained(error));
      this.storeIsAway = error instanceof StoreAway;
    }
  }
}

/** What the list of records said. */
interface Recorded {
  readonly jobs: JobSet;
  /** It holds until then, in ms since 1970. */
  readonly until: number;
}

/** One way through a folder. */
class Pass {
  /** Time of the oldest upload that is not done with. */
  oldestOpen = Infinity;
  /** The binding's record was removed, or made anew, meanwhile. */
  isUnbound = false;
  /** Of an upload no event has told. */
  isUntold = false;
  private current?: Promise<Bound | undefined>;

  constructor(
    private readonly path: BoundPath,
    private readonly bound: Bound,
    private readonly recorded: Recorded,
    private readonly tools: SweepTools,
    private readonly findings: Findings,
  ) {}

  async take(page: readonly ListedObject[]): Promise<void> {
    const open = page.filter((object) => this.isOpen(object));
    let next = 0;
    const work = async () => {
      while (next < open.length && !this.isUnbound) await this.lookAfter(open[next++]);
    };
    // Each to its end, also where one fails: nothing goes on behind the sweep's back.
    const ends = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, open.length) }, work));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** The service wants it, and no record says that it is done with. */
  private isOpen(object: ListedObject): boolean {
    const time = timeOf(object, this.path);
    if (time < this.bound.since || !this.path.wants(object.key)) return false;
    this.findings.count('uploads');
    return !this.recorded.jobs.has(this.jobOf(object.key, time));
  }

  private async lookAfter(object: ListedObject): Promise<void> {
    const { submitter, records } = this.tools;
    const { service, bucket } = this.path;
    const { key, size, etag } = object;
    const time = timeOf(object, this.path);
    if (this.tools.now() > this.recorded.until) throw new ProgramError(TOO_LONG);
    // After the list of records: see ServiceSweep.
    const current = await (this.current ??= this.tools.bindings.read(this.path));
    if (!current) return void (this.isUnbound = true);
    if (time < current.since) return;
    const job = this.jobOf(key, time);
    const swept: SweptObject = { service, bucket, key, lastModified: new Date(time).toISOString(), size, etag };
    const submission = await submitter.submit(swept, job, () => records.has(service, job));
    if (submission.kind === 'recorded') return;
    const at = `${bucket}/${key}`;
    if (submission.kind === 'left') {
      this.findings.count('left', at);
      this.findings.problem(submission.reason);
      this.stillOpen(time);
      return;
    }
    switch (submission.status) {
      case 'Stored':
        this.findings.count('stored', at);
        this.isUntold ||= time < this.tools.now() - EVENT_MS;
        return this.stillOpen(time);
      case 'Pending':
      case 'Running':
        this.findings.count('underWay');
        return this.stillOpen(time);
      case 'Succeeded':
      case 'Failed':
        return this.close(job, submission.status === 'Succeeded' ? 'done' : 'failed', at);
      case 'Unbound':
        // The manager may not know the service yet, or have lost it for as long as its definition is broken.
        this.findings.count('unbound', at);
        return this.stillOpen(time);
      case 'Refused':
        // A webhook or a policy that refuses it today may take it tomorrow.
        this.findings.count('refused', at);
        return this.stillOpen(time);
      case 'NoFile':
        return this.findings.count('noFile', at);
    }
  }

  private async close(job: string, completion: Completion, at: string): Promise<void> {
    await this.tools.records.write(this.path.service, job, completion);
    this.findings.count(completion, at);
  }

  private stillOpen(time: number): void {
    this.oldestOpen = Math.min(this.oldestOpen, time);
  }

  private jobOf(key: string, time: number): string {
    const { service, bucket } = this.path;
    return jobName(service, { bucket, key, modified: time });
  }
}

const TOO_LONG = `its uploads could not be asked for within ${LONGEST_MS / 60_000} minutes: the next sweep goes on`;

function timeOf({ key, lastModified }: ListedObject, { bucket }: BoundPath): number {
  const time = Date.parse(lastModified);
  if (time >= 0) return time;
  throw new ProgramError(
    `${JSON.stringify(`${bucket}/${key}`)}: the store's list tells no time of it: ${lastModified}`,
  );
}
