import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '../../common/back-off';
import type { Log } from '../../common/log';
import type { JobRecord, Jobs } from '../state/jobs';
import type { Services } from '../state/services';
import { Line, WaitingJob } from './line';
import type { JobSubmitter } from './submit';

export interface TurnsOptions {
  readonly services: Pick<Services, 'all' | 'complete' | 'onChange'>;
  readonly jobs: Pick<Jobs, 'whole' | 'onChange' | 'onWhole'>;
  readonly submitter: Pick<JobSubmitter, 'release'>;
  readonly log: Log;
}

/** Of the calls that may be made at a time; the others are for new Jobs. */
const AT_ONCE = 16;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/**
 * Lets Jobs of services with a limit (`job.concurrency`) go on when their turn comes: whenever fewer than so many of a
 * service's Jobs are neither suspended nor over, its oldest ones that wait.
 *
 * Managers don't speak with each other. Each sees the same changes in the same order, chooses after each of them, by an
 * order that all share, and never takes back what it chose: so all choose the same Jobs, however far behind one of them
 * is, and who is told twice to go on goes on once. What is known of the Jobs may be old, but must have been true of all
 * of them at one moment: nothing is chosen while a list comes in.
 */
export class Turns {
  /** By service. */
  private readonly lines = new Map<string, Line>();
  /** Chosen, and to be told. */
  private readonly called: WaitingJob[] = [];
  private telling = 0;
  private readonly ended = new AbortController();

  constructor(private readonly options: TurnsOptions) {
    const { services, jobs } = options;
    jobs.onChange((before, now) => this.changed(before, now));
    jobs.onWhole(() => this.lookAtAll());
    services.onChange((name) => (name === undefined ? this.lookAtAll() : this.look(name)));
  }

  stop(): void {
    this.ended.abort();
  }

  private changed(before: JobRecord | undefined, now: JobRecord | undefined): void {
    // Its place in the line, and that it was called, stay.
    if (before?.waiting && before.waiting.uid === now?.waiting?.uid && before.service === now.service) return;
    if (before) this.lines.get(before.service)?.remove(before);
    if (now) this.line(now.service).add(now);
    for (const service of new Set([before?.service, now?.service])) if (service !== undefined) this.look(service);
  }

  private line(service: string): Line {
    let line = this.lines.get(service);
    if (!line) this.lines.set(service, (line = new Line()));
    return line;
  }

  private lookAtAll(): void {
    for (const service of this.lines.keys()) this.look(service);
  }

  private look(service: string): void {
    const { services, jobs } = this.options;
    const line = this.lines.get(service);
    if (this.ended.signal.aborted) return;
    if (!line || !services.complete || !jobs.whole) return;
    if (line.isEmpty) {
      this.lines.delete(service);
      return;
    }
    const definition = services.all.get(service);
    // Without its definition a Job can't run: of a service that is gone, no more of them shall try than before.
    const limit = definition && (definition.job.concurrency ?? Infinity);
    for (let job = line.call(limit); job; job = line.call(limit)) this.called.push(job);
    while (this.called.length > 0 && this.telling < AT_ONCE) void this.tell();
  }

  /** Tells those who were called, one after the other. Whom it can't tell comes again, behind the others. */
  private async tell(): Promise<void> {
    const { signal } = this.ended;
    this.telling++;
    for (let failures = 0; this.called.length > 0 && !signal.aborted;) {
      const job = this.called.shift()!;
      // Another manager told it, or it was deleted.
      if (!this.lines.get(job.service)?.isWaiting(job)) continue;
      if (await this.release(job)) {
        failures = 0;
        continue;
      }
      await sleep(backOffMs(++failures, FIRST_WAIT_MS, LONGEST_WAIT_MS), undefined, { signal }).catch(() => {});
      this.called.push(job);
    }
    this.telling--;
  }

  /** @returns whether there is nothing more to tell it */
  private async release(job: WaitingJob): Promise<boolean> {
    const { submitter, log } = this.options;
    const about = { service: job.service, job: job.name };
    const { signal } = this.ended;
    try {
      const outcome = await submitter.release(job.name, job.waiting.uid, signal);
      if (outcome === 'released') log('info', 'job goes on', about);
      return true;
    } catch (error) {
      if (!signal.aborted) log('warning', "job can't go on", { ...about, reason: (error as Error).message });
      return false;
    }
  }
}
