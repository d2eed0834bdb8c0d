import { keyPrefix } from '../contract';
import { DeclarationError, FieldPath } from './errors';

export interface Place {
  readonly bucket: string;
  readonly folder: string;
  /** Ends of file names; empty: any. Prefixes can't tell files apart for sure, as they match folders too. */
  readonly suffix: readonly string[];
}

/** Where a service's files come from and go to, in the platform's own store. */
export interface Flow {
  readonly service: string;
  readonly inputs: Place[];
  readonly outputs: Place[];
}

/** Who feeds whom, kept as services are added, so that a ring is refused by the line that closes it. */
export class FlowGraph {
  private readonly flows = new Map<string, Flow>();
  /** Readers by bucket and first folder: a file under `a/b` concerns only readers of the bucket's root, or of `a/…`. */
  private readonly readers = new Map<string, Map<string, Set<Flow>>>();

  add(service: string): void {
    this.flows.set(service, { service, inputs: [], outputs: [] });
  }

  get(service: string): Flow | undefined {
    return this.flows.get(service);
  }

  get services(): string[] {
    return [...this.flows.keys()].sort();
  }

  addInput(flow: Flow, place: Place, field: FieldPath): void {
    flow.inputs.push(place);
    const folders = this.readers.get(place.bucket) ?? new Map<string, Set<Flow>>();
    this.readers.set(place.bucket, folders);
    const first = firstFolder(place);
    folders.set(first, (folders.get(first) ?? new Set()).add(flow));
    this.refuseRing(flow, field);
  }

  addOutput(flow: Flow, place: Place, field: FieldPath): void {
    flow.outputs.push(place);
    this.refuseRing(flow, field);
  }

  private refuseRing(from: Flow, field: FieldPath): void {
    const ring = this.findRing(from);
    if (!ring) return;
    const through = ring.slice(1).map((service) => `"${service}"`);
    throw new DeclarationError({
      problem: through.length
        ? `its output would trigger itself through ${through.join(', then ')}`
        : 'its output would trigger itself',
      service: from.service,
      field,
      value: [...ring, from.service].join(' → '),
      allowed: 'outputs that lead to no input of the same service',
      fix: 'write to a folder that none of them reads, or tell the files apart by `suffix`',
    });
  }

  /** Services of a ring through `from`, beginning with it. */
  private findRing(from: Flow): string[] | undefined {
    if (!from.inputs.length || !from.outputs.length) return undefined;
    const cause = new Map<Flow, Flow>();
    const pending = [from];
    for (let flow = pending.pop(); flow; flow = pending.pop()) {
      for (const next of this.triggeredBy(flow)) {
        if (next === from) return chain(flow, cause);
        if (cause.has(next)) continue;
        cause.set(next, flow);
        pending.push(next);
      }
    }
    return undefined;
  }

  private triggeredBy({ outputs }: Flow): Set<Flow> {
    const found = new Set<Flow>();
    for (const output of outputs) {
      for (const flow of this.candidates(output)) {
        if (flow.inputs.some((input) => triggers(output, input))) found.add(flow);
      }
    }
    return found;
  }

  private *candidates(output: Place): Iterable<Flow> {
    const folders = this.readers.get(output.bucket);
    if (!folders) return;
    const first = firstFolder(output);
    const keys = first === '' ? folders.keys() : ['', first];
    for (const key of keys) yield* folders.get(key) ?? [];
  }
}

/** Services that lead to `last`, from the first cause on. */
function chain(last: Flow, cause: ReadonlyMap<Flow, Flow>): string[] {
  const services: string[] = [];
  for (let flow: Flow | undefined = last; flow; flow = cause.get(flow)) services.unshift(flow.service);
  return services;
}

const firstFolder = ({ folder }: Place) => folder.split('/', 1)[0];

/** Whether a file written to `output` may be an upload that `input` waits for. */
function triggers(output: Place, input: Place): boolean {
  if (output.bucket !== input.bucket) return false;
  const [to, at] = [keyPrefix(output.folder), keyPrefix(input.folder)];
  return (to.startsWith(at) || at.startsWith(to)) && compatible(output.suffix, input.suffix);
}

/** Whether one name can satisfy both lists. */
function compatible(a: readonly string[], b: readonly string[]): boolean {
  return !a.length || !b.length || a.some((x) => b.some((y) => x.endsWith(y) || y.endsWith(x)));
}
