import { IDLE_METRIC, INVOCATIONS_METRIC } from '../../../contract';
import type { FailureKind } from '../failure';
import type { Step } from '../invocation';

/** What a warm pod tells Prometheus. Names and units: https://prometheus.io/docs/practices/naming. */
export interface Metrics {
  /** Of `text`: Prometheus' own format. */
  readonly contentType: string;
  text(): Promise<string>;
  succeeded(): void;
  failed(kind: FailureKind): void;
  refused(): void;
  step(step: Step, seconds: number, bytes: number): void;
  /** Files that a reply held. */
  replied(bytes: number): void;
  /** An invocation gave its place back, whatever came of it. */
  left(): void;
}

/** What runs and waits at this moment. */
export interface Load {
  readonly running: number;
  readonly waiting: number;
}

const FAILURE_KINDS: readonly FailureKind[] = ['input', 'configuration', 'storage', 'script', 'cancelled', 'internal'];
/** From a file that is copied in a moment to a day of computing. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400];
/** The default measures the event loop a hundred times a second, which an idle pod would pay for. */
const LOOP_MEASURED_EVERY_MS = 1000;

/**
 * @param service the value of the label `service`
 * @param load is asked when Prometheus asks
 */
export async function createMetrics(service: string, load: Load): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const register = new Registry();
  const registers = [register];
  register.setDefaultLabels({ service });
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LOOP_MEASURED_EVERY_MS });

  const invocations = new Counter({
    name: INVOCATIONS_METRIC,
    help: 'Invocations by outcome: succeeded, failed (and whose fault it is), refused (too many wait, or the pod ends).',
    labelNames: ['outcome', 'kind'],
    registers,
  });
  // From the start, so that the first failure is a rise, and not a series that appears.
  for (const outcome of ['succeeded', 'refused']) invocations.inc({ outcome, kind: '' }, 0);
  for (const kind of FAILURE_KINDS) invocations.inc({ outcome: 'failed', kind }, 0);
  const gauge = (name: keyof Load, help: string) =>
    new Gauge({
      name: `oscar_supervisor_${name}_invocations`,
      help,
      registers,
      collect() {
        this.set(load[name]);
      },
    });
  gauge('running', 'Invocations that run now.');
  gauge('waiting', 'Invocations that wait for their turn now.');
  let idleSince = performance.now();
  new Gauge({
    name: IDLE_METRIC,
    help: 'Seconds since the last invocation ended, or since the start; 0 while one runs or waits.',
    registers,
    collect() {
      const isIdle = load.running + load.waiting === 0;
      this.set(isIdle ? (performance.now() - idleSince) / 1000 : 0);
    },
  });
  const steps = new Histogram({
    name: 'oscar_supervisor_step_duration_seconds',
    help: 'How long the steps that ended well took.',
    labelNames: ['step'],
    buckets: SECONDS,
    registers,
  });
  const bytes = (name: string, help: string) =>
    new Counter({ name: `oscar_supervisor_${name}_bytes_total`, help, registers });
  const staged: Partial<Record<Step, { inc(by: number): void }>> = {
    stage_in: bytes('input', 'Bytes of the files that scripts were given.'),
    stage_out: bytes('output', 'Bytes of the files that were uploaded.'),
  };
  const replies = bytes('reply', 'Bytes of the files that replies held, before base64 and compression.');

  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    succeeded: () => invocations.inc({ outcome: 'succeeded', kind: '' }),
    failed: (kind) => invocations.inc({ outcome: 'failed', kind }),
    refused: () => invocations.inc({ outcome: 'refused', kind: '' }),
    step(step, seconds, moved) {
      steps.observe({ step }, seconds);
      staged[step]?.inc(moved);
    },
    replied: (moved) => replies.inc(moved),
    left: () => (idleSince = performance.now()),
  };
}
