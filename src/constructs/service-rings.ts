import { keyPrefix } from '../contract';
import { DeclarationError, FieldPath } from './errors';

export interface Place {
  readonly bucket: string;
  readonly folder: string;
  /** File names' beginnings and ends; empty: any. */
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
}

/** Where a service's files come from and go to, in the platform's own store. */
export interface Flow {
  readonly service: string;
  readonly inputs: Place[];
  readonly outputs: Place[];
}

/** Throws when `from` can trigger itself, directly or through other services: its files would run round for ever. */
export function checkAcyclic(flows: ReadonlyMap<string, Flow>, from: Flow, field: FieldPath): void {
  const ring = findRing(flows, from);
  if (!ring) return;
  throw new DeclarationError({
    problem: ring.length === 1 ? 'its output would trigger itself' : `its output would trigger itself through ${ring.slice(1).join(', then ')}`,
    service: from.service,
    field,
    value: [...ring, from.service].join(' → '),
    allowed: 'outputs that lead to no input of the same service',
    fix: 'write to a folder that none of them reads, or tell the files apart with `prefix`/`suffix`',
  });
}

/** Services of a ring through `from`, beginning with it. */
function findRing(flows: ReadonlyMap<string, Flow>, from: Flow): string[] | undefined {
  if (!from.inputs.length || !from.outputs.length) return undefined;
  const seen = new Set<string>();
  const pending: Flow[][] = [[from]];
  for (let path = pending.pop(); path; path = pending.pop()) {
    for (const next of triggeredBy(flows, path[path.length - 1])) {
      if (next === from) return path.map(({ service }) => service);
      if (seen.has(next.service)) continue;
      seen.add(next.service);
      pending.push([...path, next]);
    }
  }
  return undefined;
}

function triggeredBy(flows: ReadonlyMap<string, Flow>, { outputs }: Flow): Flow[] {
  if (!outputs.length) return [];
  return [...flows.values()].filter(({ inputs }) => inputs.some((input) => outputs.some((output) => triggers(output, input))));
}

/** Whether a file written to `output` may be an upload that `input` waits for. */
function triggers(output: Place, input: Place): boolean {
  if (output.bucket !== input.bucket) return false;
  const [to, at] = [keyPrefix(output.folder), keyPrefix(input.folder)];
  return (
    (to.startsWith(at) || at.startsWith(to)) &&
    compatible(output.prefix, input.prefix, (a, b) => a.startsWith(b)) &&
    compatible(output.suffix, input.suffix, (a, b) => a.endsWith(b))
  );
}

/** Whether one name can satisfy both lists. */
function compatible(a: readonly string[], b: readonly string[], fits: (long: string, short: string) => boolean): boolean {
  return !a.length || !b.length || a.some((x) => b.some((y) => fits(x, y) || fits(y, x)));
}
