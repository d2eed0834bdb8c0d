import { alertGroups } from '../../src/constructs/alert-rules';
import { PARTS } from '../constructs/monitored';
import { parsePromql } from '../support/promql';
import { hastened, hastenedDuration, hastenedExpr } from './hastened-rules';

const RULES = alertGroups(PARTS).flatMap(({ rules }) => rules);

test('what a rule waits for and looks back at is shorter, counts and shares are not', () => {
  const labels = { severity: 'warning' };
  const rule = { alert: 'A', expr: 'max_over_time(a{b="3600"}[6m]) > 10', for: '1h30m', labels, annotations: {} };
  expect(hastened([{ name: 'a', rules: [rule] }], 30)).toEqual([
    { name: 'a', rules: [{ ...rule, expr: 'max_over_time(a{b="3600"}[12000ms]) > 10', for: '180000ms' }] },
  ]);
});

test.each([
  ['a > 10 and a >= a offset 15m', 'a > 10 and a >= a offset 30000ms'],
  ['time() - a > 3 * b + 3600', 'time() - a > 3 * b + 120'],
  ['a_seconds > 300', 'a_seconds > 10'],
  ['a / 10 < 0.1', 'a / 10 < 0.1'],
  ['sum(increase(a{b="1m"}[1h:5m])) > 0', 'sum(increase(a{b="1m"}[120000ms:10000ms])) > 0'],
])('%s', (expr, expected) => expect(hastenedExpr(expr, 30)).toBe(expected));

test.each([
  ['time() - a > 100', 'neither a count nor a number of minutes: 100 in'],
  ['a > 300', 'neither a count nor a number of minutes: 300 in'],
  ['a_seconds > Inf', 'neither a count nor a number of minutes: Inf in'],
  ['rate(a[10ms])', "10ms can't be divided by 30"],
])('%s is refused', (expr, problem) => expect(() => hastenedExpr(expr, 30)).toThrow(problem));

test('what is no duration is refused', () => {
  expect(() => hastenedDuration('5 minutes', 30)).toThrow('no duration: 5 minutes');
});

test.each(RULES.map(({ name, expr }) => [name, expr]))('%s asks for the same series', (_name, expr) => {
  expect(parsePromql(hastenedExpr(expr, 30))).toEqual(parsePromql(expr));
});
