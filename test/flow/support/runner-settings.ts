import type { ApiAt } from './api';
import type { NodeSettings } from './pods';

export interface RunnerSettings {
  readonly node: NodeSettings;
  readonly api: ApiAt;
  readonly namespaces: { readonly platform: string; readonly services: string };
  /** How many Jobs of services run at the same time. */
  readonly parallel: number;
}

/** A line of the runner's record, in which a test finds what was run and when. */
export interface Executed {
  readonly job: string;
  readonly event: 'seen' | 'started' | 'ended';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** -1: killed by a signal. */
  readonly code?: number;
}
export const EXECUTED_FILE = 'executed.jsonl';
