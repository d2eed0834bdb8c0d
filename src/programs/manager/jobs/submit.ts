import { setTimeout as sleep } from 'node:timers/promises';
import { WAITING_LABEL } from '../../../contract';
import type { Queue } from '../../common/queue';
import {
  Answer,
  Call,
  KubernetesApi,
  KubernetesUnreachable,
  MERGE_PATCH,
  METADATA_ONLY,
  reasonOf,
} from '../kubernetes/api';

/** Kubernetes can't take a Job now, and may later. */
export class Postponed extends Error {
  override readonly name = 'Postponed';

  constructor(
    message: string,
    readonly retryAfterSeconds: number,
    /** Somebody has to put it right: a quota, a policy, a missing right. */
    readonly isRefusal = false,
  ) {
    super(message);
  }
}

/** Kubernetes says no to this Job: to what it is, and not to its coming now. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused';
}

/** A server that is busy for a moment is asked again, by us and not by everybody who waits. */
const ATTEMPTS = 4;
/** A server that took so long for nothing hangs: the caller is told so, instead of waiting as long three times more. */
const TRYING_MS = 5_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

/**
 * Stores Jobs, and lets those go on that wait for their turn. So many calls run at a time, the rest wait in order, and a
 * `429` of the server holds all of them for as long as it says: whatever arrives, the server is asked no faster than it
 * answers.
 */
export class JobSubmitter {
  private pausedUntil = 0;

  constructor(
    private readonly api: KubernetesApi,
    private readonly namespace: string,
    private readonly queue: Queue,
  ) {}

  /**
   * @param job made by `stampJob`
   * @returns whether it is new: «already there» is as good, as a name belongs to one event only
   * @throws Postponed, JobRefused
   */
  async submit(job: object, signal: AbortSignal): Promise<'stored' | 'repeated'> {
    return this.inTurn(signal, () => this.store(job, signal));
  }

  /**
   * Lets a Job go on that was suspended until its turn came, by one call.
   * @param uid another Job of this name stays as it is
   * @throws Postponed
   */
  async release(name: string, uid: string, signal: AbortSignal): Promise<'released' | 'gone'> {
    const body = { metadata: { uid, labels: { [WAITING_LABEL]: null } }, spec: { suspend: false } };
    const answer = await this.inTurn(signal, async () => {
      await this.pause();
      return this.call('PATCH', `/${name}`, { body, contentType: MERGE_PATCH });
    });
    if (typeof answer === 'string') throw new Postponed(answer, RETRY_AFTER_SECONDS);
    if (answer.status === 200) return 'released';
    if (answer.status === 404) return 'gone';
    throw new Postponed(`Kubernetes can't let the Job go on now: ${reasonOf(answer)}`, RETRY_AFTER_SECONDS);
  }

  private async inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const ticket = this.queue.enter(signal);
    if (!ticket) throw new Postponed('too many Jobs wait to be stored', this.queue.retryAfterSeconds());
    try {
      if (!(await ticket.turn)) throw new Postponed('the client went away', RETRY_AFTER_SECONDS);
      return await work();
    } finally {
      ticket.leave();
    }
  }

  private async store(job: object, signal: AbortSignal): Promise<'stored' | 'repeated'> {
    const until = performance.now() + TRYING_MS;
    for (let attempt = 1; ; attempt++) {
      await this.pause();
      const answer = await this.call('POST', '', { body: job });
      if (typeof answer !== 'string') {
        if (answer.status === 201) return 'stored';
        if (answer.status === 409 && isThere(answer)) return 'repeated';
        if (isFinal(answer)) throw new JobRefused(`Kubernetes refuses the Job: ${reasonOf(answer)}`);
      }
      const reason = typeof answer === 'string' ? answer : `Kubernetes can't store the Job now: ${reasonOf(answer)}`;
      const isLast = attempt === ATTEMPTS || performance.now() > until;
      const isRefusal = typeof answer !== 'string' && answer.status === 403;
      if (isLast || signal.aborted) throw new Postponed(reason, RETRY_AFTER_SECONDS, isRefusal);
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
    }
  }

  /** @returns a text when there was no answer: whether it was done is unknown, and the next try tells */
  private async call(method: 'POST' | 'PATCH', path: string, call: Call): Promise<Answer | string> {
    const jobs = `/apis/batch/v1/namespaces/${this.namespace}/jobs`;
    try {
      const answer = await this.api.call(method, jobs + path, { ...call, accept: METADATA_ONLY });
      if (answer.status === 429) this.pauseAll(answer.retryAfterSeconds ?? 1);
      return answer;
    } catch (error) {
      if (error instanceof KubernetesUnreachable) return error.message;
      throw error;
    }
  }

  private async pause(): Promise<void> {
    for (let ms = this.waitMs; ms > 0; ms = this.waitMs) await sleep(ms);
  }

  private get waitMs(): number {
    return this.pausedUntil - performance.now();
  }

  private pauseAll(seconds: number): void {
    const until = performance.now() + Math.min(seconds * 1000, LONGEST_WAIT_MS);
    this.pausedUntil = Math.max(this.pausedUntil, until);
  }
}

/** A conflict for another reason may pass. */
const isThere = ({ body }: Answer) => (body as { reason?: unknown } | null)?.reason === 'AlreadyExists';

/**
 * A Job that is wrong as it stands: 400, 413, 422. Nobody waits for a better one here, as others wait behind it; but a
 * webhook or a policy that says so may change its mind, and the sweep asks again. A refusal (403) may be of a quota that
 * is used up, of Pod Security or of rights, and all of these are put right without a new event.
 */
const isFinal = ({ status }: Answer) => [400, 413, 422].includes(status);
