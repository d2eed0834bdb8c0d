import { WEBHOOK_TARGET } from '../contract';
import type { AlertRule } from './alert-rule';
import { MonitoredParts, PlatformMetrics, STORE_METRICS } from './platform-metrics';
import { serviceAlerts } from './service-alerts';

/** Alerts by what they are about; a group is evaluated as one. */
export interface AlertGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/** Alerts of a platform: about what it has, and about no other platform. */
export function alertGroups(parts: MonitoredParts): AlertGroup[] {
  const metrics = new PlatformMetrics(parts);
  return [
    { name: 'platform', rules: [managerDown(metrics), metricsMissing(metrics), podWaits(metrics), ...setUp(metrics)] },
    { name: 'events', rules: events(metrics) },
    { name: 'services', rules: serviceAlerts(metrics) },
    ...(parts.store === undefined ? [] : [{ name: 'store', rules: store(metrics) }]),
  ];
}

function managerDown(metrics: PlatformMetrics): AlertRule {
  const available = metrics.platform('kube_deployment_status_replicas_available', {
    deployment: metrics.parts.manager,
  });
  return {
    name: 'OscarManagerDown',
    severity: 'critical',
    expr: `max by (namespace, deployment) (${available}) == 0`,
    for: '5m',
    summary: 'No manager of {{ $labels.namespace }} is ready.',
    description: 'No call is answered. Events of uploads wait in the store until a manager takes them.',
  };
}

/** Without metrics no other alert tells anything. */
function metricsMissing(metrics: PlatformMetrics): AlertRule {
  const { manager, store } = metrics.parts;
  const ofStore = Object.keys(STORE_METRICS) as (keyof typeof STORE_METRICS)[];
  const targets = [metrics.manager('up'), ...(store === undefined ? [] : ofStore.map((of) => metrics.store('up', of)))];
  const silent = targets.flatMap((up) => [`absent(${up})`, `max by (namespace, service, metrics_path) (${up}) == 0`]);
  const object = metrics.platform('kube_deployment_created', { deployment: manager });
  return {
    name: 'OscarMetricsMissing',
    severity: 'warning',
    expr: [...silent, `absent(${object})`].join(' or '),
    for: '15m',
    summary:
      'Prometheus has no metrics of {{ with $labels.service }}{{ . }}{{ else }}the Kubernetes objects{{ end }} in {{ $labels.namespace }}.',
    description: 'Alerts that are made of them cannot tell anything.',
  };
}

/** Who starts again and again waits up to five minutes between: what was told in six is one wait. */
function podWaits(metrics: PlatformMetrics): AlertRule {
  const { manager, store, provisioner, sweep } = metrics.parts;
  const names = [manager, provisioner, sweep, ...(store === undefined ? [] : [store])];
  const waiting = metrics.platform('kube_pod_container_status_waiting_reason', {
    pod: { like: `(${names.join('|')})-.*` },
  });
  return {
    name: 'OscarPodWaits',
    severity: 'warning',
    expr: `max by (namespace, pod, container, reason) (max_over_time(${waiting}[6m])) == 1`,
    for: '20m',
    summary: 'The pod {{ $labels.pod }} has waited for 20 minutes: {{ $labels.reason }}.',
    description: 'ContainerCreating is a Secret or a volume that is not there. It has not begun what it is there for.',
  };
}

/** What makes buckets, users and the supervisor's files. */
function setUp(metrics: PlatformMetrics): AlertRule[] {
  const { provisioner, supervisorInstaller } = metrics.parts;
  const failed = metrics.platform('kube_job_failed', { job_name: { like: `${provisioner}-.*` }, condition: 'true' });
  const rule: AlertRule = {
    name: 'OscarProvisionerFailed',
    severity: 'warning',
    expr: `max by (namespace, job_name) (${failed}) == 1`,
    summary: "The provisioner's Job {{ $labels.job_name }} failed for good.",
    description: 'Buckets, users, Secrets and notifications are not as they are declared. It does not try again.',
  };
  return supervisorInstaller === undefined ? [rule] : [rule, supervisorMissing(metrics, supervisorInstaller)];
}

function supervisorMissing(metrics: PlatformMetrics, daemonset: string): AlertRule {
  const number = (metric: string) =>
    `max by (namespace, daemonset) (${metrics.services(`kube_daemonset_status_${metric}`, { daemonset })})`;
  return {
    name: 'OscarSupervisorMissing',
    severity: 'warning',
    expr: `${number('desired_number_scheduled')} - ${number('number_ready')} > 0`,
    for: '15m',
    summary: 'The supervisor is not installed on {{ $value }} node(s).',
    description: "Services' pods that start there wait until it is.",
  };
}

function events(metrics: PlatformMetrics): AlertRule[] {
  const dead = metrics.manager('oscar_manager_events_total', { outcome: 'dead' });
  return [
    eventsLate(metrics),
    {
      name: 'OscarDeadLetters',
      severity: 'warning',
      expr: `sum by (namespace) (increase(${dead}[15m])) > 0`,
      summary: 'Events of {{ $labels.namespace }} were dead-lettered in the last 15 minutes.',
      description: 'No service takes them, or Kubernetes refuses their Job for good: their files are not processed.',
    },
    eventsLost(metrics),
    {
      name: 'OscarSweepRefused',
      severity: 'warning',
      expr: `sum by (namespace) (increase(${metrics.manager('oscar_manager_swept_total', { status: 'Refused' })}[30m])) > 0`,
      summary: 'Kubernetes refuses Jobs that the sweep of {{ $labels.namespace }} asks for.',
      description: 'Their files are not processed; each sweep asks again.',
    },
    sweepOverdue(metrics),
  ];
}

