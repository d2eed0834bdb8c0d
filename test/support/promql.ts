import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** A selector of an expression: which series, by which labels. */
export interface Selector {
  readonly metric: string;
  /** Text of each matcher's value, by label. */
  readonly matchers: Readonly<Record<string, string>>;
}

export interface Parsed {
  readonly selectors: readonly Selector[];
  /** Labels of `by`, `on`, `ignoring` and `without`. */
  readonly groupedBy: readonly string[];
}

/** Reads PromQL with the grammar of Prometheus' own editor. @throws where it is none */
export function parsePromql(expr: string): Parsed {
  const selectors: Selector[] = [];
  const groupedBy: string[] = [];
  const text = ({ from, to }: { from: number; to: number }) => expr.slice(from, to);
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expr}`);
      if (node.name === 'VectorSelector') selectors.push(selectorOf(node.node, text));
      if (node.name === 'GroupingLabels') groupedBy.push(...node.node.getChildren('LabelName').map(text));
    },
  });
  return { selectors, groupedBy };
}

function selectorOf(node: SyntaxNode, text: (node: SyntaxNode) => string): Selector {
  const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  return {
    metric: text(node.getChild('Identifier')!),
    matchers: Object.fromEntries(
      matchers.map((matcher) => [
        text(matcher.getChild('LabelName')!),
        JSON.parse(text(matcher.getChild('StringLiteral')!)),
      ]),
    ),
  };
}

/** Names of series that a program tells, with their labels, by its own text for Prometheus. */
export function toldSeries(text: string): Map<string, Set<string>> {
  const told = new Map<string, Set<string>>();
  for (const line of text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line)!;
    const known = told.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label);
    told.set(name, known);
  }
  return told;
}
