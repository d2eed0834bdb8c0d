/**
 * Where MinIO tells its metrics: of the store as a whole, which every pod tells alike, and of a pod itself. Both tell
 * series of the same names; the label `metrics_path`, which the ServiceMonitor gives them, keeps them apart.
 */
export const STORE_METRICS = { cluster: '/minio/v2/metrics/cluster', node: '/minio/v2/metrics/node' } as const;

/** A platform's objects, as metrics name them. */
export interface MonitoredParts {
  readonly namespace: string;
  readonly servicesNamespace: string;
  /** Deployment and Service. */
  readonly manager: string;
  /** StatefulSet and Service. @default the store is elsewhere, and nothing is known of it */
  readonly store?: string;
  /** With which the names of its Jobs begin. */
  readonly provisioner: string;
  /** CronJob. */
  readonly sweep: string;
  /** DaemonSet. @default none: pods get the supervisor in another way */
  readonly supervisorInstaller?: string;
}

/** `label: value`, or `label: { like: regular expression }`. */
export type Matchers = Readonly<Record<string, string | { readonly like: string }>>;

/** A selector of series in PromQL. */
export function series(metric: string, matchers: Matchers): string {
  const texts = Object.entries(matchers).map(([label, value]) =>
    typeof value === 'string' ? `${label}=${JSON.stringify(value)}` : `${label}=~${JSON.stringify(value.like)}`,
  );
  return `${metric}{${texts.join(',')}}`;
}

/**
 * Selects series of one platform and of no other. `namespace` and `service` are labels that the Prometheus operator gives
 * to what a ServiceMonitor scrapes; a metric's own label `service` is `exported_service` then. Metrics of Kubernetes'
 * objects are kube-state-metrics', whose `namespace` is the object's (`honorLabels`, as kube-prometheus-stack sets it).
 */
export class PlatformMetrics {
  constructor(readonly parts: MonitoredParts) {}

  /** The manager's own. */
  manager(metric: string, matchers: Matchers = {}): string {
    const { namespace, manager } = this.parts;
    return series(metric, { namespace, service: manager, ...matchers });
  }

  /** MinIO's: `cluster` is told by each pod, of the whole store. */
  store(metric: string, of: keyof typeof STORE_METRICS, matchers: Matchers = {}): string {
    const { namespace, store = '' } = this.parts;
    return series(metric, { namespace, service: store, metrics_path: STORE_METRICS[of], ...matchers });
  }

  /** Of Kubernetes' objects in the platform's namespace. */
  platform(metric: string, matchers: Matchers): string {
    return series(metric, { namespace: this.parts.namespace, ...matchers });
  }

  /** Of Kubernetes' objects in the services' namespace. */
  services(metric: string, matchers: Matchers = {}): string {
    return series(metric, { namespace: this.parts.servicesNamespace, ...matchers });
  }
}

/** A Job's pod: `<service>-<20 hex digits>-<5 more>`, of which Kubernetes cuts off up to three. Warm pods have no such names. */
export const JOB_PODS = { like: '.+-[0-9a-f]{18,20}-?[a-z0-9]{5}' } as const;

/** Calls that are answered by a service. */
export const CALLS = { route: '/run/:service' } as const;
