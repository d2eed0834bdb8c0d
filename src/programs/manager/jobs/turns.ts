import type { Log } from '../../common/log';
import type { JobRecord, Jobs } from '../state/jobs';
import type { Services } from '../state/services';
import { Line } from './line';
import { Releases, ReleasesOptions } from './releases';
import type { JobSubmitter } from './submit';

export interface TurnsOptions {
  readonly services: Pick<Services, 'all' | 'complete' | 'onChange'>;
  readonly jobs: Pick<Jobs, 'whole' | 'onChange' | 'onWhole'>;
  readonly submitter: Pick<JobSubmitter, 'release'>;
  readonly log: Log;
}

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
  private readonly releases: Releases;
  private isEnded = false;

  constructor(private readonly options: TurnsOptions) {
    const { services, jobs, submitter, log } = options;
    const isWaiting: ReleasesOptions['isWaiting'] = (job) => this.lines.get(job.service)?.isWaiting(job) ?? false;
    this.releases = new Releases({ submitter, isWaiting, log });
    jobs.onChange((before, now) => this.changed(before, now));
    jobs.onWhole(() => this.lookAtAll());
    services.onChange((name) => (name === undefined ? this.lookAtAll() : this.look(name)));
  }

  stop(): void {
    this.isEnded = true;
    this.releases.stop();
  }

  private changed(before: JobRecord | undefined, now: JobRecord | undefined): void {
    // Its place in the line, and that it was chosen, stay.
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
    if (this.isEnded || !line || !services.complete || !jobs.whole) return;
    if (line.isEmpty) {
      this.lines.delete(service);
      return;
    }
    const definition = services.all.get(service);
    // Without its definition a Job can't run: of a service that is gone, no more of them shall try than before.
    const limit = definition && (definition.job.concurrency ?? Infinity);
    for (let job = line.choose(limit); job; job = line.choose(limit)) this.releases.add(job);
  }
}
