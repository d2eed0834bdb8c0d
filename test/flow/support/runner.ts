import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api, ApiObject, Change } from './api';
import { NotYet, Pod, Pods } from './pods';
import type { PodSpec } from './pod-spec';
import { Executed, EXECUTED_FILE, RunnerSettings } from './runner-settings';

interface Job extends ApiObject {
  readonly spec: {
    readonly backoffLimit: number;
    readonly activeDeadlineSeconds?: number;
    readonly ttlSecondsAfterFinished?: number;
    readonly template: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: PodSpec };
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly lastTransitionTime: string }[];
    readonly failed?: number;
    readonly startTime?: string;
  };
}

/** Before a Job's second try; twice as long before each other one, as Kubernetes has it. */
const BACKOFF_MS = 10_000;
const NOT_YET_MS = 200;
const RECONNECT_MS = 200;

/** Runs Jobs as processes, and tells the API what became of them: job controller, scheduler and kubelet in one. */
class Runner {
  private readonly api: Api;
  private readonly pods: Pods;
  /** Those that are known, by uid: what ends each. */
  private readonly known = new Map<string, AbortController>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly settings: RunnerSettings) {
    this.api = new Api(settings.api);
    this.pods = new Pods(settings.node, this.api.read);
  }

  async run(): Promise<void> {
    const { platform, services } = this.settings.namespaces;
    await Promise.all([platform, services].map((namespace) => this.followAlways(namespace)));
  }

  private async followAlways(namespace: string): Promise<never> {
    for (;;) {
      await this.api
        .follow<Job>(`/apis/batch/v1/namespaces/${namespace}/jobs`, (change) => this.take(change))
        .catch((error: Error) => say(`watch of ${namespace}: ${error.message}`));
      await sleep(RECONNECT_MS);
    }
  }

  private take({ type, object: job }: Change<Job>): void {
    const { uid, name } = job.metadata;
    const known = this.known.get(uid);
    if (type === 'DELETED') return void known?.abort();
    if (known) return;
    const ending = new AbortController();
    this.known.set(uid, ending);
    this.record({ job: name, event: 'seen' });
    void this.whole(job, ending.signal)
      .catch((error: Error) => say(`${name}: ${error.message}`))
      .finally(() => ending.signal.aborted && this.known.delete(uid));
  }

  private async whole(job: Job, signal: AbortSignal): Promise<void> {
    const finished = job.status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed');
    const at = finished ? Date.parse(finished.lastTransitionTime) : await this.toEnd(job, signal);
    const { ttlSecondsAfterFinished: ttl } = job.spec;
    if (ttl === undefined || signal.aborted) return;
    await sleep(Math.max(0, at + ttl * 1000 - Date.now()), undefined, { signal });
    await this.untilDone(job, () => this.api.call('DELETE', `${pathOf(job)}?propagationPolicy=Background`));
  }

  /** Tries until it succeeds, or is tried often enough. @returns when that was */
  private async toEnd(job: Job, signal: AbortSignal): Promise<number> {
    const { backoffLimit, activeDeadlineSeconds } = job.spec;
    const deadline = activeDeadlineSeconds && AbortSignal.timeout(activeDeadlineSeconds * 1000);
    const either = deadline ? AbortSignal.any([signal, deadline]) : signal;
    for (let failed = job.status?.failed ?? 0; ;) {
      const code = await this.inTurn(job, () => this.once(job, failed, either));
      if (signal.aborted) return Date.now();
      if (code === 0) return this.tell(job, finished('Complete', 'CompletionsReached', { succeeded: 1, failed }));
      failed++;
      if (deadline && deadline.aborted) return this.tell(job, finished('Failed', 'DeadlineExceeded', { failed }));
      if (failed > backoffLimit) return this.tell(job, finished('Failed', 'BackoffLimitExceeded', { failed }));
      await this.tell(job, { active: 1, ready: 0, failed });
      await sleep(BACKOFF_MS * 2 ** (failed - 1));
    }
  }

  private async once(job: Job, failed: number, signal: AbortSignal): Promise<number> {
    const { name } = job.metadata;
    const pod = await this.prepared(job, signal);
    if (!pod) return -1;
    const child = await pod.start();
    this.record({ job: name, event: 'started' });
    const ended = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? -1)));
    const end = () => child.kill('SIGKILL');
    signal.addEventListener('abort', end);
    const { activeDeadlineSeconds: seconds } = job.spec.template.spec;
    const late = seconds === undefined ? undefined : setTimeout(end, seconds * 1000);
    const startTime = job.status?.startTime ?? now();
    const [code] = await Promise.all([ended, this.tell(job, { active: 1, ready: 1, failed, startTime })]);
    signal.removeEventListener('abort', end);
    clearTimeout(late);
    this.record({ job: name, event: 'ended', code });
    pod.remove();
    return code;
  }

  /** @returns undefined when it was ended before */
  private async prepared({ metadata, spec: { template } }: Job, signal: AbortSignal): Promise<Pod | undefined> {
    const { name, namespace } = metadata;
    const identity = { name, namespace, labels: template.metadata.labels, spec: template.spec };
    while (!signal.aborted) {
      try {
        return await this.pods.prepare(identity);
      } catch (error) {
        // As a kubelet does, whatever it is: a connection that broke, an init container that failed.
        if (!(error instanceof NotYet)) say(`${name}: ${(error as Error).message}`);
        await sleep(NOT_YET_MS);
      }
    }
    return undefined;
  }

  /** The platform's own Jobs wait for nobody. */
  private async inTurn<T>(job: Job, work: () => Promise<T>): Promise<T> {
    if (job.metadata.namespace === this.settings.namespaces.platform) return work();
    if (this.running >= this.settings.parallel) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await work();
    } finally {
      // A place is handed on, so that nobody comes between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  private async tell(job: Job, status: object): Promise<number> {
    await this.untilDone(job, () => this.api.call('PATCH', `${pathOf(job)}/status`, { status }));
    return Date.now();
  }

  /** Again until the API answers: of a Job that is gone, too, nobody wants to know. */
  private async untilDone(job: Job, call: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await call();
        return;
      } catch (error) {
        say(`${job.metadata.name}: ${(error as Error).message}`);
        await sleep(RECONNECT_MS);
      }
    }
  }

  private record(what: Omit<Executed, 'at'>): void {
    appendFileSync(join(this.settings.node.folder, EXECUTED_FILE), `${JSON.stringify({ ...what, at: Date.now() })}\n`);
  }
}

const pathOf = ({ metadata: { namespace, name } }: Job) => `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`;
const now = () => `${new Date().toISOString().slice(0, 19)}Z`;
const say = (text: string) => process.stdout.write(`${text}\n`);

function finished(type: 'Complete' | 'Failed', reason: string, counts: object) {
  const time = now();
  const before = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const conditions = [before, type].map((condition) => ({
    ...{ type: condition, status: 'True', reason, message: '', lastProbeTime: time, lastTransitionTime: time },
  }));
  return { ...counts, conditions, active: 0, ready: 0, ...(type === 'Complete' ? { completionTime: time } : {}) };
}

void new Runner(JSON.parse(readFileSync(process.argv[2], 'utf8')) as RunnerSettings).run();
