import fc from 'fast-check';
import { parse, parseAllDocuments } from 'yaml';
import { Json, toYaml } from '../../src/contract/yaml';

const readers: Record<string, (text: string) => unknown> = {
  'YAML 1.2': (text) => parse(text),
  'YAML 1.1': (text) => parse(text, { version: '1.1' }),
};

/** Text as people and machines write it, thick with what YAML might take for something else. */
const trickyText = fc.oneof(
  fc.constantFrom(
    ...['', ' ', '~', 'null', 'Null', 'yes', 'No', 'on', 'OFF', 'y', 'N', 'true', 'FALSE', '=', '<<', '-', '--', '---'],
    ...[
      '...',
      '.',
      '?',
      ':',
      '- a',
      '? a',
      'a: b',
      'a:',
      'a:b',
      'a #b',
      'a#b',
      '#a',
      ' a',
      'a ',
      '\ta',
      'a\t',
      "'",
      '"',
    ],
    ...['1', '-1', '+1', '1e3', '1.5', '.5', '5.', '1_000', '0x1F', '0o17', '017', '0b11', '1:30', '12:30:45', '.inf'],
    ...['-.INF', '.nan', '2024-01-31', '2001-12-14t21:59:43.10-05:00', '1.2.3', '10.0.0.1', '0.0.0.0/0', '256Mi', '1E'],
    ...[
      '200m',
      '*',
      '*a',
      '&a',
      '!a',
      '!!str a',
      '%a',
      '@a',
      '`a',
      '|',
      '>',
      '{',
      '}',
      '[',
      ']',
      ',a',
      '{a: b}',
      '[a]',
    ],
    ...[
      '--flag=x',
      '-f',
      '-1m',
      'a\\b',
      'a"b',
      'é',
      '→ x',
      '«a»: b',
      '😀',
      'a\u00a0',
      '\u00a0',
      '\ufeff',
      '\u2028',
      'a\u0085b',
    ],
    ...[
      '\u0000',
      '\u007f',
      '\u200b',
      '\u202eabc',
      '\u{e0020}',
      '\uffff',
      'a\rb',
      'a\r\nb\r\n',
      '__proto__',
      'constructor',
    ],
    ...[
      '#!/bin/sh\necho "$1"\n',
      'a\n',
      'a\n\n',
      '\na',
      ' a\nb',
      'a\n b\n',
      'a\n\n\nb',
      'a\n ',
      'a\n \n',
      'a\n \nb',
      '\n',
      '\n\n',
    ],
    ...[
      '\ta\nb',
      'a\n\tb\n',
      'a\n---\nb\n',
      'a\n...\n',
      'a\n# b\n',
      'a: b\nc: d\n',
      'a\n%b\n',
      'a\u2028b\n',
      'é\n→\n',
      'a \nb \n',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/\p{Cs}/u.test(text)),
  fc
    .array(fc.constantFrom('a', ' ', '\n', '\t', '-', ':', '#', '1', '.', '_', 'e', "'", '"', '|', '\\', 'é'), {
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);
const json = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    trickyText,
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(trickyText, tie('node'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).node;
const asJson = (value: Json) => JSON.parse(JSON.stringify(value));

describe.each(Object.entries(readers))('%s reads back', (_, read) => {
  test('any value', () => {
    fc.assert(
      fc.property(json, (value) => expect(read(toYaml(value))).toEqual(asJson(value))),
      { numRuns: 1500 },
    );
  });

  test('text anywhere: alone, as a key, in a map and in a list', () => {
    fc.assert(
      fc.property(trickyText, (text) => {
        const value = { [text]: [text, [text], { a: text, b: [] }], last: text };
        expect(read(toYaml(text))).toBe(text);
        expect(read(toYaml(value))).toEqual(asJson(value));
      }),
      { numRuns: 1500 },
    );
  });
});

test('documents one after the other keep their ends', () => {
  fc.assert(
    fc.property(fc.array(json, { minLength: 1, maxLength: 4 }), (values) => {
      const documents = parseAllDocuments(values.map((value) => toYaml(value)).join('---\n'));
      expect([...documents].map((document) => 'toJS' in document && document.toJS())).toEqual(values.map(asJson));
    }),
  );
});

test('looks as kubectl prints it', () => {
  const value = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cowsay', labels: { 'app.kubernetes.io/name': 'cowsay' }, annotations: {} },
    data: { 'script.sh': '#!/bin/sh\n\nif true; then\n  cowsay\nfi\n', end: 'a\nb', more: 'a\nb\n\n' },
    list: [{ name: 'a', args: ['--flag', '-c', 'a b'] }, [1, ['x']], [], null, 'true', '1.5', 1.5, 1e21],
  };
  expect(toYaml(value)).toBe(`apiVersion: v1
kind: ConfigMap
metadata:
  name: cowsay
  labels:
    app.kubernetes.io/name: cowsay
  annotations: {}
data:
  script.sh: |
    #!/bin/sh

    if true; then
      cowsay
    fi
  end: |-
    a
    b
  more: |+
    a
    b

list:
- name: a
  args:
  - --flag
  - -c
  - a b
- - 1
  - - x
- []
- null
- "true"
- "1.5"
- 1.5
- 1.0e+21
`);
});

test.each([
  'cowsay',
  'oscar.manager/x',
  'a b (c), d',
  '256Mi',
  '200m',
  '0.0.0.0/0',
  'http://a:80/b#c',
  '--a=b',
  'é → «x»',
])('%s stays plain', (text) => expect(toYaml(text)).toBe(`${text}\n`));

test('what cannot be seen is written as an escape', () => {
  expect(toYaml('a\u202eb')).toBe('"a\\u202eb"\n');
  expect(toYaml('a\u2028b\n')).toBe('"a\\u2028b\\n"\n');
  expect(toYaml('\ufeff')).toBe('"\\ufeff"\n');
  expect(toYaml('\u{e0020}')).toBe('"\\U000e0020"\n');
});

test.each<[unknown, string]>([
  [{ a: undefined }, 'a: undefined'],
  [[() => 1], '[0]: function'],
  [{ a: [new Date(0)] }, '[0]: an instance of Date'],
  [{ a: new Map() }, 'a: an instance of Map'],
  [{ a: NaN }, 'a: NaN'],
  [{ a: Infinity }, 'a: Infinity'],
  [{ a: 'x\ud800' }, 'a: broken Unicode'],
  [{ ['k'.repeat(2000)]: 1 }, 'key "kkkk'],
])('refuses %p', (value, message) => expect(() => toYaml(value as Json)).toThrow(message));
