import fc from 'fast-check';
import { Json } from '../../../../src/programs/supervisor/input/json';
import { checkJson, JsonError } from '../../../../src/programs/supervisor/input/json-syntax';

const parse = (text: string) => Json.parse(text, 'body');

/** The value that views tell, made by them alone. */
function valueOf(json: Json): unknown {
  switch (json.kind) {
    case 'object':
      return Object.fromEntries([...json.members()].map(([name, value]) => [name, valueOf(value)]));
    case 'array':
      return [...json.elements()].map(valueOf);
    case 'string':
      return json.string;
    case 'boolean':
      return json.isTrue;
    case 'null':
      return null;
    case 'number':
      return Number(json.text);
  }
}

const isJson = (check: () => unknown) => {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof JsonError || error instanceof SyntaxError) return false;
    throw error;
  }
};

describe('grammar', () => {
  test.each([
    ['', 'it ends where a value is due at line 1, column 1'],
    [' \n', 'it ends where a value is due at line 2, column 1'],
    ['x', 'a value is due at line 1, column 1'],
    ['{', "it ends where a member's name in double quotes is due at line 1, column 2"],
    ["{'a': 1}", "a member's name in double quotes is due at line 1, column 2"],
    ['{"a" 1}', '":" is due at line 1, column 6'],
    ['{"a": 1 "b"}', '"," or "}" is due at line 1, column 9'],
    ['{"a": 1,}', "a member's name in double quotes is due at line 1, column 9"],
    ['[1,\n 2\n 3]', '"," or "]" is due at line 3, column 2'],
    ['[1,]', 'a value is due at line 1, column 4'],
    ['[1}', '"," or "]" is due at line 1, column 3'],
    ['[', 'it ends where a value is due at line 1, column 2'],
    ['[1', 'it ends where "," or "]" is due at line 1, column 3'],
    ['1 2', 'something follows the end at line 1, column 3'],
    ['01', 'something follows the end at line 1, column 2'],
    ['1.', 'something follows the end at line 1, column 2'],
    ['-', 'a value is due at line 1, column 1'],
    ['NaN', 'a value is due at line 1, column 1'],
    ['truex', 'something follows the end at line 1, column 5'],
    ['"abc', 'a string without its end at line 1, column 1'],
    ['"a\nb"', 'a control character in a string at line 1, column 3'],
    ['"a\0b"', 'a control character in a string at line 1, column 3'],
    [String.raw`"a\x"`, "an escape that JSON doesn't know at line 1, column 3"],
    [String.raw`"\u12g4"`, "an escape that JSON doesn't know at line 1, column 2"],
    [String.raw`"\ `.trim(), "an escape that JSON doesn't know at line 1, column 2"],
    ['[1] // comment', 'something follows the end at line 1, column 5'],
    ['\u00a01', 'a value is due at line 1, column 1'],
  ])('%j is told with its place', (text, message) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    const failure = expect(() => checkJson(text));
    failure.toThrow(JsonError);
    failure.toThrow(expect.objectContaining({ message }));
  });

  test('control characters, all of them and nothing else', () => {
    for (let code = 0; code < 0x100; code++) {
      const text = `"${String.fromCharCode(code)}"`;
      if (code === 0x22 || code === 0x5c) continue;
      expect([code, isJson(() => checkJson(text))]).toEqual([code, code >= 0x20]);
    }
  });

  const piece = fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"', '"a"', '"b":', '1', '-0', '1.5e+3', '1e', '.5', '00', 'true', 'null', 'nul'],
    ...[' ', '\n', '\t', '\r', '\v', '\\', '\\n', '\\u0041', '\\u00', '\u0001', 'x', '\ufeff', 'é', '\ud800'],
  );
  test('takes what JSON.parse takes: texts put together from pieces', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join('');
        expect(isJson(() => checkJson(text))).toBe(isJson(() => JSON.parse(text)));
      }),
      { numRuns: 30_000 },
    );
  });

  test('takes what JSON.parse takes: JSON with one character changed', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), piece, fc.boolean(), (json, place, change, replaces) => {
        const at = place % json.length;
        const text = json.slice(0, at) + change + json.slice(at + (replaces ? 1 : 0));
        expect(isJson(() => checkJson(text))).toBe(isJson(() => JSON.parse(text)));
      }),
      { numRuns: 20_000 },
    );
  });

  test.each([
    ['lists', '['.repeat(1e6) + ']'.repeat(1e6)],
    ['objects', '{"a":'.repeat(1e6) + '1' + '}'.repeat(1e6)],
  ])('a million %s in each other need no stack', (_, text) => {
    expect(parse(text).text).toHaveLength(text.length);
    expect(parse(`{"deep": ${text}, "x": [${text}]}`).get('x')?.text).toHaveLength(text.length + 2);
    expect(isJson(() => checkJson(text.slice(1)))).toBe(false);
    expect(isJson(() => checkJson(text.slice(0, -1)))).toBe(false);
  });
});

