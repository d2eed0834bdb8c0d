import { setTimeout as sleep } from 'node:timers/promises';
import { managerName, SERVICE_LABEL } from '../../../contract';
import { HttpError } from '../http/answer';
import type { Exchange, Route } from '../http/route';
import type { Job, Pod } from '../kubernetes/objects';
import { jobRecord } from '../state/jobs';
import { FollowedLogs } from './followed-logs';
import type { SystemOptions } from './options';
import { parseBool } from './parse-bool';
import { isOver, lastLine } from './pod-end';
import { newestPod, openLog, podsOf, sendLog } from './pod-log';
import { read } from './read';

/** Until Kubernetes tells how a pod ended whose log has ended, and how often it is asked. */
const END_MS = 10_000;
const END_STEP_MS = 500;
/** Kubernetes' label of a Job's pods. */
const JOB_LABEL = 'batch.kubernetes.io/job-name';

/** What a Job's script writes, and where the manager's own log is. */
export function logRoutes({ settings, services, api }: SystemOptions): Route[] {
  const { name, namespace, servicesNamespace } = settings;
  const followed = new FollowedLogs();

  const jobLog = (exchange: Exchange) => {
    const { request, query, parameters } = exchange;
    const follow = parseBool(query.get('follow')) && request.method === 'GET';
    return follow ? followed.follow(parameters.service, () => passLog(exchange, true)) : passLog(exchange, false);
  };

  const passLog = async (exchange: Exchange, follow: boolean) => {
    const { query, signal } = exchange;
    const { service, job } = exchange.parameters;
    // By both: no token reads another service's logs.
    const selector = `${SERVICE_LABEL}=${service},${JOB_LABEL}=${job}`;
    const pod = await newestPod(api, servicesNamespace, selector);
    if (!pod) throw new HttpError(404, await whyNoPod(service, job));
    const timestamps = parseBool(query.get('timestamps'));
    const options = { timestamps: String(timestamps), follow: String(follow), tailLines: tailLines(query) };
    const log = await openLog(api, servicesNamespace, pod, options, signal);
    const ended = async () => (follow ? await atItsEnd(pod, selector, signal) : pod);
    await sendLog(log, exchange, async () => lastLine(await ended(), timestamps));
  };

  const whyNoPod = async (service: string, name: string): Promise<string> => {
    const job = await read<Job>(api, `/apis/batch/v1/namespaces/${servicesNamespace}/jobs/${name}`);
    if (job?.metadata.labels?.[SERVICE_LABEL] !== service) return `The service ${service} has no job ${name}.`;
    const failed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
    if (failed) return `There is no log: the job failed, and its pods are gone: ${failed.reason}: ${failed.message}`;
    const { isSuspended, waiting } = jobRecord(job);
    if (waiting) {
      const limit = services.all.get(service)?.job.concurrency ?? waiting.limit;
      return `There is no log yet: the job waits for its turn, as at most ${limit} of the service are under way at one time.`;
    }
    if (isSuspended) return `There is no log: somebody suspended the job. ${howItGoesOn(servicesNamespace, name)}`;
    return `There is no log: the job ${name} has no pod: it waits for one, or its pods were deleted.`;
  };

  /** A log ends a moment before Kubernetes tells why. */
  const atItsEnd = async (pod: Pod, selector: string, signal: AbortSignal): Promise<Pod> => {
    for (const end = performance.now() + END_MS; performance.now() < end; await sleep(END_STEP_MS)) {
      signal.throwIfAborted();
      // What can't be told costs nobody the log.
      const pods = await podsOf(api, servicesNamespace, selector).catch(() => [pod]);
      const now = pods.find(({ metadata }) => metadata.uid === pod.metadata.uid);
      if (!now || isOver(now)) return now ?? pod;
    }
    return pod;
  };

  const ownLog = () => {
    throw new HttpError(
      404,
      `The manager's own log: kubectl logs --namespace ${namespace} deployment/${managerName(name)}`,
    );
  };

  return [
    { method: 'GET', path: '/system/logs', access: 'admin', handle: ownLog },
    { method: 'GET', path: '/system/logs/:service/:job', access: 'service', handle: jobLog },
  ];
}

/** Whom the manager didn't suspend it doesn't let go on. */
const howItGoesOn = (namespace: string, job: string) =>
  `Fix: kubectl --namespace ${namespace} patch job ${job} --type merge --patch '{"spec":{"suspend":false}}'`;

/** How many lines of the end; nothing: all of them. */
export function tailLines(query: URLSearchParams): number | undefined {
  const text = query.get('tailLines') ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
