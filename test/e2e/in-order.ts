import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';
import { diagnose } from './diagnose';

/** For what is told of the cluster when a step fails. */
const DIAGNOSIS_SECONDS = 120;

type Step = (title: string, work: () => Promise<void>, timeoutSeconds?: number) => void;

export interface Steps {
  /**
   * A test, in its place among the others. When it fails, it shows what happened in the cluster, and those after it
   * fail at once: what they rest on is not there. @param timeoutSeconds @default 180
   */
  readonly step: Step;
  /** The same, of what needs a hand on the machines behind the cluster: skipped, and told so, where there is none. */
  readonly machineStep: Step;
}

/** Tests that rest each on those before it. */
export function inOrder(cluster: Cluster): Steps {
  let failed: string | undefined;

  const step: Step = (title, work, timeoutSeconds = 180) =>
    test(title, () => attempt(title, work, timeoutSeconds), (timeoutSeconds + DIAGNOSIS_SECONDS) * 1000);

  const machineStep: Step = (title, work, timeoutSeconds) => {
    if (cluster.machines.areExpected) return step(title, work, timeoutSeconds);
    tellSkipped(title);
    test.skip(title, () => {});
  };

  async function attempt(title: string, work: () => Promise<void>, seconds: number): Promise<void> {
    if (failed !== undefined) throw new Error(`not tried, as «${failed}» failed before`);
    failed = title;
    try {
      await within(seconds, work());
      failed = undefined;
    } catch (error) {
      throw new Error(`${(error as Error).message}\n\n${await diagnose(cluster)}`);
    }
  }

  return { step, machineStep };
}

export function tellSkipped(what: string): void {
  process.stderr.write(`SKIPPED, as OSCAR_CLUSTER names no command for the cluster's machines: ${what}\n`);
}

async function within(seconds: number, work: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(seconds * 1000, undefined, ended).then(() => {
    throw new Error(`not done after ${seconds} s`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    ended.abort();
    late.catch(() => {});
  }
}
