import { managerName, SERVICE_LABEL } from '../../../contract';
import { HttpError } from '../http/answer';
import type { Exchange, Route } from '../http/route';
import { FollowedLogs } from './followed-logs';
import type { SystemOptions } from './options';
import { parseBool } from './parse-bool';
import { newestPod, openLog, sendLog } from './pod-log';

/** Kubernetes' label of a Job's pods. */
const JOB_LABEL = 'batch.kubernetes.io/job-name';

/** What a Job's script writes, and where the manager's own log is. */
export function logRoutes({ settings, services, jobs, api }: SystemOptions): Route[] {
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
    const pod = await newestPod(api, servicesNamespace, `${SERVICE_LABEL}=${service},${JOB_LABEL}=${job}`);
    if (!pod) throw new HttpError(404, withoutPod(service, job));
    const options = {
      timestamps: String(parseBool(query.get('timestamps'))),
      follow: String(follow),
      tailLines: tailLines(query),
    };
    await sendLog(await openLog(api, servicesNamespace, pod, options, signal), exchange);
  };

  const withoutPod = (service: string, job: string) => {
    const waiting = jobs.get(service, job)?.waiting;
    if (!waiting) return `The service ${service} has no job ${job} with a pod: it may wait, or be deleted.`;
    const limit = services.all.get(service)?.job.concurrency ?? waiting.limit;
    return `There is no log yet: the job waits for its turn, as at most ${limit} of the service are under way at one time.`;
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

/** How many lines of the end; nothing: all of them. */
export function tailLines(query: URLSearchParams): number | undefined {
  const text = query.get('tailLines') ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
