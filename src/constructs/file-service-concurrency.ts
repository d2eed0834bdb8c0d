import { check, checkInteger, checkQuantity, INT32, Subject } from './checks';
import type { ServiceModel } from './file-service-model';
import { parseQuantity } from './quantity';

type Model = Omit<ServiceModel, 'script'>;

/** @throws DeclarationError on a limit that lets no Job run. */
export function checkConcurrency(model: Model, at: (...field: string[]) => Subject): void {
  const { concurrency } = model.job;
  if (concurrency !== undefined) checkInteger(at('job', 'concurrency'), concurrency, 1, INT32, 'Jobs');
  for (const { field, kind, total, each } of totals(model)) {
    if (total === undefined) continue;
    checkQuantity(at(`total_${field}`), total, kind);
    check(parseQuantity(total)! >= parseQuantity(each)!, at(`total_${field}`), {
      problem: 'not enough for one Job, so that none could ever run',
      value: total,
      allowed: `at least the service's \`${field}\`, "${each}"`,
      fix: `write "${each}" for one Job at a time, or lower \`${field}\``,
    });
  }
}

/** How many Jobs may be under way at one time by all that limits them; nothing: any number. */
export function concurrencyOf(model: Model): number | undefined {
  const limits = totals(model).map(({ total, each }) =>
    total === undefined ? Infinity : Number(parseQuantity(total)! / parseQuantity(each)!),
  );
  const limit = Math.min(model.job.concurrency ?? Infinity, ...limits);
  return limit === Infinity ? undefined : Math.min(limit, INT32);
}

const totals = ({ cpu, memory, props: { totalCpu, totalMemory } }: Model) =>
  [
    { field: 'cpu', kind: 'cpu', total: totalCpu, each: cpu },
    { field: 'memory', kind: 'bytes', total: totalMemory, each: memory },
  ] as const;