/** The gauge stays at what the last event was, so only those of managers that get events now are looked at. */
function ageOfArrivals(metrics: PlatformMetrics): string {
  const age = metrics.manager('oscar_manager_last_event_age_seconds');
  const arrivals = metrics.manager('oscar_manager_event_age_seconds_count');
  return `max by (namespace) (${age} and on (namespace, instance) rate(${arrivals}[5m]) > 0)`;
}

function eventsLate(metrics: PlatformMetrics): AlertRule {
  return {
    name: 'OscarEventsLate',
    severity: 'warning',
    expr: `${ageOfArrivals(metrics)} > 300`,
    for: '10m',
    summary: 'Events of {{ $labels.namespace }} reach a Job {{ $value | humanizeDuration }} after their upload.',
    description:
      'The manager sends them back to the store for now, or there are more than it can take. Nothing is lost.',
  };
}

/**
 * A sweep may come before the event of an upload, which is `repeated` afterwards: what exceeds these, and those that may
 * come yet, had no event: as many as are in the store's queue, or, as nobody knows a queue that is elsewhere, any while
 * those that come are late. Half, and a tenth more, because `increase` extrapolates.
 */
function eventsLost(metrics: PlatformMetrics): AlertRule {
  const swept = metrics.manager('oscar_manager_swept_total', { status: 'Stored' });
  const repeated = metrics.manager('oscar_manager_events_total', { outcome: 'repeated' });
  // Their events came: once nothing is refused any longer the sweep asks for them, too.
  const refused = metrics.manager('oscar_manager_swept_total', { status: 'Refused' });
  const sum = (selector: string) => `sum by (namespace) (increase(${selector}[1h]))`;
  const queued = metrics.parts.store === undefined ? '' : ` - 1.1 * ${eventsInQueue(metrics)}`;
  return {
    name: 'OscarEventsLost',
    severity: 'warning',
    expr: `${sum(swept)} - ${sum(repeated)}${queued} > 0.5 unless ${ageOfArrivals(metrics)} > 60 unless ${sum(refused)} > 0`,
    for: '10m',
    summary: 'The sweep of {{ $labels.namespace }} found uploads that no event told of.',
    description: 'They are processed, minutes late. The store loses events, or the rule of a bucket is gone.',
  };
}

/** Three runs that did not succeed, and an hour, which one of many uploads may take. */
function sweepOverdue(metrics: PlatformMetrics): AlertRule {
  const time = (metric: string) =>
    `max by (namespace, cronjob) (${metrics.platform(`kube_cronjob_${metric}`, { cronjob: metrics.parts.sweep })})`;
  // Of a CronJob that is suspended there is no next time, and of one that never ran no last one.
  const last = `(${time('status_last_schedule_time')} or ${time('created')})`;
  const interval = `(${time('next_schedule_time')} - ${last} or 0 * ${time('created')})`;
  return {
    name: 'OscarSweepOverdue',
    severity: 'warning',
    expr: `time() - (${time('status_last_successful_time')} or ${time('created')}) > 3 * ${interval} + 3600`,
    for: '5m',
    summary: 'The last sweep of {{ $labels.namespace }} that succeeded was {{ $value | humanizeDuration }} ago.',
    description: 'Uploads whose event is lost are not found.',
  };
}

function store(metrics: PlatformMetrics): AlertRule[] {
  const { store: statefulset = '' } = metrics.parts;
  const ready = metrics.platform('kube_statefulset_status_replicas_ready', { statefulset });
  const health = metrics.store('minio_cluster_health_status', 'cluster');
  const capacity = (what: string) => metrics.store(`minio_cluster_capacity_usable_${what}_bytes`, 'cluster');
  return [
    {
      name: 'OscarStoreDown',
      severity: 'critical',
      expr: `max by (namespace) (${ready}) == 0 or max by (namespace) (${health}) == 0`,
      for: '5m',
      summary: 'The store of {{ $labels.namespace }} takes no uploads.',
      description: 'None of its pods is ready, or too few of its drives are there to write. Jobs wait for it.',
    },
    {
      name: 'OscarDrivesOffline',
      severity: 'warning',
      // A pod that starts again and again is there in between.
      expr: `max by (namespace) (max_over_time(${metrics.store('minio_cluster_drive_offline_total', 'cluster')}[6m])) > 0`,
      for: '15m',
      summary: '{{ $value }} drive(s) of the store of {{ $labels.namespace }} are offline.',
      description: 'With half of them offline it takes no uploads.',
    },
    {
      name: 'OscarStoreNearlyFull',
      severity: 'critical',
      expr: `min by (namespace) (${capacity('free')} / ${capacity('total')}) < 0.1`,
      for: '15m',
      summary: 'The store of {{ $labels.namespace }} has {{ $value | humanizePercentage }} of its capacity left.',
      description: 'A full one refuses uploads, and keeps no events.',
    },
    eventQueueGrows(metrics),
  ];
}

/** @param offset into the past, as PromQL has it */
function eventsInQueue(metrics: PlatformMetrics, offset = ''): string {
  const length = metrics.store('minio_notify_target_queue_length', 'node', { target_id: WEBHOOK_TARGET });
  return `sum by (namespace) (${length}${offset})`;
}

function eventQueueGrows(metrics: PlatformMetrics): AlertRule {
  const now = eventsInQueue(metrics);
  return {
    name: 'OscarEventQueueGrows',
    severity: 'warning',
    expr: `${now} > 10 and ${now} >= ${eventsInQueue(metrics, ' offset 15m')}`,
    for: '15m',
    summary: '{{ $value }} events wait in the store of {{ $labels.namespace }}, and they do not become fewer.',
    description: 'The manager does not take them, or not as fast as files are uploaded. Their Jobs are late.',
  };
}
