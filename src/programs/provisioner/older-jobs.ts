import { JOB_NAMESPACE_ENV, JOB_NAME_ENV, selectorLabels } from '../../contract';
import { ProgramError } from '../common/fail';
import { KubernetesAnswer } from '../common/kubernetes';
import { Log } from '../common/log';
import { patiently, reason, Wait } from '../common/patience';

/** What is needed of the API server. */
export interface JobStore {
  call(method: 'GET' | 'DELETE', path: string, body?: unknown): Promise<KubernetesAnswer>;
}

/** The Job that this program runs in. */
export interface OwnJob {
  readonly namespace: string;
  readonly name: string;
}

/** @throws ProgramError outside a Job of the platform's. */
export function ownJob(env: NodeJS.ProcessEnv = process.env): OwnJob {
  const { [JOB_NAMESPACE_ENV]: namespace, [JOB_NAME_ENV]: name } = env;
  if (!namespace || !name) throw new ProgramError(`${JOB_NAMESPACE_ENV} and ${JOB_NAME_ENV} are not both set`);
  return { namespace, name };
}

interface Job {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
}

/**
 * Deletes the provisioner's Jobs from before this one. Jobs are named by what they make true: one of an earlier
 * declaration that stayed would be «unchanged» when that declaration is applied again, and never run. Newer ones stay:
 * they come after this one.
 * @throws ProgramError that names the Job and the reason, when the server refuses or stays away.
 */
export async function deleteOlderJobs(
  platform: string,
  own: OwnJob,
  store: JobStore,
  log: Log,
  wait?: Wait,
): Promise<void> {
  const path = `/apis/batch/v1/namespaces/${encodeURIComponent(own.namespace)}/jobs`;
  for (const name of await olderJobs(platform, own, store, path, wait)) {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    const answer = await patiently(() => store.call('DELETE', `${path}/${encodeURIComponent(name)}`, options), wait);
    const isGone = [200, 202, 404].includes(answer.status);
    if (!isGone) throw new ProgramError(`the earlier Job ${name} can't be deleted: ${reason(answer)}`);
    log('info', 'earlier job deleted', { job: name });
  }
}

async function olderJobs(platform: string, own: OwnJob, store: JobStore, path: string, wait?: Wait): Promise<string[]> {
  const selector = Object.entries(selectorLabels('provisioner', platform)).map((label) => label.join('='));
  const query = `${path}?labelSelector=${encodeURIComponent(selector.join(','))}`;
  const answer = await patiently(() => store.call('GET', query), wait);
  if (answer.status !== 200) throw new ProgramError(`the provisioner's Jobs can't be listed: ${reason(answer)}`);
  const jobs = (answer.body as { items: readonly Job[] }).items.map(({ metadata }) => metadata);
  const self = jobs.find(({ name }) => name === own.name);
  // Deleted while it runs: what is there belongs to somebody newer.
  if (!self) return [];
  const time = (timestamp: string) => Date.parse(timestamp);
  const since = time(self.creationTimestamp);
  return jobs.filter(({ creationTimestamp }) => time(creationTimestamp) < since).map(({ name }) => name);
}
