import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from '../../common/back-off';
import type { Log } from '../../common/log';
import type { WaitingJob } from './line';
import type { JobSubmitter } from './submit';

export interface ReleasesOptions {
  readonly submitter: Pick<JobSubmitter, 'release'>;
  /** False once it goes on, whoever let it, or is gone. */
  readonly isWaiting: (job: WaitingJob) => boolean;
  readonly log: Log;
}

/** A Job that is to go on. */
interface Release {
  readonly job: WaitingJob;
  /** Tries that failed. */
  readonly failures: number;
}

interface ServiceReleases {
  /** The next is the first. */
  readonly next: Set<Release>;
  /** Those that are tried, or pause after a try. */
  busy: number;
}

/** Of the calls that may be made at a time; the others are for new Jobs. */
const AT_ONCE = 16;
/** Where a service's calls are refused, or hang, there is room for the others' beside them. */
const OF_A_SERVICE = 8;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/**
 * Lets Jobs go on that were chosen, and tries again until it is done. Services have their calls in turn, and whoever is
 * refused pauses alone: what a policy has against one service's Jobs keeps nobody else's waiting.
 */
export class Releases {
  private readonly services = new Map<string, ServiceReleases>();
  private running = 0;
  private readonly ended = new AbortController();

  constructor(private readonly options: ReleasesOptions) {
    // Each that pauses or is on its way listens.
    setMaxListeners(0, this.ended.signal);
  }

  add(job: WaitingJob): void {
    const own = this.services.get(job.service) ?? { next: new Set(), busy: 0 };
    this.services.set(job.service, own);
    own.next.add({ job, failures: 0 });
    this.begin();
  }

  stop(): void {
    this.ended.abort();
  }

  /** As many as may. A service that has begun one comes again behind the others. */
  private begin(): void {
    if (this.ended.signal.aborted) return;
    for (const [service, own] of this.services) {
      if (this.running === AT_ONCE) return;
      const release = own.busy < OF_A_SERVICE ? this.take(own) : undefined;
      if (release || own.busy === 0) this.services.delete(service);
      if (!release) continue;
      this.services.set(service, own);
      void this.try(own, release);
    }
  }

  private take({ next }: ServiceReleases): Release | undefined {
    for (const release of next) {
      next.delete(release);
      // Another manager let it go on, or it was deleted.
      if (this.options.isWaiting(release.job)) return release;
    }
    return undefined;
  }

  /** Who can't go on comes again after a pause, behind the service's others. */
  private async try(own: ServiceReleases, { job, failures }: Release): Promise<void> {
    own.busy++;
    this.running++;
    const isDone = await this.release(job);
    this.running--;
    if (!isDone) {
      this.begin();
      const { signal } = this.ended;
      await sleep(backOffMs(failures + 1, FIRST_WAIT_MS, LONGEST_WAIT_MS), undefined, { signal }).catch(() => {});
      own.next.add({ job, failures: failures + 1 });
    }
    own.busy--;
    this.begin();
  }

  /** @returns whether there is nothing more to do for it */
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
