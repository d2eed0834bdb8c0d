import { Declaration } from '../../contract';
import { ProgramError } from '../common/fail';
import { KubernetesAnswer } from '../common/kubernetes';
import { Log } from '../common/log';
import { Wait } from '../common/patience';
import { deleteOlderJobs, OwnJob } from './older-jobs';
import { Report } from './report';
import { replaceUnlikePods } from './replace-unlike-pods';
import { createMissingSecrets, isDerived } from './secrets';
import { convergeBindings, convergeBuckets } from './store';
import { Store } from './store/store';
import { StoreWork } from './store/work';
import { convergeQuotas, convergeUsers, Mc, UserTools } from './users';
import { storeKeys, waitForStore } from './wait-for-store';

/** What is needed of the API server. */
export interface Kubernetes {
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<KubernetesAnswer>;
}

export interface ProvisionOptions {
  readonly log: Log;
  readonly wait?: Wait;
  /** MinIO's client. @default where the init container puts it */
  readonly mcProgram?: string;
}

/**
 * Makes the store and the platform's Secrets as declared. Each step may be done any number of times, at the same time as
 * another run does it, and after one that was cut.
 * @returns the exit code
 */
export async function provision(
  declaration: Declaration,
  own: OwnJob,
  kubernetes: Kubernetes,
  options: ProvisionOptions,
): Promise<number> {
  const report = new Report(options.log);
  try {
    await converge(declaration, own, kubernetes, report, options);
  } catch (error) {
    // What failed before it is told all the same.
    report.failed(`the run ends here: ${(error as Error).message}`);
    if (!(error instanceof ProgramError)) {
      report.summary();
      throw error;
    }
  }
  return report.summary() ? 0 : 1;
}

/** @throws ProgramError for what nothing can go on without. */
async function converge(
  declaration: Declaration,
  own: OwnJob,
  kubernetes: Kubernetes,
  report: Report,
  { log, wait, mcProgram }: ProvisionOptions,
): Promise<void> {
  const { platform, secrets, store: declared } = declaration;
  // First: whatever becomes of this run, an earlier declaration that is applied again has to run again.
  await deleteOlderJobs(platform, own, kubernetes, report, wait);
  const independent = secrets.filter((secret) => !isDerived(secret));
  const refused = await createMissingSecrets(independent, kubernetes, report, wait);
  const keys = await storeKeys(own.namespace, declared, kubernetes, wait);
  // They are made of the store's keys, which were waited for.
  await createMissingSecrets(secrets.filter(isDerived), kubernetes, report, wait);
  if (declared.pods) await replaceUnlikePods(declared.pods, { platform, own, kubernetes, report, wait });
  await waitForStore(declared, keys, log, wait);
  const store = new Store(declared, keys, log);
  try {
    const mc = new Mc(declared, keys, log, { program: mcProgram, wait });
    const work = { declaration, namespace: own.namespace, store, report };
    await convergeStore(work, { mc, kubernetes, refused, log, wait });
  } finally {
    store.close();
  }
}

/** Users first: they can do what they must before a rule lets an event come. */
async function convergeStore(work: StoreWork, tools: UserTools): Promise<void> {
  const buckets = await convergeBuckets(work);
  await convergeQuotas(work, buckets, tools.mc);
  await convergeUsers(work, tools);
  await convergeBindings(work, buckets);
}
