import { SERVICE_LABEL } from '../../../contract';
import { isTrue, Job } from '../kubernetes/objects';

export type JobStatus = 'Pending' | 'Running' | 'Succeeded' | 'Failed';
export const JOB_STATUSES: readonly JobStatus[] = ['Pending', 'Running', 'Succeeded', 'Failed'];

/** What is kept of a Job. Times as Kubernetes writes them: `2026-11-24T11:22:33Z`. */
export interface JobRecord {
  readonly name: string;
  readonly service: string;
  readonly status: JobStatus;
  readonly created: string;
  readonly started?: string;
  readonly finished?: string;
}

/** Where a page of a list ends. */
export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Of the next page; nothing: this was the last. */
  readonly next?: string;
  readonly remaining: number;
}

/** All Jobs of all services, a few words each: fifty thousand take some 10 MiB. */
export class Jobs {
  private readonly byService = new Map<string, Map<string, JobRecord>>();
  private readonly services = new Map<string, string>();
  /** Lists that were asked for, until something changes in them. */
  private readonly lists = new Map<string, readonly JobRecord[]>();
  private isListed = false;

  /** Whether all Jobs are known: not yet in the first seconds of a manager's life. */
  get complete(): boolean {
    return this.isListed;
  }

  onListed = (): void => {
    this.isListed = true;
  };

  onJob = (name: string, job: JobRecord | undefined): void => {
    const before = this.services.get(name);
    if (before !== undefined && before !== job?.service) this.remove(before, name);
    if (!job) return;
    this.services.set(name, job.service);
    this.lists.delete(job.service);
    const jobs = this.byService.get(job.service);
    if (jobs) jobs.set(name, job);
    else this.byService.set(job.service, new Map([[name, job]]));
  };

  get count(): number {
    return this.services.size;
  }

  /** How a Job is; undefined when it isn't known. */
  status(service: string, name: string): JobStatus | undefined {
    return this.byService.get(service)?.get(name)?.status;
  }

  /** How many Jobs there are, by service and status. */
  *counts(): Iterable<readonly [service: string, counts: Readonly<Record<JobStatus, number>>]> {
    for (const [service, jobs] of this.byService) {
      const counts = { Pending: 0, Running: 0, Succeeded: 0, Failed: 0 };
      for (const { status } of jobs.values()) counts[status]++;
      yield [service, counts];
    }
  }

  /**
   * A service's Jobs, newest first.
   * @param after `next` of the page before; whatever came or went meanwhile, no Job is on two pages
   */
  page(service: string, limit: number, after = ''): JobPage {
    const jobs = this.sorted(service);
    const begin = after === '' ? 0 : firstBefore(jobs, after);
    const page = jobs.slice(begin, begin + limit);
    const remaining = jobs.length - begin - page.length;
    return { jobs: page, remaining, ...(remaining > 0 ? { next: placeOf(page.at(-1)!) } : {}) };
  }

  /** The newest of all services. */
  newest(limit: number): JobRecord[] {
    const newest: JobRecord[] = [];
    for (const jobs of this.byService.values()) {
      for (const job of jobs.values()) {
        if (newest.length === limit && newestFirst(job, newest[limit - 1]) > 0) continue;
        newest.push(job);
        newest.sort(newestFirst);
        if (newest.length > limit) newest.pop();
      }
    }
    return newest;
  }

  /** Newest first. Sorting tens of thousands takes a moment: it is done once a change, however often they are asked for. */
  private sorted(service: string): readonly JobRecord[] {
    let sorted = this.lists.get(service);
    if (!sorted) {
      sorted = [...(this.byService.get(service)?.values() ?? [])].sort(newestFirst);
      this.lists.set(service, sorted);
    }
    return sorted;
  }

  private remove(service: string, name: string): void {
    this.services.delete(name);
    this.lists.delete(service);
    const jobs = this.byService.get(service);
    jobs?.delete(name);
    if (jobs?.size === 0) this.byService.delete(service);
  }
}

/** A text by which Jobs are sorted: oldest first, and no two the same. */
const placeOf = ({ created, name }: JobRecord) => `${created} ${name}`;
const newestFirst = (a: JobRecord, b: JobRecord) =>
  a.created === b.created ? (a.name < b.name ? 1 : -1) : a.created < b.created ? 1 : -1;

/** Where those begin, in a list of the newest first, that come after a place. */
function firstBefore(jobs: readonly JobRecord[], place: string): number {
  let [low, high] = [0, jobs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (placeOf(jobs[middle]) < place) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * What a Job tells of itself. It is running while one of its pods is ready, and has started when its controller saw it;
 * it has finished when it is complete or failed for good.
 */
export function jobRecord({ metadata, status = {} }: Job): JobRecord {
  const { startTime, completionTime, ready = 0, conditions } = status;
  const failed = conditions?.find((condition) => condition.type === 'Failed' && condition.status === 'True');
  const complete = isTrue(conditions, 'Complete');
  const finished = complete ? completionTime : failed?.lastTransitionTime;
  return {
    name: metadata.name,
    service: metadata.labels?.[SERVICE_LABEL] ?? '',
    status: complete ? 'Succeeded' : failed ? 'Failed' : ready > 0 ? 'Running' : 'Pending',
    created: metadata.creationTimestamp ?? '',
    ...(startTime ? { started: startTime } : {}),
    ...(finished ? { finished } : {}),
  };
}
