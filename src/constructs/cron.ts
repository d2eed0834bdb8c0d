import { check, Subject } from './checks';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  readonly min: number;
  readonly max: number;
  /** Words for numbers from `min` on. */
  readonly words?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, words: MONTHS },
  { min: 0, max: 6, words: DAYS },
];

const MACRO = /^@(hourly|daily|midnight|weekly|monthly|yearly|annually)$/;

/**
 * A CronJob's schedule, as the API server takes it (github.com/robfig/cron v3, ParseStandard): five fields of lists,
 * ranges and steps, or a macro such as `@hourly`.
 */
export function checkCron(subject: Subject, value: string): void {
  const fields = value.trim().split(/\s+/);
  const holds =
    MACRO.test(value) || (fields.length === FIELDS.length && fields.every((one, i) => fits(one, FIELDS[i])));
  check(holds, subject, {
    problem: 'not a schedule that Kubernetes takes',
    value,
    allowed:
      'minute hour day-of-month month day-of-week: numbers, "*", ranges "1-5", steps "*/5", lists "0,30"; or "@hourly"',
    fix: 'for example "*/5 * * * *"',
  });
}

function fits(text: string, field: Field): boolean {
  return text.split(',').every((part) => {
    const [, range, , step] = /^([^/]+)(\/(\d+))?$/.exec(part) ?? [];
    if (range === undefined || (step !== undefined && Number(step) < 1)) return false;
    if (range === '*' || range === '?') return true;
    const [from, to = from, ...more] = range.split('-').map((end) => numberOf(end, field));
    return more.length === 0 && from >= field.min && to <= field.max && from <= to;
  });
}

/** NaN, which is in no range, for what is neither a number nor a word. */
function numberOf(text: string, { min, words = [] }: Field): number {
  const word = words.indexOf(text.toLowerCase());
  if (word >= 0) return min + word;
  return /^\d+$/.test(text) ? Number(text) : NaN;
}
