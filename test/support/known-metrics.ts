import { EVENT_OUTCOMES, Metrics } from '../../src/programs/manager/metrics';
import { Jobs } from '../../src/programs/manager/state/jobs';
import { toldSeries } from './promql';

type Known = ReadonlyMap<string, ReadonlySet<string>>;

/** MinIO's that are used, without the labels of whom Prometheus asks. `test/servers/minio-metrics.test.ts` asks MinIO for them. */
export const MINIO_METRICS: Readonly<Record<string, readonly string[]>> = {
  minio_cluster_capacity_usable_free_bytes: ['server'],
  minio_cluster_capacity_usable_total_bytes: ['server'],
  minio_cluster_drive_offline_total: ['server'],
  minio_cluster_health_status: ['server'],
  minio_notify_target_failed_events: ['server', 'target_id', 'target_name'],
  minio_notify_target_queue_length: ['server', 'target_id', 'target_name'],
  minio_s3_requests_5xx_errors_total: ['api', 'server'],
  minio_s3_requests_total: ['api', 'server'],
  minio_s3_traffic_received_bytes: ['server'],
  minio_s3_traffic_sent_bytes: ['server'],
};

/** kube-state-metrics' that are used (its docs/metrics/workload); all but the reason of a waiting container are stable there. */
const KUBERNETES_METRICS: Readonly<Record<string, readonly string[]>> = {
  kube_cronjob_created: ['cronjob'],
  kube_cronjob_next_schedule_time: ['cronjob'],
  kube_cronjob_status_last_schedule_time: ['cronjob'],
  kube_cronjob_status_last_successful_time: ['cronjob'],
  kube_daemonset_status_desired_number_scheduled: ['daemonset'],
  kube_daemonset_status_number_ready: ['daemonset'],
  kube_deployment_created: ['deployment'],
  kube_deployment_spec_replicas: ['deployment'],
  kube_deployment_status_replicas_available: ['deployment'],
  kube_job_failed: ['job_name', 'condition'],
  kube_pod_container_status_waiting_reason: ['pod', 'container', 'reason'],
  kube_pod_created: ['pod'],
  kube_pod_status_phase: ['pod', 'phase'],
  kube_statefulset_status_replicas_ready: ['statefulset'],
};

/** What the Prometheus operator adds to all that a ServiceMonitor's target tells. */
const TARGET = ['namespace', 'service', 'pod', 'container', 'endpoint', 'instance', 'job'];

/** Every series that may be asked for, with the labels by which Prometheus has it. */
export async function knownMetrics(): Promise<Known> {
  const known = new Map<string, Set<string>>();
  const add = (name: string, ...labels: string[]) => known.set(name, new Set(labels));
  for (const [name, labels] of await managerMetrics()) {
    // A label that the target has already is renamed by Prometheus.
    add(name, ...TARGET, ...[...labels].map((label) => (TARGET.includes(label) ? `exported_${label}` : label)));
  }
  for (const [name, labels] of Object.entries(MINIO_METRICS)) add(name, ...TARGET, 'metrics_path', ...labels);
  for (const [name, labels] of Object.entries(KUBERNETES_METRICS)) add(name, 'namespace', ...labels);
  add('up', ...TARGET, 'metrics_path');
  add('ALERTS', 'alertname', 'alertstate', 'severity', 'namespace');
  return known;
}

/** By the manager's own program, once each thing happened. */
async function managerMetrics(): Promise<Known> {
  const jobs = new Jobs();
  const metrics = new Metrics(jobs, { all: new Map() });
  jobs.onListed();
  jobs.onJob('cowsay-1', { name: 'cowsay-1', service: 'cowsay', status: 'Failed', created: '' });
  for (const outcome of EVENT_OUTCOMES) metrics.event(outcome);
  metrics.eventAged(1);
  metrics.swept('Refused');
  metrics.jobStored('cowsay');
  for (const step of ['receive', 'store', 'cold_start', 'run'] as const) metrics.step(step, 1);
  metrics.request('/run/:service', 500);
  metrics.refusedLogin('admin');
  return toldSeries(await metrics.text());
}