describe('views', () => {
  test('tell the value that JSON.parse makes', () => {
    const spacing = fc.constantFrom(undefined, 1, '\t');
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), spacing, (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(valueOf(parse(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 3000 },
    );
  });

  test('of anything else than objects, lists and strings there is nothing', () => {
    for (const text of ['1', 'null', 'true', '"x"', '[1]', '{"a":1}']) {
      const json = parse(text);
      expect([...json.members()].length).toBe(json.kind === 'object' ? 1 : 0);
      expect([...json.elements()].length).toBe(json.kind === 'array' ? 1 : 0);
      expect(json.string).toBe(text === '"x"' ? 'x' : undefined);
    }
  });

  test('text is as it was sent', () => {
    const json = parse(String.raw`  { "a" : [ 1.0, 12345678901234567890 , "\u0041" ] }  `);
    expect(json.text).toBe(String.raw`{ "a" : [ 1.0, 12345678901234567890 , "\u0041" ] }`);
    expect(json.get('a')!.text).toBe(String.raw`[ 1.0, 12345678901234567890 , "\u0041" ]`);
    expect([...json.get('a')!.elements()].map(({ text }) => text)).toEqual([
      '1.0',
      '12345678901234567890',
      String.raw`"\u0041"`,
    ]);
  });

  test('a byte order mark is left out', () => expect(parse('\ufeff{"a":1}').get('a')!.text).toBe('1'));

  test('where a value is', () => {
    const json = parse('{"Records": [{}, {"s3": {"key": 5}}]}');
    const record = [...json.get('Records')!.elements()][1];
    expect(record.where).toBe('body.Records[1]');
    expect(record.get('s3', 'key')!.where).toBe('body.Records[1].s3.key');
  });

  test('names may be escaped, and the last of several counts', () => {
    const json = parse(String.raw`{"key": 1, "\u006bey": 2, "other": {"key": 3}}`);
    expect(json.get('key')!.text).toBe('2');
    expect(json.get('other', 'key')!.text).toBe('3');
  });

  test.each(['__proto__', 'constructor', 'toString'])('%s is a name like any other', (name) => {
    expect(parse('{}').get(name)).toBeUndefined();
    expect(parse(`{"${name}": 1}`).get(name)!.text).toBe('1');
  });

  test('a value is replaced where it is, and only there', () => {
    const json = parse(' {"x": [1, 2], "a" : {"x": [1, 2]}, "z": 0 } ');
    expect(json.withReplaced(json.get('a', 'x')!, '[9]')).toBe('{"x": [1, 2], "a" : {"x": [9]}, "z": 0 }');
  });

  test.each([
    ['"a\\nb"', '"a\\nb"'],
    ['{"a":\n1}', '{"a":\\n1}'],
    [`[${'1,'.repeat(50)}1]`, `[${'1,'.repeat(39)}1…`],
  ])('%j as an error shows it', (text, expected) => expect(parse(text).shown).toBe(expected));
});
