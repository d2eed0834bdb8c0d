import fc from 'fast-check';
import { DeclarationError } from '../../src/constructs/errors';
import { FlowGraph, Place } from '../../src/constructs/service-rings';
import { refusal } from './service-fixture';

interface Link {
  readonly service: string;
  readonly side: 'input' | 'output';
  readonly place: Place;
}

/** Adds links until one is refused; tells which. */
function firstRefused(links: readonly Link[]): number | undefined {
  const graph = new FlowGraph();
  for (const [i, { service, side, place }] of links.entries()) {
    if (!graph.get(service)) graph.add(service);
    const flow = graph.get(service)!;
    try {
      if (side === 'input') graph.addInput(flow, place, []);
      else graph.addOutput(flow, place, []);
    } catch (error) {
      expect(error).toBeInstanceOf(DeclarationError);
      return i;
    }
  }
  return undefined;
}

/** The same, told by trying every file name that matters, and by following every edge from everywhere. */
function firstRingByForce(links: readonly Link[]): number | undefined {
  const index = links.findIndex((_, i) => hasRing(links.slice(0, i + 1)));
  return index < 0 ? undefined : index;
}

function hasRing(links: readonly Link[]): boolean {
  const services = [...new Set(links.map(({ service }) => service))];
  const of = (service: string, side: Link['side']) =>
    links.filter((link) => link.service === service && link.side === side).map(({ place }) => place);
  let reach = services.map((a) =>
    services.map((b) => of(a, 'output').some((to) => of(b, 'input').some((from) => meet(to, from)))),
  );
  for (let k = 0; k < services.length; k++) {
    reach = reach.map((row, i) => row.map((known, j) => known || (reach[i][k] && reach[k][j])));
  }
  return services.some((_, i) => reach[i][i]);
}

const NAMES = ['x', 'x.gz', 'x.tar.gz', 'x.jpg', '.tar.gz'];
const FOLDERS = ['', 'a/', 'b/', 'a/b/', 'ab/', 'a/b/c/', 'b/c/', 'ab/c/', 'a/c/', 'c/'];

/** Whether one object can be both: written under `to`, in any folder below, and waited for under `from`. */
const meet = (to: Place, from: Place) =>
  to.bucket === from.bucket &&
  FOLDERS.some((folder) =>
    NAMES.some((name) => [to, from].every((place) => isIn(place, folder) && hasSuffix(place, name))),
  );
const isIn = (place: Place, folder: string) => place.folder === '' || folder.startsWith(`${place.folder}/`);
const hasSuffix = ({ suffix }: Place, name: string) => !suffix.length || suffix.some((end) => name.endsWith(end));

const place = fc.record({
  bucket: fc.constantFrom('p', 'q'),
  folder: fc.constantFrom('', 'a', 'b', 'a/b', 'ab'),
  suffix: fc.uniqueArray(fc.constantFrom('.gz', '.tar.gz', '.jpg'), { maxLength: 2 }),
});
const link = fc.record({
  service: fc.constantFrom('r', 's', 't', 'u', 'v'),
  side: fc.constantFrom('input' as const, 'output' as const),
  place,
});

test('exactly the link that closes a ring is refused', () => {
  fc.assert(
    fc.property(fc.array(link, { maxLength: 14 }), (links) => {
      expect(firstRefused(links)).toBe(firstRingByForce(links));
    }),
    { numRuns: 1500 },
  );
});

test('the services of the ring are named in their order', () => {
  const graph = new FlowGraph();
  const at = (folder: string): Place => ({ bucket: 'p', folder, suffix: [] });
  for (const [service, from, to] of [
    ['a', '1', '2'],
    ['b', '2', '3'],
  ]) {
    graph.add(service);
    graph.addInput(graph.get(service)!, at(from), []);
    graph.addOutput(graph.get(service)!, at(to), []);
  }
  graph.add('c');
  graph.addInput(graph.get('c')!, at('3'), []);
  const message = refusal(() => graph.addOutput(graph.get('c')!, at('1'), ['output', 0, 'path']));
  expect(message).toContain('service "c": output[0].path: its output would trigger itself through "a", then "b"');
  expect(message).toContain('c → a → b → c');
});

test('a chain of two thousand services is judged fast, in whichever order they come', () => {
  const place = (i: number): Place => ({ bucket: 'p', folder: String(i), suffix: [] });
  const chain = Array.from({ length: 2000 }, (_, i) => i);
  for (const order of [chain, [...chain].reverse()]) {
    const graph = new FlowGraph();
    // CPU time: other work on the machine says nothing about the graph.
    const start = process.cpuUsage();
    for (const i of order) {
      graph.add(`s${i}`);
      graph.addInput(graph.get(`s${i}`)!, place(i), []);
      graph.addOutput(graph.get(`s${i}`)!, place(i + 1), []);
    }
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
  }
});
