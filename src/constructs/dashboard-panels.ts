import { WEBHOOK_TARGET } from '../contract';
import { CALLS, JOB_PODS, MonitoredParts, PlatformMetrics } from './platform-metrics';

/** A line of a panel, or one for each series that it finds. */
export interface Query {
  /** PromQL. */
  readonly expr: string;
  /** What a line is called: a template of Grafana. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** `stat`: what it is now, as a number. @default a graph over time */
  readonly kind?: 'stat';
  /** Grafana's name of a unit. @default a plain number */
  readonly unit?: string;
  /** Value from which on it is red, or below which. @default no value is bad in itself */
  readonly bad?: { readonly from: number } | { readonly below: number };
  readonly queries: readonly Query[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What Grafana makes the span of a rate: four scrapes at least. */
const SPAN = '[$__rate_interval]';

/**
 * A platform at a glance: what is said about it, from the upload to the health of its parts.
 * @param hasAlerts whether there are alerts to be counted
 */
export function dashboardRows(parts: MonitoredParts, hasAlerts: boolean): Row[] {
  const metrics = new PlatformMetrics(parts);
  const hasStore = parts.store !== undefined;
  return [
    { title: 'Uploads and events', panels: [...events(metrics), ...(hasStore ? [storeQueue(metrics)] : [])] },
    { title: 'Jobs', panels: jobs(metrics) },
    { title: 'Calls', panels: calls(metrics) },
    ...(hasStore ? [{ title: 'Store', panels: store(metrics) }] : []),
    {
      title: 'Health',
      panels: [
        ...(hasAlerts ? [alertsFiring(metrics)] : []),
        ...health(metrics),
        ...(hasStore ? storeHealth(metrics) : []),
      ],
    },
  ];
}

function events(metrics: PlatformMetrics): Panel[] {
  return [
    {
      title: 'Events by outcome',
      unit: 'cps',
      queries: [rateBy('outcome', metrics.manager('oscar_manager_events_total'))],
    },
    {
      title: 'From upload to receipt',
      unit: 's',
      queries: quantiles(metrics.manager('oscar_manager_event_age_seconds_bucket')),
    },
    {
      title: 'Asked for by the sweep',
      queries: [
        {
          expr: `sum by (status) (increase(${metrics.manager('oscar_manager_swept_total')}${SPAN}))`,
          legend: '{{status}}',
        },
      ],
    },
  ];
}

function storeQueue(metrics: PlatformMetrics): Panel {
  const target = (metric: string) =>
    metrics.store(`minio_notify_target_${metric}`, 'node', { target_id: WEBHOOK_TARGET });
  return {
    title: "Events in the store's queues",
    queries: [
      { expr: `sum by (server) (${target('queue_length')})`, legend: 'waiting, {{server}}' },
      { expr: `sum(increase(${target('failed_events')}${SPAN}))`, legend: 'lost' },
    ],
  };
}

/** Every manager tells the same of Jobs. */
function jobs(metrics: PlatformMetrics): Panel[] {
  const all = metrics.manager('oscar_manager_jobs');
  const failed = metrics.manager('oscar_manager_jobs', { status: 'Failed' });
  const pending = metrics.services('kube_pod_status_phase', { phase: 'Pending', pod: JOB_PODS });
  const waiting = metrics.manager('oscar_manager_jobs_waiting');
  return [
    {
      title: 'Jobs by status',
      queries: [{ expr: `max by (status) (sum by (status, instance) (${all}))`, legend: '{{status}}' }],
    },
    {
      title: 'Jobs made, by service',
      unit: 'cps',
      queries: [rateBy('exported_service', metrics.manager('oscar_manager_jobs_stored_total'))],
    },
    {
      title: 'Failed Jobs, by service',
      queries: [{ expr: `max by (exported_service) (${failed}) > 0`, legend: '{{exported_service}}' }],
    },
    {
      title: 'Jobs that wait',
      queries: [
        { expr: `sum(max by (pod) (${pending}))`, legend: 'for a node (pods that are Pending)' },
        { expr: `max by (exported_service) (${waiting}) > 0`, legend: 'for their turn, {{exported_service}}' },
      ],
    },
  ];
}

function calls(metrics: PlatformMetrics): Panel[] {
  const steps = (step: string) => metrics.manager('oscar_manager_step_duration_seconds_bucket', { step });
  const available = metrics.services('kube_deployment_status_replicas_available');
  return [
    {
      title: 'Calls by status',
      unit: 'reqps',
      queries: [rateBy('status', metrics.manager('oscar_manager_requests_total', CALLS))],
    },
    { title: 'Duration of calls', unit: 's', queries: quantiles(steps('run')) },
    { title: 'Wait for the first pod', unit: 's', queries: quantiles(steps('cold_start')) },
    {
      title: 'Warm pods, by service',
      queries: [{ expr: `max by (deployment) (${available})`, legend: '{{deployment}}' }],
    },
  ];
}

function store(metrics: PlatformMetrics): Panel[] {
  const capacity = (what: string) => `max(${metrics.store(`minio_cluster_capacity_usable_${what}_bytes`, 'cluster')})`;
  const requests = (what: string) => metrics.store(`minio_s3_requests_${what}total`, 'node');
  const traffic = (way: string) => metrics.store(`minio_s3_traffic_${way}_bytes`, 'node');
  return [
    {
      title: 'Capacity',
      unit: 'bytes',
      queries: [
        { expr: `${capacity('total')} - ${capacity('free')}`, legend: 'used' },
        { expr: capacity('total'), legend: 'all' },
      ],
    },
    {
      title: 'S3 requests',
      unit: 'reqps',
      queries: [
        rateBy('api', requests('')),
        { expr: `sum(rate(${requests('5xx_errors_')}${SPAN}))`, legend: 'answered by a 5xx' },
      ],
    },
    {
      title: 'S3 traffic',
      unit: 'Bps',
      queries: ['received', 'sent'].map((way) => ({ expr: `sum(rate(${traffic(way)}${SPAN}))`, legend: way })),
    },
  ];
}

function alertsFiring(metrics: PlatformMetrics): Panel {
  const alerts = { alertname: { like: 'Oscar.+' }, alertstate: 'firing' };
  const firing = [metrics.platform('ALERTS', alerts), metrics.services('ALERTS', alerts)];
  return {
    title: 'Alerts',
    kind: 'stat',
    bad: { from: 1 },
    queries: [{ expr: `count(${firing.join(' or ')}) or vector(0)`, legend: 'firing' }],
  };
}

function health(metrics: PlatformMetrics): Panel[] {
  const { manager, sweep: cronjob, supervisorInstaller } = metrics.parts;
  const swept = metrics.platform('kube_cronjob_status_last_successful_time', { cronjob });
  const ready = metrics.platform('kube_deployment_status_replicas_available', { deployment: manager });
  return [
    {
      title: 'Managers that are ready',
      kind: 'stat',
      bad: { below: 1 },
      queries: [{ expr: `max(${ready})`, legend: 'ready' }],
    },
    {
      title: 'Since the last sweep that succeeded',
      kind: 'stat',
      unit: 's',
      queries: [{ expr: `time() - max(${swept})`, legend: 'ago' }],
    },
    ...(supervisorInstaller === undefined ? [] : [supervisorNodes(metrics, supervisorInstaller)]),
  ];
}

function supervisorNodes(metrics: PlatformMetrics, daemonset: string): Panel {
  const number = (metric: string) => `max(${metrics.services(`kube_daemonset_status_${metric}`, { daemonset })})`;
  return {
    title: 'Nodes without the supervisor',
    kind: 'stat',
    bad: { from: 1 },
    queries: [{ expr: `${number('desired_number_scheduled')} - ${number('number_ready')}`, legend: 'nodes' }],
  };
}

function storeHealth(metrics: PlatformMetrics): Panel[] {
  const { store: statefulset = '' } = metrics.parts;
  const ready = metrics.platform('kube_statefulset_status_replicas_ready', { statefulset });
  return [
    {
      title: "The store's pods that are ready",
      kind: 'stat',
      bad: { below: 1 },
      queries: [{ expr: `max(${ready})`, legend: 'ready' }],
    },
    {
      title: 'Drives that are offline',
      kind: 'stat',
      bad: { from: 1 },
      queries: [{ expr: `max(${metrics.store('minio_cluster_drive_offline_total', 'cluster')})`, legend: 'offline' }],
    },
  ];
}

const rateBy = (label: string, selector: string): Query => ({
  expr: `sum by (${label}) (rate(${selector}${SPAN}))`,
  legend: `{{${label}}}`,
});

/** Half of them took less, and all but one in a hundred. */
const quantiles = (buckets: string): Query[] =>
  [0.5, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${buckets}${SPAN})))`,
    legend: `p${quantile * 100}`,
  }));
