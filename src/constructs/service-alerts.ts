import type { AlertRule } from './alert-rule';
import { CALLS, JOB_PODS, PlatformMetrics } from './platform-metrics';

/** Of what services do: their Jobs, the calls to them and their warm pods. */
export function serviceAlerts(metrics: PlatformMetrics): AlertRule[] {
  return [
    jobsFailing(metrics),
    lineStandsStill(metrics),
    jobsWait(metrics),
    callsFailing(metrics),
    servicePodsNotReady(metrics),
  ];
}

/** What managers tell alike of a service's Jobs. One that has just started doesn't know all yet: the others do. */
const byService = (fold: 'min' | 'max', expr: string) => `${fold} by (namespace, exported_service) (${expr})`;

/** A Job in ten may fail: files are what users upload. */
function jobsFailing(metrics: PlatformMetrics): AlertRule {
  // Of those that ended, whenever they were made: a line of Jobs is made at once, and ends for hours.
  const ended = (status: string) =>
    byService('max', `increase(${metrics.manager('oscar_manager_jobs_ended_total', { status })}[30m])`);
  const failed = ended('Failed');
  return {
    name: 'OscarJobsFailing',
    severity: 'warning',
    expr: `${failed} >= 3 unless ${failed} <= (${failed} + ${ended('Succeeded')}) / 10`,
    summary:
      '{{ $value | printf "%.0f" }} Jobs of the service {{ $labels.exported_service }} failed for good in 30 minutes.',
    description: 'That is more than one in ten. Their files have no results, and are not tried again.',
  };
}

/** Who is under way may take as long as it likes. One that is so for a moment is seen when it is over. */
function lineStandsStill(metrics: PlatformMetrics): AlertRule {
  const waiting = byService('min', metrics.manager('oscar_manager_jobs_waiting'));
  const underWay = byService('max', `max_over_time(${metrics.manager('oscar_manager_jobs_under_way')}[5m])`);
  const ended = byService('max', `increase(${metrics.manager('oscar_manager_jobs_ended_total')}[5m])`);
  return {
    name: 'OscarLineStandsStill',
    severity: 'warning',
    expr: `${waiting} > 0 unless ${underWay} > 0 unless ${ended} > 0`,
    for: '15m',
    summary:
      '{{ $value }} Jobs of the service {{ $labels.exported_service }} wait for their turn, and none has had it for 15 minutes.',
    description:
      'The manager cannot let them go on: Kubernetes refuses it, or does not answer. They stay where they are.',
  };
}

function jobsWait(metrics: PlatformMetrics): AlertRule {
  const created = metrics.services('kube_pod_created', { pod: JOB_PODS });
  const pending = metrics.services('kube_pod_status_phase', { phase: 'Pending' });
  const old = `time() - max by (namespace, pod) (${created}) > 3600`;
  return {
    name: 'OscarJobsWait',
    severity: 'warning',
    expr: `count by (namespace) (${old} and on (namespace, pod) ${pending} == 1)`,
    for: '5m',
    summary: '{{ $value }} pods of Jobs in {{ $labels.namespace }} have been Pending for more than an hour.',
    description: 'No node has room for them, their image cannot be pulled, or what they mount is not there.',
  };
}

function callsFailing(metrics: PlatformMetrics): AlertRule {
  const failed = metrics.manager('oscar_manager_requests_total', { ...CALLS, status: { like: '5..' } });
  const all = metrics.manager('oscar_manager_requests_total', CALLS);
  const sum = (selector: string) => `sum by (namespace) (increase(${selector}[15m]))`;
  return {
    name: 'OscarCallsFailing',
    severity: 'warning',
    expr: `${sum(failed)} / ${sum(all)} > 0.1 and ${sum(failed)} >= 5`,
    for: '10m',
    summary: '{{ $value | humanizePercentage }} of the calls of {{ $labels.namespace }} are answered by a 5xx.',
    description: '500 is a script that fails; 502, 503 and 504 are pods that are not there, end, or take too long.',
  };
}

function servicePodsNotReady(metrics: PlatformMetrics): AlertRule {
  const number = (metric: string) =>
    `max by (namespace, deployment) (${metrics.services(`kube_deployment_${metric}`)})`;
  return {
    name: 'OscarServicePodsNotReady',
    severity: 'warning',
    expr: `${number('spec_replicas')} - ${number('status_replicas_available')} > 0`,
    for: '15m',
    summary: '{{ $value }} warm pod(s) of the service {{ $labels.deployment }} are not ready.',
    description: 'Calls have fewer pods than are asked for, or none.',
  };
}
