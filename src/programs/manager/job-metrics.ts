import { Counter, Gauge, Registry } from 'prom-client';
import { hasEnded, JOB_STATUSES, JobRecord, Jobs } from './state/jobs';
import type { Services } from './state/services';

const ENDS = JOB_STATUSES.filter((status) => hasEnded({ status }));

/** What every manager tells alike of the Jobs in the cluster, as its watch shows them. */
export class JobMetrics {
  private readonly ended: Counter<'service' | 'status'>;

  /** @param services whose first Job that ends is to be a rise, and not a series that appears */
  constructor(
    private readonly registers: Registry[],
    private readonly jobs: Jobs,
    services: Pick<Services, 'all'>,
  ) {
    this.gauge('oscar_manager_jobs', 'Jobs in the cluster by service and status', ['status'], (gauge) => {
      for (const [service, counts] of jobs.counts()) {
        for (const status of JOB_STATUSES) gauge.set({ service, status }, counts[status]);
      }
    });
    this.gauge('oscar_manager_jobs_waiting', 'Jobs that wait for their turn, by service', [], (gauge) => {
      for (const [service, { waiting }] of jobs.turns()) gauge.set({ service }, waiting);
    });
    this.gauge('oscar_manager_jobs_under_way', 'Jobs neither suspended nor over, by service', [], (gauge) => {
      for (const [service, { underWay }] of jobs.turns()) gauge.set({ service }, underWay);
    });
    this.ended = new Counter({
      name: 'oscar_manager_jobs_ended_total',
      help: 'Jobs that this manager saw end, by service and status; another one that was there saw the same.',
      labelNames: ['service', 'status'],
      registers,
      collect() {
        for (const service of services.all.keys()) for (const status of ENDS) this.inc({ service, status }, 0);
      },
    });
    jobs.onChange((before, now) => this.count(before, now));
  }

  private gauge(name: string, help: string, labels: 'status'[], tell: (gauge: Gauge) => void): void {
    const { registers, jobs } = this;
    new Gauge({
      ...{ name, help: `${help}; every manager tells the same.`, labelNames: ['service', ...labels], registers },
      collect() {
        this.reset();
        // While the first list comes in there are some of them: a rise that is none.
        if (jobs.complete) tell(this);
      },
    });
  }

  /** What had ended before the first list ended then, and not now. One that is new and over ended while nobody looked. */
  private count(before: JobRecord | undefined, now: JobRecord | undefined): void {
    if (!now || !hasEnded(now)) return;
    const isSeen = before ? !hasEnded(before) : this.jobs.complete;
    if (isSeen) this.ended.inc({ service: now.service, status: now.status });
  }
}
