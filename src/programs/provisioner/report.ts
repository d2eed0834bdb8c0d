import { Log } from '../common/log';

const KINDS = {
  found: 'as declared',
  changed: 'changed',
  leftAlone: 'left alone',
  byHand: 'to be done by hand',
  failed: 'failed',
} as const;
const IN_ALL = {
  info: 'all is as declared',
  warning: 'all is as declared but for what has to be done by hand',
  error: 'not all is as declared',
} as const;
type Kind = keyof typeof KINDS;

/** What a run found, did and left: said as it happens, and counted at the end. Never give it a secret. */
export class Report {
  private readonly said: Record<Kind, string[]> = { found: [], changed: [], leftAlone: [], byHand: [], failed: [] };

  constructor(private readonly log: Log) {}

  /** Something is as declared already. @param what names it: `bucket "in": versioning` */
  found(what: string): void {
    this.say('found', what);
  }

  /** Something was not as declared, and is now. @param what names it, and what was done */
  changed(what: string): void {
    this.say('changed', what);
  }

  /** Something is there that is not declared, and stays. */
  leftAlone(what: string): void {
    this.say('leftAlone', what);
  }

  /** Something that the store lets nobody do by its API, or that is not ours to do. @param what to do, and how */
  byHand(what: string): void {
    this.say('byHand', what);
  }

  /** Something is not as declared and could not be made so: the rest goes on, the run fails at its end. */
  failed(what: string): void {
    this.say('failed', what);
  }

  get failures(): readonly string[] {
    return this.said.failed;
  }

  /** Counts of all kinds; then, in words, what somebody has to do. @returns whether nothing failed */
  summary(): boolean {
    const { found, changed, leftAlone, byHand, failed } = this.said;
    const counts = { found: found.length, changed: changed.length, leftAlone: leftAlone.length };
    const level = failed.length > 0 ? 'error' : byHand.length > 0 ? 'warning' : 'info';
    const fields = { ...counts, byHand: byHand.length, failed: failed.length };
    this.log(level, IN_ALL[level], fields);
    if (byHand.length > 0) this.log('warning', `to be done BY HAND (${byHand.length}):\n${listed(byHand)}`);
    if (failed.length > 0) this.log('error', `failed (${failed.length}):\n${listed(failed)}`);
    return failed.length === 0;
  }

  private say(kind: Kind, what: string): void {
    this.said[kind].push(what);
    const level = kind === 'failed' ? 'error' : kind === 'byHand' ? 'warning' : 'info';
    this.log(level, `${KINDS[kind]}: ${what}`, { result: kind });
  }
}

const listed = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
