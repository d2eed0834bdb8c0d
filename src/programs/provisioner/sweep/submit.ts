import { setTimeout as sleep } from 'node:timers/promises';
import { SweptAnswer, SweptObject } from '../../../contract';
import { Wait } from '../../common/patience';
import { mayPass, PassingError } from '../../supervisor/storage/retry';
import { quoted } from '../../supervisor/storage/words';
import { Door, DoorAnswer } from './door';

/** One object's tries: 503 says that the API server is away, or that the manager has just started. */
const TRIES = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 16_000;
/** All waits of a sweep: the next one comes in some minutes, and begins where this one left. */
const BUDGET_MS = 120_000;
/** So many of one service without an answer, and none in between: the next ones would have none either. */
const IN_A_ROW = 16;
/**
 * So many of one service that Kubernetes refuses: most of the next ones would be refused as well. Not all, where it is by what
 * they are; so one in so many is asked for nevertheless, at random: each has its turn in one sweep or another.
 */
const REFUSED_IN_A_ROW = 16;
const ONE_IN = 16;
const MANY_REFUSED = `Kubernetes refused ${REFUSED_IN_A_ROW} Jobs of the service in a row: each sweep asks for one in ${ONE_IN} of the others`;
/** Without any answer for so long, a manager that hangs (or whose API server does) is asked no more: the next sweep waits. */
const LONGEST_TROUBLE_MS = 5 * 60_000;

/** What became of an object: the manager's answer, a record that has come meanwhile, or why there is neither. */
export type Submission =
  | { readonly kind: 'answer'; readonly status: SweptAnswer['status'] }
  | { readonly kind: 'recorded' }
  | { readonly kind: 'left'; readonly reason: string };

const left = (reason: string): Submission => ({ kind: 'left', reason });

/** Asks the manager for Jobs, with a patience that is one for the whole sweep. */
export class Submitter {
  private budget = BUDGET_MS;
  /** All wait together: who asks while others wait would only add to the trouble. */
  private pause?: Promise<unknown>;
  /** The manager takes nothing from us: there is no use in asking for any service. */
  private refusal?: string;
  private readonly unanswered = new Map<string, number>();
  private readonly refused = new Map<string, number>();
  /** Since when no service had an answer; undefined: the last one asked had. */
  private troubleSince?: number;

  constructor(
    private readonly door: Door,
    private readonly wait: Wait = sleep,
    /** In ms, since whenever. */
    private readonly now: () => number = () => performance.now(),
    /** From 0 to 1. */
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * @param job the name that the Job has to have
   * @param isRecorded asked before each try: after a pause the Job may be done, and cleaned up
   * @throws what `isRecorded` does
   */
  async submit(object: SweptObject, job: string, isRecorded: () => Promise<boolean>): Promise<Submission> {
    for (let tries = 1; ; tries++) {
      await this.pause;
      if (this.refusal !== undefined) return left(this.refusal);
      if (rowOf(this.unanswered, object.service) >= IN_A_ROW)
        return left('the manager answers for none of the service');
      if (tries === 1 && this.isPassedOver(object.service)) return left(MANY_REFUSED);
      if (await isRecorded()) return { kind: 'recorded' };
      const asked = this.now();
      const answer = await this.ask(object);
      if (!isTrouble(answer)) return this.judge(answer, object.service, job);
      const reason = `the manager ${answer.status ? `answers ${answer.status}` : 'is away'}: ${quoted(answer.text)}`;
      this.troubleSince ??= asked;
      if (this.now() - this.troubleSince > LONGEST_TROUBLE_MS)
        this.refusal = `${reason}, and so for ${LONGEST_TROUBLE_MS / 60_000} minutes`;
      if (tries === TRIES || this.budget <= 0) {
        oneMore(this.unanswered, object.service);
        return left(reason);
      }
      this.pause ??= this.begin(tries, answer.pauseMs);
    }
  }

  private isPassedOver(service: string): boolean {
    return rowOf(this.refused, service) >= REFUSED_IN_A_ROW && this.random() * ONE_IN >= 1;
  }

  private async ask(object: SweptObject): Promise<DoorAnswer> {
    try {
      return await this.door.post(JSON.stringify(object));
    } catch (error) {
      if (error instanceof PassingError) return { status: 0, text: error.message };
      throw error;
    }
  }

  private async begin(tries: number, asked = 0): Promise<void> {
    const ms = Math.min(Math.max(FIRST_WAIT_MS * 2 ** (tries - 1), asked), LONGEST_WAIT_MS);
    this.budget -= ms;
    await this.wait(ms);
    this.pause = undefined;
  }

  private judge({ status, text }: DoorAnswer, service: string, job: string): Submission {
    this.troubleSince = undefined;
    const said = `the manager answers ${status}: ${quoted(text)}`;
    if (REFUSALS.has(status)) this.refusal = `${said}. Fix: ${REFUSALS.get(status)}`;
    const answer = status === 200 ? answerIn(text) : undefined;
    this.unanswered.delete(service);
    if (answer?.status === 'Refused') oneMore(this.refused, service);
    else this.refused.delete(service);
    if (status !== 200) return left(this.refusal ?? said);
    if (!answer) return left(`${said}, which is no answer of a manager of this version`);
    // Whatever it made would have no record by our name, and be asked for again.
    if (answer.job !== job)
      return left(`the manager's name of its Job is ${quoted(String(answer.job))}, and not ${job}`);
    return { kind: 'answer', status: answer.status };
  }
}

const rowOf = (rows: ReadonlyMap<string, number>, service: string) => rows.get(service) ?? 0;
const oneMore = (rows: Map<string, number>, service: string) => rows.set(service, rowOf(rows, service) + 1);

/** Answers that are the same for every object. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [401, "the webhook's token that is mounted here and the manager's have to be of the same Secret"],
  [403, "the webhook's token that is mounted here and the manager's have to be of the same Secret"],
  [404, 'let manager and provisioner be of the same version'],
  [405, 'let manager and provisioner be of the same version'],
]);

const isTrouble = ({ status }: DoorAnswer) => status === 0 || mayPass(status);

const STATUSES: readonly unknown[] = [
  'Stored',
  'Pending',
  'Running',
  'Succeeded',
  'Failed',
  'Unbound',
  'Refused',
  'NoFile',
] satisfies SweptAnswer['status'][];

function answerIn(text: string): SweptAnswer | undefined {
  try {
    const answer = JSON.parse(text) as SweptAnswer | null;
    return STATUSES.includes(answer?.status) ? answer! : undefined;
  } catch {
    return undefined;
  }
}
