import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Alerts, AlertsProps } from '../../src/constructs/alerts';
import { knownMetrics } from '../support/known-metrics';
import { Manifest, manifests, only, refusal } from '../support/platform';
import { parsePromql } from '../support/promql';
import { PARTS } from './monitored';

const made = (props: Partial<AlertsProps> = {}) =>
  only(
    manifests((chart) => void new Alerts(chart, 'alerts', { name: 'p', parts: PARTS, ...props })),
    'PrometheusRule',
  );
const rulesOf = ({ spec }: Manifest): Manifest[] => spec.groups.flatMap(({ rules }: Manifest) => rules);
const named = (rules: readonly Manifest[]) => rules.map(({ alert }) => alert);
const RULES = rulesOf(made());

test('every property shows up', () => {
  const props: Required<AlertsProps> = { name: 'q', parts: PARTS, labels: { release: 'prometheus' } };
  const { metadata, spec } = made(props);
  expect(metadata).toMatchObject({ name: 'q-alerts', namespace: 'here' });
  expect(metadata.labels).toMatchObject({ release: 'prometheus', 'app.kubernetes.io/instance': 'q' });
  expect(spec.groups.map(({ name }: Manifest) => name)).toEqual(['q.platform', 'q.events', 'q.services', 'q.store']);
});

test('labels of ours stay, and one that Kubernetes refuses is refused', () => {
  const component = 'app.kubernetes.io/component';
  expect(made({ labels: { [component]: 'x' } }).metadata.labels[component]).toBe('platform');
  expect(refusal(() => made({ labels: { release: 'a b' } })).field).toEqual(['alerts', 'labels', 'release']);
});

test('no two have the same name', () => {
  expect(new Set(named(RULES)).size).toBe(RULES.length);
  expect(RULES.length).toBeGreaterThan(12);
});

test('of a store that is elsewhere nothing is asked', () => {
  const parts = { ...PARTS, store: undefined };
  const rules = rulesOf(made({ parts }));
  const store = ['OscarStoreDown', 'OscarDrivesOffline', 'OscarStoreNearlyFull', 'OscarEventQueueGrows'];
  expect(named(RULES).filter((name) => !named(rules).includes(name))).toEqual(store);
  expect(JSON.stringify(rules)).not.toMatch(/minio|undefined/);
});

test('without an installer on each node nothing is asked of it', () => {
  const rules = rulesOf(made({ parts: { ...PARTS, supervisorInstaller: undefined } }));
  expect(named(RULES).filter((name) => !named(rules).includes(name))).toEqual(['OscarSupervisorMissing']);
});

describe.each(RULES.map((rule) => [rule.alert, rule]))('%s', (name, rule) => {
  const { selectors, groupedBy } = parsePromql(rule.expr);

  test('asks for series that there are, by labels that they have', async () => {
    const known = await knownMetrics();
    const labels = selectors.flatMap(({ metric }) => [...(known.get(metric) ?? [])]);
    for (const { metric, matchers } of selectors) {
      expect([...known.keys()]).toContain(metric);
      expect([...known.get(metric)!]).toEqual(expect.arrayContaining(Object.keys(matchers)));
    }
    expect(labels).toEqual(expect.arrayContaining([...groupedBy]));
  });

  test('asks for series of its own platform, and says of which namespace it is', () => {
    for (const { metric, matchers } of selectors) {
      const { namespace, ...others } = matchers;
      expect(['here', 'there']).toContain(namespace);
      // Other platforms may be in the namespace of this one; services belong to one.
      if (namespace === 'here') expect(`${metric} ${Object.values(others)}`).toMatch(/\bp-/);
    }
    expect(groupedBy).toContain('namespace');
  });

  test('says what is the matter, how bad it is, and where to read on', () => {
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    const { summary, description, runbook } = rule.annotations;
    expect(summary).toMatch(/\.$/);
    expect(description).toMatch(/\.$/);
    const [file, anchor] = runbook.split('#');
    expect(anchor).toBe(name.toLowerCase());
    const headings = readFileSync(join(__dirname, '../..', file), 'utf8').match(/^### .*$/gm);
    expect(headings).toContain(`### ${name}`);
  });

  test('is told of what its words need', () => {
    const words = `${rule.annotations.summary} ${rule.annotations.description}`;
    const used = [...words.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    const told = [...groupedBy, ...selectors.flatMap(({ matchers }) => Object.keys(matchers))];
    expect(told).toEqual(expect.arrayContaining(used));
  });
});

test('docs/OPERATIONS.md explains these alerts and no others', () => {
  const text = readFileSync(join(__dirname, '../../docs/OPERATIONS.md'), 'utf8');
  const headings = [...text.matchAll(/^### (Oscar\w+)$/gm)].map(([, name]) => name);
  expect(headings).toEqual(named(RULES));
});
