import fc from 'fast-check';
import { Base64Decoder, Base64Error, decodeBase64 } from '../../../../src/programs/supervisor/input/base64';

const decode = (text: string) => decodeBase64(Buffer.from(text, 'latin1')).toString('latin1');
const failure = (text: string): Base64Error => {
  try {
    decode(text);
  } catch (error) {
    if (error instanceof Base64Error) return error;
    throw error;
  }
  throw new Error('not refused');
};

test.each([
  ['nothing', '', ''],
  ['only blanks', ' \t\r\n\f ', ''],
  ['whole groups', 'Zm9vYmFy', 'foobar'],
  ['two of padding', 'Zm9vYg==', 'foob'],
  ['one of padding', 'Zm9vYmE=', 'fooba'],
  ['no padding where two are due', 'Zm9vYg', 'foob'],
  ['no padding where one is due', 'Zm9vYmE', 'fooba'],
  ['lines of 76', 'Zm9v\r\nYmFy\r\n', 'foobar'],
  ['blanks inside groups', ' Z m\t9\nv ', 'foo'],
  ['blanks in and after the padding', 'Zg = \n =\n', 'f'],
  ['the standard alphabet', '+/+/', '\xfb\xff\xbf'],
  ['the URL-safe alphabet', '-_-_', '\xfb\xff\xbf'],
  ['the URL-safe alphabet with padding', '-_8=', '\xfb\xff'],
  ['bits left over, which decoders may ignore', 'Zh==', 'f'],
])('%s: %j', (_, text, expected) => expect(decode(text)).toBe(expected));

test.each([
  ['a foreign character', 'Zm9v*mFy', '"*" is not of base64', 4],
  ['a control character', 'Zm9v\0', 'byte 0x00 is not of base64', 4],
  ['a vertical tab, no blank of ASCII text', 'Zm9v\v', 'byte 0x0b is not of base64', 4],
  ['a byte over 127', 'Zm\xe9v', 'byte 0xe9 is not of base64', 2],
  [
    'URL-safe after standard',
    'ab+/ab-_',
    '"-" is of the URL-safe alphabet, and the text began in the standard one,',
    6,
  ],
  ['standard after URL-safe', 'ab_a/', '"/" is of the standard alphabet, and the text began in the URL-safe one,', 4],
  ['one character', 'Z', 'one character is left over: something is missing', 1],
  ['one character more', 'Zm9vY\n', 'one character is left over: something is missing', 6],
  ['half of the padding', 'Zg=', 'padding is incomplete ("==" is due)', 3],
  ['padding of nothing', '=', 'padding ("=") where none is due', 0],
  ['padding after a whole group', 'Zm9v=', 'padding ("=") where none is due', 4],
  ['padding after one character', 'Z===', 'padding ("=") where none is due', 1],
  ['too much padding', 'Zm8==', 'more padding ("=") than is due', 4],
  ['far too much padding', 'Zg===', 'more padding ("=") than is due', 4],
  ['a character after the padding', 'Zg==Z', 'something follows the padding ("=")', 4],
  ['a character inside the padding', 'Zg=A', 'something follows the padding ("=")', 3],
  ['a foreign character after the padding', 'Zg==*', '"*" is not of base64', 4],
])('%s is told with its place', (_, text, problem, offset) => {
  expect(failure(text)).toMatchObject({ problem, offset, message: `${problem} at byte ${offset}` });
});

test('places are counted over all pieces, from where the first one began', () => {
  const decoder = new Base64Decoder(100);
  decoder.push(Buffer.from('Zm9v'));
  decoder.push(Buffer.from('Zm'));
  expect(() => decoder.push(Buffer.from('9*'))).toThrow(/at byte 107$/);
});

describe('properties', () => {
  /** Text in any of base64's forms: alphabet, padding, blanks between the characters. */
  const forms = fc.record({
    bytes: fc.uint8Array({ maxLength: 300 }),
    urlSafe: fc.boolean(),
    padded: fc.boolean(),
    blanks: fc.array(fc.tuple(fc.nat(), fc.constantFrom(' ', '\n', '\r\n', '\t', '\f'))),
  });
  const written = ({ bytes, urlSafe, padded, blanks }: typeof forms extends fc.Arbitrary<infer T> ? T : never) => {
    let text = Buffer.from(bytes).toString('base64');
    if (urlSafe) text = text.replaceAll('+', '-').replaceAll('/', '_');
    if (!padded) text = text.replace(/=+$/, '');
    for (const [at, blank] of blanks) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + blank + text.slice(place);
    }
    return text;
  };

  test('what is encoded, in whatever form, comes back', () => {
    fc.assert(
      fc.property(forms, (form) => {
        expect(decodeBase64(Buffer.from(written(form)))).toEqual(Buffer.from(form.bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('pieces of any size make no difference', () => {
    fc.assert(
      fc.property(forms, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (form, sizes) => {
        const text = Buffer.from(written(form));
        const decoder = new Base64Decoder();
        const parts: Buffer[] = [];
        for (let at = 0, turn = 0; at < text.length; at += sizes[turn++ % sizes.length]) {
          parts.push(decoder.push(text.subarray(at, at + sizes[turn % sizes.length])));
        }
        parts.push(decoder.end());
        expect(Buffer.concat(parts)).toEqual(Buffer.from(form.bytes));
      }),
      { numRuns: 1000 },
    );
  });

  const SHAPE = /^(?:[^=]{4})*(?:|[^=]{2}(?:==)?|[^=]{3}=?)$/;
  test('any text is decoded as Node does it, or refused where the rule says so', () => {
    const characters = fc.constantFrom(...'AQZaz059+/-_==  \n*');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
        const bare = text.replace(/[ \n]/g, '');
        const fits = SHAPE.test(bare) && !bare.includes('*') && !(/[+/]/.test(bare) && /[-_]/.test(bare));
        if (fits) expect(decodeBase64(Buffer.from(text))).toEqual(Buffer.from(bare, 'base64'));
        else expect(failure(text).offset).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 20_000 },
    );
  });
});
