import { Construct } from 'constructs';
import { PrometheusRule, PrometheusRuleSpecGroupsRulesExpr } from '../../imports/monitoring.coreos.com';
import { recommendedLabels } from '../contract';
import type { AlertRule } from './alert-rule';
import { AlertGroup, alertGroups } from './alert-rules';
import { checkLabels } from './checks';
import { metadata } from './metadata';
import type { MonitoredParts } from './platform-metrics';

/** How the PrometheusRule is made. */
export interface AlertsOptions {
  /**
   * By which a Prometheus chooses its PrometheusRules: kube-prometheus-stack's takes those with its own `release`.
   * Ours can't be replaced. @default none
   */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertsProps extends AlertsOptions {
  /** Name of the platform. */
  readonly name: string;
  /** What the alerts are about; the PrometheusRule is in the platform's namespace. */
  readonly parts: MonitoredParts;
}

/** Where each alert has a heading of its name: what it means, and what to do. */
const RUNBOOK = 'docs/OPERATIONS.md';

/** Alerts for the Prometheus operator, of what ServiceMonitors and kube-state-metrics tell: one PrometheusRule. */
export class Alerts extends Construct {
  /** @throws DeclarationError on labels that Kubernetes refuses */
  constructor(scope: Construct, id: string, { name, parts, labels = {} }: AlertsProps) {
    super(scope, id);
    checkLabels({ field: ['alerts', 'labels'] }, labels);
    new PrometheusRule(this, 'rules', {
      metadata: metadata({
        name: `${name}-alerts`,
        namespace: parts.namespace,
        labels: { ...labels, ...recommendedLabels('platform', name) },
      }),
      spec: { groups: alertGroups(parts).map((group) => groupOf(name, group)) },
    });
  }
}

const groupOf = (platform: string, { name, rules }: AlertGroup) => ({
  name: `${platform}.${name}`,
  rules: rules.map(ruleOf),
});

const ruleOf = ({ name, severity, expr, summary, description, for: holds }: AlertRule) => ({
  alert: name,
  expr: PrometheusRuleSpecGroupsRulesExpr.fromString(expr),
  ...(holds === undefined ? {} : { for: holds }),
  labels: { severity },
  annotations: { summary, description, runbook: `${RUNBOOK}#${name.toLowerCase()}` },
});
