import { SERVICE_LABEL, WAITING_LABEL } from '../../../contract';
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
  /** By the manager, where it is `waiting`, else by a person. */
  readonly isSuspended?: true;
  /** Of a Job that is suspended until its turn comes. */
  readonly waiting?: AwaitedTurn;
}

export interface AwaitedTurn {
  readonly uid: string;
  /** How many Jobs of the service were to be under way at one time, when this one was made. */
  readonly limit: number;
}

/** @param before as the Job was known, unless it is new; @param now unless it is gone */
export type JobListener = (before: JobRecord | undefined, now: JobRecord | undefined) => void;

/** Where a page of a list ends. */
export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Of the next page; nothing: this was the last. */
  readonly next?: string;
  readonly remaining: number;
}

/** All Jobs of all services, a few words each: fifty thousand take some 10 MiB, or 20 where all wait for their turn. */
export class Jobs {
  private readonly byService = new Map<string, Map<string, JobRecord>>();
  private readonly services = new Map<string, string>();
  /** Lists that were asked for, until something changes in them. */
  private readonly lists = new Map<string, readonly JobRecord[]>();
  private readonly listeners: JobListener[] = [];
  private readonly wholeListeners: (() => void)[] = [];
  private isListed = false;
  private isListing = false;

  /** Whether all Jobs are known: not yet in the first seconds of a manager's life. */
  get complete(): boolean {
    return this.isListed;
  }

  /** Whether what is known of them was true of all at one moment, if not now. It is not while a list comes in. */
  get whole(): boolean {
    return this.isListed && !this.isListing;
  }

  onListing = (): void => {
    this.isListing = true;
  };

  onListed = (): void => {
    this.isListed = true;
    this.isListing = false;
    for (const listener of this.wholeListeners) listener();
  };

  onJob = (name: string, job: JobRecord | undefined): void => {
    const service = this.services.get(name);
    const before = service === undefined ? undefined : this.get(service, name);
    if (service !== undefined && service !== job?.service) this.remove(service, name);
    if (job) this.add(name, job);
    for (const listener of this.listeners) listener(before, job);
  };

  /** Calls at each change of a Job, when it is known here. */
  onChange(listener: JobListener): void {
    this.listeners.push(listener);
  }

  /** Calls when a list has come in. */
  onWhole(listener: () => void): void {
    this.wholeListeners.push(listener);
  }

  private add(name: string, job: JobRecord): void {
    this.services.set(name, job.service);
    this.lists.delete(job.service);
    const jobs = this.byService.get(job.service);
    if (jobs) jobs.set(name, job);
    else this.byService.set(job.service, new Map([[name, job]]));
  }

  get count(): number {
    return this.services.size;
  }

  get(service: string, name: string): JobRecord | undefined {
    return this.byService.get(service)?.get(name);
  }

  /** How many Jobs there are, by service and status. */
  *counts(): Iterable<readonly [service: string, counts: Readonly<Record<JobStatus, number>>]> {
    for (const [service, jobs] of this.byService) {
      const counts = { Pending: 0, Running: 0, Succeeded: 0, Failed: 0 };
      for (const { status } of jobs.values()) counts[status]++;
      yield [service, counts];
    }
  }

  /** How many Jobs of each service wait for their turn, and how many have it. */
  *turns(): Iterable<readonly [service: string, turns: { readonly waiting: number; readonly underWay: number }]> {
    for (const [service, jobs] of this.byService) {
      const turns = { waiting: 0, underWay: 0 };
      for (const job of jobs.values()) {
        if (job.waiting) turns.waiting++;
        else if (isUnderWay(job)) turns.underWay++;
      }
      yield [service, turns];
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
export const newestFirst = (a: JobRecord, b: JobRecord) =>
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
export function jobRecord({ metadata, spec, status = {} }: Job): JobRecord {
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
    ...(spec?.suspend && !complete && !failed ? { isSuspended: true, ...waiting(metadata) } : {}),
  };
}

/** A label that isn't the manager's way of writing it was made by somebody else. */
function waiting({ uid, labels }: Job['metadata']): { waiting?: AwaitedTurn } {
  const limit = labels?.[WAITING_LABEL] ?? '';
  return uid && /^[1-9]\d*$/.test(limit) ? { waiting: { uid, limit: Number(limit) } } : {};
}

/** Whether it is over, well or not. */
export const hasEnded = ({ status }: Pick<JobRecord, 'status'>): boolean =>
  status === 'Succeeded' || status === 'Failed';

/** Whether it takes one of its service's places: it is neither suspended nor over. */
export const isUnderWay = (job: JobRecord): boolean => !job.isSuspended && !hasEnded(job);
