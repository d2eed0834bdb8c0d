import { text } from 'node:stream/consumers';
import { selectorLabels, SERVICE_LABEL } from '../../../contract';
import { HttpError, sendJson } from '../http/answer';
import type { Exchange, Route } from '../http/route';
import type { WarmPod } from '../state/warm-pods';
import type { SystemOptions } from './options';
import { parseBool } from './parse-bool';
import { tailLines } from './logs';
import { newestPod, openLog } from './pod-log';
import { definitionOf } from './services';

/** Lines that are given without being asked for more, as upstream does. */
const LINES = 200;
const MOST_LINES = 10_000;
/** Lines may have any length; all of the answer is in memory. */
const MOST_BYTES = 1024 * 1024;

/** A service's warm pods: how they are, and what the newest writes. */
export function deploymentRoutes({ settings, services, warmPods, api }: SystemOptions): Route[] {
  const namespace = settings.servicesNamespace;

  const show = ({ response, parameters: { service } }: Exchange) => {
    const { expose } = definitionOf(services, service);
    const pods = warmPods.of(service);
    const replicas = warmPods.replicas(service);
    const ready = warmPods.ready(service).length;
    sendJson(response, {
      service_name: service,
      namespace,
      state: stateOf(pods, ready, replicas),
      reason: pods.find(({ waiting }) => waiting)?.waiting,
      active_instances: pods.length,
      affected_instances: pods.length - ready,
      // In the words that upstream's clients know: warm pods do here what its Knative does there.
      resource_kind: expose ? 'exposed_service' : 'knative_service',
      replicas: replicas ?? 0,
      ready,
      pods: pods.map(({ name, ready, waiting }) => ({ name, ready, waiting })),
    });
  };

  const showLog = async ({ response, query, signal, parameters: { service } }: Exchange) => {
    definitionOf(services, service);
    const { 'app.kubernetes.io/component': component } = selectorLabels('service', service);
    const selector = `app.kubernetes.io/component=${component},${SERVICE_LABEL}=${service}`;
    const timestamps = parseBool(query.get('timestamps'));
    const lines = Math.min(tailLines(query) ?? LINES, MOST_LINES);
    try {
      const pod = await newestPod(api, namespace, selector);
      if (!pod) throw new HttpError(404, 'The service has no pod now: it gets one when it is called.');
      const which = { timestamps: 'true', tailLines: lines, limitBytes: MOST_BYTES };
      const log = await text(await openLog(api, namespace, pod, which, signal));
      const entries = log.split('\n').filter(Boolean);
      sendJson(response, {
        service_name: service,
        available: true,
        entries: entries.map((line) => entryOf(line, timestamps)),
      });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      sendJson(response, { service_name: service, available: false, message: error.message, entries: [] });
    }
  };

  return [
    { method: 'GET', path: '/system/services/:service/deployment', access: 'service', handle: show },
    { method: 'GET', path: '/system/services/:service/deployment/logs', access: 'service', handle: showLog },
  ];
}

/** In upstream's words. */
function stateOf(pods: readonly WarmPod[], ready: number, replicas: number | undefined): string {
  if (replicas === undefined) return 'unavailable';
  if (replicas === 0) return 'stopped';
  if (ready >= replicas) return 'ready';
  if (ready > 0) return 'degraded';
  return pods.some(({ waiting }) => /BackOff|Err|Invalid/.test(waiting ?? '')) ? 'failed' : 'pending';
}

function entryOf(line: string, timestamps: boolean) {
  const space = line.indexOf(' ');
  const message = line.slice(space + 1);
  return timestamps ? { timestamp: line.slice(0, Math.max(space, 0)), message } : { message };
}
