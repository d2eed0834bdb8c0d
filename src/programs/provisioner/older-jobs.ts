import { setTimeout as sleep } from 'node:timers/promises';
import { JOB_NAMESPACE_ENV, JOB_NAME_ENV } from '../../contract';
import { ProgramError } from '../common/fail';
import { patiently, reason, Wait } from '../common/patience';
import { KubernetesObjects, listed } from './listed';
import { Report } from './report';

/** Kubernetes' own, on a Job's pods. */
const JOB_LABEL = 'batch.kubernetes.io/job-name';

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

interface Labelled {
  readonly metadata: {
    readonly name: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

interface Pod extends Labelled {
  readonly status?: { readonly phase?: string };
}

/** Somebody deletes it, and waits for its pods (`kubectl delete --cascade=foreground`). */
const isGoing = ({ metadata }: Labelled) => metadata.deletionTimestamp !== undefined;

/** A pod is told to end, and killed half a minute later; its node may be slow. */
const LOOKS = 60;
const LOOK_MS = 1000;

/**
 * Deletes the provisioner's Jobs from before this one, and waits for their pods to end. Jobs are named by what they make
 * true: one of an earlier declaration that stayed would be «unchanged» when that declaration is applied again, and never
 * run. One that still runs would undo what this one does. Newer ones stay: they come after this one.
 * @throws ProgramError that names the Job and the reason, when the server refuses or stays away; where this Job is gone,
 *   which a newer one has deleted: nothing may be changed by an earlier declaration any longer; and where nobody can tell
 *   which of two Jobs is the newer one
 */
export async function deleteOlderJobs(
  platform: string,
  own: OwnJob,
  store: KubernetesObjects,
  report: Report,
  wait: Wait = sleep,
): Promise<void> {
  const path = `/apis/batch/v1/namespaces/${encodeURIComponent(own.namespace)}/jobs`;
  const jobs = await listed<Labelled>(
    { what: "the provisioner's Jobs", path, component: 'provisioner', platform },
    store,
    wait,
  );
  const self = jobs.find(({ metadata }) => metadata.name === own.name);
  if (!self || isGoing(self)) throw new ProgramError(`the Job ${own.name} was deleted: it changes nothing any longer`);
  const time = ({ metadata }: Labelled) => Date.parse(metadata.creationTimestamp);
  const older = jobs.filter((job) => time(job) < time(self)).map(({ metadata }) => metadata.name);
  for (const name of older) {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    const answer = await patiently(() => store.call('DELETE', `${path}/${encodeURIComponent(name)}`, options), wait);
    const isGone = [200, 202, 404].includes(answer.status);
    if (!isGone) throw new ProgramError(`the earlier Job ${name} can't be deleted: ${reason(answer)}`);
    report.changed(`earlier Job ${name}: deleted`);
  }
  const sameTime = jobs.filter((job) => !isGoing(job) && time(job) === time(self)).map(({ metadata }) => metadata.name);
  if (sameTime.length > 1) throw unordered(own, sameTime, self.metadata.creationTimestamp);
  const kept = jobs
    .filter((job) => !isGoing(job) && !older.includes(job.metadata.name))
    .map(({ metadata }) => metadata.name);
  await waitForPods(platform, own.namespace, new Set(kept), store, report, wait);
}

/**
 * Times have whole seconds, uids are random, and a Job's resourceVersion grows with its status: nothing tells an order within
 * a second. A guess could let an earlier declaration win, without a word; so whoever sees the other stops, until somebody says
 * which holds.
 * Both have to go: one that failed for good would be «unchanged» when it is applied again.
 */
function unordered({ namespace }: OwnJob, jobs: readonly string[], time: string): ProgramError {
  const names = [...jobs].sort();
  return new ProgramError(
    `the Jobs ${names.join(', ')} were made in the same second (${time}), and nothing tells which declaration is the later one: ` +
      `this one changes nothing. Fix: delete them (kubectl delete jobs -n ${namespace} ${names.join(' ')}), and apply the ` +
      'manifests that are to hold',
  );
}

/** Pods whose Job is gone may run for a moment longer, also of one that an earlier try of this Job deleted. */
async function waitForPods(
  platform: string,
  namespace: string,
  jobs: ReadonlySet<string>,
  store: KubernetesObjects,
  report: Report,
  wait: Wait,
): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const listing = { what: "the provisioner's pods", path, component: 'provisioner', platform } as const;
  const runs = ({ metadata: { labels }, status }: Pod) =>
    !jobs.has(labels?.[JOB_LABEL] ?? '') && !['Succeeded', 'Failed'].includes(status?.phase ?? '');
  for (let looks = 1; ; looks++) {
    const pods = await listed<Pod>(listing, store, wait);
    const names = pods.filter(runs).map((pod) => pod.metadata.name);
    if (names.length === 0) return;
    if (looks === LOOKS) {
      // Of a node that is gone they stay for ever, and nothing would be provisioned again.
      return report.byHand(
        `pods of earlier Jobs have not ended in ${LOOKS} s: ${names.join(', ')}. If their node is not gone, they may undo ` +
          'what this run does: delete this Job then, and apply the manifests again',
      );
    }
    await wait(LOOK_MS);
  }
}
