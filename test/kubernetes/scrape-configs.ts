/** As much of the Prometheus operator's ServiceMonitor as ours use. */
export interface ServiceMonitor {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly selector: Selector; readonly endpoints: readonly Endpoint[] };
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Expression[];
}

interface Expression {
  readonly key: string;
  readonly operator: string;
}

interface Endpoint {
  readonly port: string;
  readonly path: string;
  readonly authorization: { readonly credentials: SecretKey };
  readonly relabelings?: readonly Relabelled[];
}

interface Relabelled {
  readonly sourceLabels: readonly string[];
  readonly targetLabel: string;
  /** The API server says what nobody said. @default 'replace' */
  readonly action?: string;
}

export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** Where Prometheus learns of targets, and what it shows to them. */
export interface Access {
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** The text of a Secret of the monitor's namespace. */
  readonly secret: (key: SecretKey) => string;
}

type Relabeling = Readonly<Record<string, string | readonly string[]>>;

const META = '__meta_kubernetes';

/**
 * What the Prometheus operator makes of a ServiceMonitor (prometheus-operator, pkg/prometheus/promcfg.go).
 * @throws on a field whose translation is not written here: it would be left out, and nobody would see
 */
export function scrapeConfigs({ metadata, spec }: ServiceMonitor, access: Access): object[] {
  const { name, namespace } = metadata;
  const { selector, endpoints } = only(spec, ['selector', 'endpoints']);
  return endpoints.map((endpoint, index) => ({
    job_name: `serviceMonitor/${namespace}/${name}/${index}`,
    kubernetes_sd_configs: [
      { role: 'endpointslice', kubeconfig_file: access.kubeconfig, namespaces: { names: [namespace] } },
    ],
    ...requests(endpoint, access),
    relabel_configs: [...chosen(selector, endpoint), ...labelled(endpoint), ...relabelled(endpoint)],
  }));
}

function requests(endpoint: Endpoint, { secret }: Access): object {
  const { path, authorization } = only(endpoint, ['port', 'path', 'authorization', 'relabelings']);
  const { credentials } = only(authorization, ['credentials']);
  return { metrics_path: path, authorization: { type: 'Bearer', credentials: secret(credentials) } };
}

/** Of all ports of all Services. */
function chosen(selector: Selector, { port }: Endpoint): Relabeling[] {
  const { matchLabels = {}, matchExpressions = [] } = only(selector, ['matchLabels', 'matchExpressions']);
  const labels = Object.entries(matchLabels).map(([label, value]) => ({
    action: 'keep',
    source_labels: [`${META}_service_label_${sanitized(label)}`, present(label)],
    regex: `(${value});true`,
  }));
  const absent = matchExpressions.map(({ key, operator }) => {
    if (operator !== 'DoesNotExist') throw new Error(`no translation of the operator ${operator}`);
    return { action: 'drop', source_labels: [present(key)], regex: 'true' };
  });
  return [...labels, ...absent, { action: 'keep', source_labels: [`${META}_endpointslice_port_name`], regex: port }];
}

/** With the labels that every target has, and without pods that have ended. */
function labelled({ port }: Endpoint): Relabeling[] {
  const copied = (from: string, target_label: string) => ({ source_labels: [`${META}_${from}`], target_label });
  return [
    copied('namespace', 'namespace'),
    copied('service_name', 'service'),
    copied('pod_name', 'pod'),
    copied('pod_container_name', 'container'),
    { action: 'drop', source_labels: [`${META}_pod_phase`], regex: '(Failed|Succeeded)' },
    copied('service_name', 'job'),
    { target_label: 'endpoint', replacement: port },
  ];
}

function relabelled({ relabelings = [] }: Endpoint): Relabeling[] {
  return relabelings.map((relabeling) => {
    const {
      sourceLabels,
      targetLabel,
      action = 'replace',
    } = only(relabeling, ['sourceLabels', 'targetLabel', 'action']);
    if (action !== 'replace') throw new Error(`no translation of the action ${action}`);
    return { source_labels: sourceLabels, target_label: targetLabel };
  });
}

const present = (label: string) => `${META}_service_labelpresent_${sanitized(label)}`;
const sanitized = (label: string) => label.replaceAll(/[^a-zA-Z0-9_]/g, '_');

/** @throws on fields of other names */
function only<T extends object>(value: T, fields: readonly (keyof T & string)[]): T {
  const others = Object.keys(value).filter((field) => !(fields as readonly string[]).includes(field));
  if (others.length > 0) throw new Error(`no translation of ${others.join(', ')}`);
  return value;
}
