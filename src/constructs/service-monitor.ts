import { Construct } from 'constructs';
import { ServiceMonitor, ServiceMonitorSpec } from '../../imports/monitoring.coreos.com';
import { checkLabels } from './checks';
import { metadata } from './metadata';

/** How ServiceMonitors are made. */
export interface ServiceMonitorOptions {
  /**
   * By which a Prometheus chooses its ServiceMonitors: kube-prometheus-stack's takes those with its own `release`.
   * Ours can't be replaced. @default none
   */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface MonitorProps {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  /** As the user gave it. `false` makes nothing. @default false */
  readonly options?: boolean | ServiceMonitorOptions;
  readonly spec: ServiceMonitorSpec;
}

/**
 * A ServiceMonitor for the Prometheus operator, where one is asked for.
 * @throws DeclarationError on labels that Kubernetes refuses
 */
export function addServiceMonitor(scope: Construct, { name, namespace, labels, options, spec }: MonitorProps): void {
  if (!options) return;
  const more = options === true ? {} : (options.labels ?? {});
  checkLabels({ field: ['serviceMonitors', 'labels'] }, more);
  new ServiceMonitor(scope, 'service-monitor', {
    metadata: metadata({ name, namespace, labels: { ...more, ...labels } }),
    spec,
  });
}
