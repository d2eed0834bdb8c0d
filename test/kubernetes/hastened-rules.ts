import { parser } from '@prometheus-io/lezer-promql';
import { parsePromql } from '../support/promql';

/** An alert as a PrometheusRule has it. */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 };
/** Numbers below are counts and shares. What is as large is a number of seconds, or nobody knows what it is. */
const LEAST_SECONDS = 60;

/**
 * Rules for a Prometheus whose time passes `factor` times as fast: what they wait for, and look back, is so much shorter.
 * What series tell stays: moments by the clock, and times between two of them.
 * @throws where it is not certain which numbers are times
 */
export function hastened(groups: readonly RuleGroup[], factor: number): RuleGroup[] {
  return groups.map(({ name, rules }) => ({ name, rules: rules.map((rule) => hastenedRule(rule, factor)) }));
}

function hastenedRule(rule: Rule, factor: number): Rule {
  const expr = hastenedExpr(rule.expr, factor);
  return { ...rule, expr, ...(rule.for === undefined ? {} : { for: hastenedDuration(rule.for, factor) }) };
}

/** @param expr PromQL */
export function hastenedExpr(expr: string, factor: number): string {
  let hastened = '';
  let end = 0;
  parser.parse(expr).iterate({
    enter({ name, from, to }) {
      if (!name.startsWith('NumberDurationLiteral')) return;
      const text = expr.slice(from, to);
      const isDuration = /^\d.*[a-z]$/.test(text);
      hastened += expr.slice(end, from) + (isDuration ? hastenedDuration : hastenedNumber(expr))(text, factor);
      end = to;
    },
  });
  return hastened + expr.slice(end);
}

/** In milliseconds, as Prometheus knows no part of one. */
export function hastenedDuration(duration: string, factor: number): string {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdw])/g)];
  if (parts.map(([part]) => part).join('') !== duration) throw new Error(`no duration: ${duration}`);
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit], 0) / factor;
  if (!Number.isInteger(ms)) throw new Error(`${duration} can't be divided by ${factor}`);
  return `${ms}ms`;
}

function hastenedNumber(expr: string) {
  return (text: string, factor: number): string => {
    const number = Number(text);
    if (number < LEAST_SECONDS) return text;
    const isOfTime =
      /\btime\(\)/.test(expr) || parsePromql(expr).selectors.some(({ metric }) => /_seconds$/.test(metric));
    if (isOfTime && number % LEAST_SECONDS === 0) return String(number / factor);
    throw new Error(`neither a count nor a number of minutes: ${text} in ${expr}`);
  };
}
