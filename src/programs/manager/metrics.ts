import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SweptAnswer } from '../../contract';
import { JobMetrics } from './job-metrics';
import type { Jobs } from './state/jobs';
import type { Services } from './state/services';

/**
 * What became of a record of an event. `stored`: a Job was made; `repeated`: it was there already; `filtered`: no
 * service's filter wants it; `ignored`: it is no upload of a file; `dead`: dead-lettered; `postponed`: answered by a
 * 503, so that it comes again.
 */
export const EVENT_OUTCOMES = ['stored', 'repeated', 'filtered', 'ignored', 'dead', 'postponed'] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** `receive`: until an event is read; `store`: until its Jobs are stored; `cold_start`: of a service's first pod; `run`: of a call. */
export type Step = 'receive' | 'store' | 'cold_start' | 'run';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** How long events waited in the store's queue: from a moment to a weekend. */
const AGES = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400, 259_200];
/** Of a service that is called, as an alert counts them. */
const FAILED_CALLS = [500, 502, 503, 504];

/** What the manager tells Prometheus. Names and units: https://prometheus.io/docs/practices/naming. */
export class Metrics {
  private readonly register = new Registry();
  private readonly registers = [this.register];
  private readonly events = new Counter({
    name: 'oscar_manager_events_total',
    help: 'Records of bucket events by outcome.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  private readonly eventAge = new Histogram({
    name: 'oscar_manager_event_age_seconds',
    help: "From an upload to the receipt of its event: how long it waited in the store's queue.",
    buckets: AGES,
    registers: this.registers,
  });
  private readonly lastAge = new Gauge({
    name: 'oscar_manager_last_event_age_seconds',
    help: "Age of the latest event at its receipt: that of the head of the store's queue.",
    registers: this.registers,
  });
  private readonly sweptObjects = new Counter({
    name: 'oscar_manager_swept_total',
    help: 'Objects that the sweep asked for, by what became of them: Stored is an upload whose event was lost.',
    labelNames: ['status'],
    registers: this.registers,
  });
  private readonly jobsStored = new Counter({
    name: 'oscar_manager_jobs_stored_total',
    help: 'Jobs that this manager made, by service.',
    labelNames: ['service'],
    registers: this.registers,
  });
  private readonly steps = new Histogram({
    name: 'oscar_manager_step_duration_seconds',
    help: 'How long the steps that ended well took.',
    labelNames: ['step'],
    buckets: SECONDS,
    registers: this.registers,
  });
  private readonly requests = new Counter({
    name: 'oscar_manager_requests_total',
    help: 'HTTP requests by route and status.',
    labelNames: ['route', 'status'],
    registers: this.registers,
  });
  private readonly refusedLogins = new Counter({
    name: 'oscar_manager_refused_logins_total',
    help: 'Requests with a wrong login or token, by what they wanted to be.',
    labelNames: ['as'],
    registers: this.registers,
  });

  constructor(jobs: Jobs, services: Pick<Services, 'all'>) {
    collectDefaultMetrics({ register: this.register, eventLoopMonitoringPrecision: 1000 });
    // From the start, so that the first one is a rise, and not a series that appears.
    for (const outcome of EVENT_OUTCOMES) this.events.inc({ outcome }, 0);
    for (const status of ['Stored', 'Refused']) this.sweptObjects.inc({ status }, 0);
    for (const status of FAILED_CALLS) this.requests.inc({ route: '/run/:service', status }, 0);
    new JobMetrics(this.registers, jobs, services);
  }

  get contentType(): string {
    return this.register.contentType;
  }

  text(): Promise<string> {
    return this.register.metrics();
  }

  event(outcome: EventOutcome): void {
    this.events.inc({ outcome });
  }

  /** @param seconds from the upload to now */
  eventAged(seconds: number): void {
    this.eventAge.observe(seconds);
    this.lastAge.set(seconds);
  }

  swept(status: SweptAnswer['status']): void {
    this.sweptObjects.inc({ status });
  }

  jobStored(service: string): void {
    this.jobsStored.inc({ service });
  }

  step(step: Step, seconds: number): void {
    this.steps.observe({ step }, seconds);
  }

  /** @param route its path as it is declared, e.g. `/run/:service` */
  request(route: string, status: number): void {
    this.requests.inc({ route, status });
  }

  refusedLogin(as: 'admin' | 'service' | 'webhook' | 'metrics'): void {
    this.refusedLogins.inc({ as });
  }
}
