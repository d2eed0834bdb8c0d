import { Dashboard, DashboardProps } from '../../src/constructs/dashboard';
import { knownMetrics } from '../support/known-metrics';
import { Manifest, manifests, only, refusal } from '../support/platform';
import { parsePromql } from '../support/promql';
import { PARTS } from './monitored';

const made = (props: Partial<DashboardProps> = {}) =>
  only(
    manifests((chart) => void new Dashboard(chart, 'dashboard', { name: 'p', parts: PARTS, ...props })),
    'ConfigMap',
  );
const shown = ({ data }: Manifest): Manifest => JSON.parse(Object.values<string>(data)[0]);
const DASHBOARD = shown(made({ hasAlerts: true }));
const rowsOf = ({ panels }: Manifest) => panels.filter(({ type }: Manifest) => type === 'row');
const panelsOf = ({ panels }: Manifest): Manifest[] => panels.filter(({ type }: Manifest) => type !== 'row');
const titles = (object: Manifest) => panelsOf(shown(object)).map(({ title }) => title);
const TARGETS = panelsOf(DASHBOARD).flatMap(({ title, targets }) =>
  targets.map((target: Manifest) => [`${title}: ${target.legendFormat}`, target]),
);
/** As Grafana writes it into a query. */
const exprOf = ({ expr }: Manifest) => expr.replaceAll('$__rate_interval', '2m');

test('every property shows up', () => {
  const props: Required<DashboardProps> = { name: 'q', parts: PARTS, labels: { folder: 'oscar' }, hasAlerts: true };
  const { metadata, data } = made(props);
  expect(metadata).toMatchObject({ name: 'q-dashboard', namespace: 'here' });
  expect(metadata.labels).toMatchObject({
    grafana_dashboard: '1',
    folder: 'oscar',
    'app.kubernetes.io/instance': 'q',
  });
  expect(Object.keys(data)).toEqual(['here-q.json']);
  expect(shown(made(props)).title).toBe('OSCAR: here/q');
  expect(titles(made(props))).toContain('Alerts');
  expect(titles(made())).not.toContain('Alerts');
});

test("the sidecar's label may have another value, those of the platform may not, and none that Kubernetes refuses", () => {
  const component = 'app.kubernetes.io/component';
  const { labels } = made({ labels: { grafana_dashboard: 'yes', [component]: 'x' } }).metadata;
  expect(labels).toMatchObject({ grafana_dashboard: 'yes', [component]: 'platform' });
  expect(refusal(() => made({ labels: { a: 'a b' } })).field).toEqual(['dashboard', 'labels', 'a']);
});

test('another platform has another dashboard, in another file', () => {
  const other = made({ parts: { ...PARTS, namespace: 'elsewhere' } });
  expect(shown(other).uid).not.toBe(DASHBOARD.uid);
  expect(Object.keys(other.data)).toEqual(['elsewhere-p.json']);
  // Grafana takes 40 characters.
  expect(DASHBOARD.uid).toMatch(/^[-\w]{1,40}$/);
});

test('rows and panels stand in the grid, none on another, and each has an id of its own', () => {
  const { panels } = DASHBOARD;
  expect(rowsOf(DASHBOARD).map(({ title }: Manifest) => title)).toEqual([
    ...['Uploads and events', 'Jobs', 'Calls', 'Store', 'Health'],
  ]);
  expect(new Set(panels.map(({ id }: Manifest) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { gridPos, title } of panels) {
    const { x, y, w, h } = gridPos;
    expect(x + w).toBeLessThanOrEqual(24);
    expect(w).toBeGreaterThanOrEqual(4);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        expect([title, taken.has(`${column},${line}`)]).toEqual([title, false]);
        taken.add(`${column},${line}`);
      }
    }
  }
});

test('whoever looks chooses the Prometheus', () => {
  expect(DASHBOARD.templating.list).toMatchObject([{ name: 'datasource', type: 'datasource', query: 'prometheus' }]);
  const source = { type: 'prometheus', uid: '${datasource}' };
  for (const { datasource, targets } of panelsOf(DASHBOARD)) {
    expect([datasource, ...targets.map(({ datasource }: Manifest) => datasource)]).toEqual(
      Array(targets.length + 1).fill(source),
    );
  }
});

test('red is what is bad, on the right side of the value', () => {
  const steps = (title: string) =>
    panelsOf(DASHBOARD).find((panel) => panel.title === title)!.fieldConfig.defaults.thresholds.steps;
  expect(steps('Drives that are offline')).toEqual([
    { color: 'green', value: null },
    { color: 'red', value: 1 },
  ]);
  expect(steps('Managers that are ready')).toEqual([
    { color: 'red', value: null },
    { color: 'green', value: 1 },
  ]);
});

test('of a store that is elsewhere, and of an installer that is not there, nothing is shown', () => {
  const dashboard = shown(made({ parts: { ...PARTS, store: undefined, supervisorInstaller: undefined } }));
  expect(JSON.stringify(dashboard)).not.toMatch(/minio|daemonset|undefined/);
  expect(rowsOf(dashboard).map(({ title }: Manifest) => title)).not.toContain('Store');
  expect(panelsOf(dashboard).length).toBeGreaterThan(8);
});

describe.each(TARGETS)('%s', (_name, target) => {
  const { selectors, groupedBy } = parsePromql(exprOf(target));

  test('asks for series that there are, by labels that they have', async () => {
    const known = await knownMetrics();
    for (const { metric, matchers } of selectors) {
      expect([...known.keys()]).toContain(metric);
      expect([...known.get(metric)!]).toEqual(expect.arrayContaining(Object.keys(matchers)));
    }
    const labels = selectors.flatMap(({ metric }) => [...(known.get(metric) ?? [])]);
    expect(labels).toEqual(expect.arrayContaining([...groupedBy]));
  });

  test('asks for series of its own platform', () => {
    for (const { matchers } of selectors) expect(['here', 'there']).toContain(matchers.namespace);
  });

  test('its lines are called by labels that they have', () => {
    const used = [...target.legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    expect(groupedBy).toEqual(expect.arrayContaining(used));
  });
});
