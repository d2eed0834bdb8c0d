import { Declaration } from '../../contract';
import { Log } from '../common/log';
import { KubernetesAnswer } from '../common/kubernetes';
import { Wait } from '../common/patience';
import { deleteOlderJobs, OwnJob } from './older-jobs';
import { Report } from './report';
import { createMissingSecrets } from './secrets';
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
  { log, wait, mcProgram }: ProvisionOptions,
): Promise<number> {
  const { platform, secrets, store: declared } = declaration;
  // First: whatever becomes of this run, an earlier declaration that is applied again has to run again.
  await deleteOlderJobs(platform, own, kubernetes, log, wait);
  await createMissingSecrets(secrets, kubernetes, log, wait);
  const keys = await storeKeys(own.namespace, declared, kubernetes, wait);
  await waitForStore(declared, keys, log, wait);
  const store = new Store(declared, keys, log);
  const report = new Report(log);
  try {
    const mc = new Mc(declared, keys, log, { program: mcProgram, wait });
    const work = { declaration, namespace: own.namespace, store, report };
    await convergeStore(work, { mc, kubernetes, log, wait });
  } finally {
    store.close();
  }
  return report.summary() ? 0 : 1;
}

/** Users first: they can do what they must before a rule lets an event come. */
async function convergeStore(work: StoreWork, tools: UserTools): Promise<void> {
  const buckets = await convergeBuckets(work);
  await convergeQuotas(work, buckets, tools.mc);
  await convergeUsers(work, tools);
  await convergeBindings(work, buckets);
}
