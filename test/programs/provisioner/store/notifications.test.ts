import * as fc from 'fast-check';
import { isSame } from '../../../../src/programs/provisioner/store/notifications';
import { element, XmlElement } from '../../../../src/programs/provisioner/store/xml';

const EVENTS = ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy', 's3:ObjectCreated:Post'];

interface Rule {
  readonly id: string;
  readonly events: readonly string[];
  readonly filters: readonly (readonly [string, string])[];
}
const rule = fc.record<Rule>({
  id: fc.string({ maxLength: 3 }),
  events: fc.subarray(EVENTS, { minLength: 1 }),
  filters: fc
    .tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }))
    .map(([prefix, suffix]) => [['prefix', prefix] as const, ['suffix', suffix] as const]),
});

const shuffled = <T>(items: readonly T[], isReversed: boolean) => (isReversed ? [...items].reverse() : [...items]);

function xml({ id, events, filters }: Rule, isReversed = false, region = '', name = 'QueueConfiguration'): XmlElement {
  const rules = shuffled(filters, isReversed).map(([key, value]) =>
    element('FilterRule', [element('Name', isReversed ? key.toUpperCase() : key), element('Value', value)]),
  );
  const parts = [
    element('Id', id),
    element('Queue', `arn:minio:sqs:${region}:OSCAR:webhook`),
    ...shuffled(events, isReversed).map((event) => element('Event', event)),
    element('Filter', [element('S3Key', rules)]),
  ];
  return element(name, shuffled(parts, isReversed));
}

describe('two notification documents', () => {
  test('are the same whatever their order, their region and the case of names', () =>
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), fc.boolean(), (rules, isReversed) => {
        const one = rules.map((each) => xml(each));
        const other = shuffled(rules, isReversed).map((each) => xml(each, isReversed, 'eu-west-1'));
        expect(isSame(one, other)).toBe(true);
      }),
    ));

  test('are others when a rule is missing, added, twice there, or of another kind', () =>
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 3 }), rule, (rules, more) => {
        const one = rules.map((each) => xml(each));
        expect(isSame(one, [...one, xml(more)])).toBe(false);
        expect(isSame([...one, xml(more)], one)).toBe(false);
        const topic = xml(more, false, '', 'TopicConfiguration');
        expect(isSame([...one, topic], [...one, xml(more)])).toBe(false);
      }),
    ));

  test('are others when a rule differs in anything', () =>
    fc.assert(
      fc.property(rule, rule, (a, b) => {
        const differ =
          a.id !== b.id ||
          JSON.stringify([...a.events].sort()) !== JSON.stringify([...b.events].sort()) ||
          JSON.stringify(a.filters) !== JSON.stringify(b.filters);
        expect(isSame([xml(a)], [xml(b)])).toBe(!differ);
      }),
    ));

  test('are the same when an empty filter stands for none', () => {
    const bare = element('QueueConfiguration', [element('Id', 'x'), element('Queue', 'q'), element('Event', 'e')]);
    const empty = element('QueueConfiguration', [
      ...bare.children,
      element('Filter', [element('S3Key', [element('FilterRule', [element('Name', 'Prefix'), element('Value', '')])])]),
    ]);
    expect(isSame([bare], [empty])).toBe(true);
  });
});
