import { Construct } from 'constructs';
import { KubeConfigMap } from 'cdk8s-plus-27/lib/imports/k8s';
import { contentHash, recommendedLabels } from '../contract';
import { checkLabels } from './checks';
import { dashboardRows, Panel, Row } from './dashboard-panels';
import { metadata } from './metadata';
import type { MonitoredParts } from './platform-metrics';

/** How the dashboard's ConfigMap is made. */
export interface DashboardOptions {
  /**
   * By which Grafana's sidecar chooses ConfigMaps; those of the platform itself can't be replaced.
   * @default `grafana_dashboard: "1"`, as kube-prometheus-stack's takes it
   */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface DashboardProps extends DashboardOptions {
  /** Name of the platform. */
  readonly name: string;
  /** What it shows; the ConfigMap is in the platform's namespace. */
  readonly parts: MonitoredParts;
  /** Whether there are alerts to be counted. @default false */
  readonly hasAlerts?: boolean;
}

/** A dashboard for Grafana from version 9 on, in a ConfigMap that its sidecar loads. */
export class Dashboard extends Construct {
  /** @throws DeclarationError on labels that Kubernetes refuses */
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { name, parts, labels = {} } = props;
    checkLabels({ field: ['dashboard', 'labels'] }, labels);
    const { namespace } = parts;
    new KubeConfigMap(this, 'config-map', {
      metadata: metadata({
        name: `${name}-dashboard`,
        namespace,
        labels: { grafana_dashboard: '1', ...labels, ...recommendedLabels('platform', name) },
      }),
      // The sidecar puts all dashboards of a cluster into one folder.
      data: { [`${namespace}-${name}.json`]: `${JSON.stringify(dashboardOf(props), null, 2)}\n` },
    });
  }
}

/** Of Grafana 10. Later ones bring it up to theirs; 9 reads it as it stands. */
const SCHEMA_VERSION = 39;
/** Grafana's grid. */
const COLUMNS = 24;
const HEIGHTS = { row: 1, stat: 4, graph: 8 } as const;

function dashboardOf({ name, parts, hasAlerts = false }: DashboardProps) {
  return {
    uid: `oscar-${contentHash([parts.namespace, name])}`,
    title: `OSCAR: ${parts.namespace}/${name}`,
    tags: ['oscar'],
    schemaVersion: SCHEMA_VERSION,
    editable: false,
    graphTooltip: 1, // one cross-hair on all graphs
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, hide: 0 },
      ],
    },
    panels: panelsOf(dashboardRows(parts, hasAlerts)),
  };
}

/** Rows from above, the panels of each side by side. */
function panelsOf(rows: readonly Row[]) {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: inRow } of rows) {
    const id = () => panels.length + 1;
    panels.push({
      id: id(),
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: place(0, y, COLUMNS, HEIGHTS.row),
    });
    y += HEIGHTS.row;
    const w = Math.floor(COLUMNS / inRow.length);
    const h = Math.max(...inRow.map(({ kind }) => HEIGHTS[kind ?? 'graph']));
    for (const [index, panel] of inRow.entries()) {
      panels.push({ id: id(), gridPos: place(index * w, y, w, h), ...panelOf(panel) });
    }
    y += h;
  }
  return panels;
}

const place = (x: number, y: number, w: number, h: number) => ({ x, y, w, h });
const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

function panelOf({ title, kind, unit = 'short', bad, queries }: Panel) {
  return {
    type: kind ?? 'timeseries',
    title,
    datasource: DATA_SOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATA_SOURCE,
      expr,
      legendFormat: legend,
    })),
    fieldConfig: { defaults: { unit, min: 0, ...(bad ? colours(bad) : {}) }, overrides: [] },
    options: kind === 'stat' ? STAT : GRAPH,
  };
}

const STAT = {
  colorMode: 'value',
  graphMode: 'none',
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
};
const GRAPH = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
  tooltip: { mode: 'multi', sort: 'desc' },
};

/** Grafana's steps begin with the colour of all that is lower. */
function colours(bad: NonNullable<Panel['bad']>) {
  const [first, then, value] = 'from' in bad ? ['green', 'red', bad.from] : ['red', 'green', bad.below];
  return {
    color: { mode: 'thresholds' },
    thresholds: {
      mode: 'absolute',
      steps: [
        { color: first, value: null },
        { color: then, value },
      ],
    },
  };
}
