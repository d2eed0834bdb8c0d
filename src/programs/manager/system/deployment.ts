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

/** A service's warm pods: how they are, and what the newest writes. */
export function deploymentRoutes({ settings, services, warmPods, api }: SystemOptions): Route[] {
  const namespace = settings.servicesNamespace;

  const show = ({ response, parameters: { service } }: Exchange) => {
    definitionOf(services, service);
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
      resource_kind: replicas === undefined ? 'unavailable' : 'deployment',
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
      const log = await openLog(api, namespace, pod, { timestamps: 'true', tailLines: lines }, signal);
      const entries: object[] = [];
      for await (const line of linesOf(log)) entries.push(entryOf(line, timestamps));
      sendJson(response, { service_name: service, available: true, entries });
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

async function* linesOf(log: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of log) {
    const lines = (rest + (typeof part === 'string' ? part : decoder.decode(part, { stream: true }))).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest) yield rest;
}

function entryOf(line: string, timestamps: boolean) {
  const space = line.indexOf(' ');
  const message = line.slice(space + 1);
  return timestamps ? { timestamp: line.slice(0, Math.max(space, 0)), message } : { message };
}
