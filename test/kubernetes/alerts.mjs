// `npm run test:alerts`: Prometheus' own promtool judges the alerts of two platforms in one cluster: each alert of the one fires
// in the cases of alerts-cases.yaml where it should, stays quiet where it shouldn't, and none of the other's fires with it.
// Prometheus' own parser reads the dashboard's queries as well.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { goProgram } from './go-program.mjs';

const PROMTOOL = 'github.com/prometheus/prometheus/cmd/promtool@v0.316.0';
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { App, Chart } = require('cdk8s');
const { Platform } = require('../../lib/src/index.js');

/** A platform's groups of alerts, as environments have them; and its dashboard's queries, as rules that nobody needs. */
function groupsOf(name, namespace) {
  const chart = new Chart(new App(), 'test');
  new Platform(chart, 'platform', { name, namespace, serviceMonitors: true, alerts: true, dashboard: true });
  const objects = chart.toJson();
  const { data } = objects.find(({ metadata }) => metadata.name === `${name}-dashboard`);
  const queries = JSON.parse(Object.values(data)[0]).panels.flatMap(({ targets = [] }) => targets);
  const panels = queries.map(({ expr }, index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll('$__rate_interval', '2m'),
  }));
  const { groups } = objects.find(({ kind }) => kind === 'PrometheusRule').spec;
  return { alerts: groups, panels: { name: `${name}.dashboard`, rules: panels } };
}

/** A case as promtool takes it. All alerts of the name that fire are compared, with their labels and texts. */
function testOf({ alert, when, series = {}, at, fires }, { annotations, labels }, background) {
  const expected = fires && {
    exp_labels: { ...labels, ...fires.labels },
    exp_annotations: { ...annotations, summary: fires.summary },
  };
  return {
    name: `${alert}, ${when}`,
    interval: '1m',
    input_series: Object.entries({ ...background, ...series }).map(([series, values]) => ({ series, values })),
    alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: expected ? [expected] : [] }],
  };
}

/** What promtool has to say against them; nothing when all is well. */
function judged(groups, tests) {
  const folder = mkdtempSync(join(tmpdir(), 'oscar-alerts-'));
  try {
    const write = (file, content) => writeFileSync(join(folder, file), JSON.stringify(content));
    write('rules.json', { groups });
    write('tests.json', { rule_files: ['rules.json'], evaluation_interval: '1m', tests });
    for (const args of [
      ['check', 'rules', 'rules.json'],
      ['test', 'rules', 'tests.json'],
    ]) {
      const { status, stdout, stderr, error } = spawnSync(goProgram(PROMTOOL), args, { cwd: folder, encoding: 'utf8' });
      if (error) throw error;
      if (status !== 0) return [`${stdout}${stderr}`];
    }
    return [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [own, others] = [groupsOf('oscar', 'oscar'), groupsOf('other', 'elsewhere')];
const rules = new Map(own.alerts.flatMap(({ rules }) => rules).map((rule) => [rule.alert, rule]));
const { background, cases } = parse(readFileSync(join(here, 'alerts-cases.yaml'), 'utf8'));

const tested = (fires) => new Set(cases.filter((one) => Boolean(one.fires) === fires).map(({ alert }) => alert));
const missing = (fires, what) =>
  [...rules.keys()]
    .filter((alert) => !tested(fires).has(alert))
    .map((alert) => `${alert}: no case in which it ${what}`);
const unknown = cases.filter(({ alert }) => !rules.has(alert)).map(({ alert }) => `${alert}: there is no such alert`);
const failures = [...missing(true, 'fires'), ...missing(false, 'stays quiet'), ...unknown];
if (failures.length === 0) {
  const tests = cases.map((one) => testOf(one, rules.get(one.alert), background));
  failures.push(...judged([...own.alerts, own.panels, ...others.alerts], tests));
}
for (const failure of failures) console.error(failure);
console.log(`alerts: ${rules.size} rules, ${cases.length} cases: ${failures.length ? 'failed' : 'as they should be'}`);
process.exitCode = failures.length ? 1 : 0;
