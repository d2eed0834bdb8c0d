import * as fc from 'fast-check';
import { ProgramError } from '../../../../src/programs/common/fail';
import {
  childrenOf,
  element,
  parseXml,
  textOf,
  XmlElement,
  xmlOf,
} from '../../../../src/programs/provisioner/store/xml';

/** What XML 1.0 has, so what any writer may write. */
const text = fc.string({ unit: 'binary' }).map((all) =>
  // eslint-disable-next-line no-control-regex
  all.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, ''),
);
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,9}$/);
const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(name, text).map(([one, content]) => element(one, content)),
    fc
      .tuple(name, fc.array(tie('tree'), { minLength: 1, maxLength: 4 }))
      .map(([one, children]) => element(one, children)),
  ),
}));

describe("S3's XML", () => {
  test('what is written is read again, whatever the text', () =>
    fc.assert(fc.property(tree, (one) => expect(parseXml(xmlOf(one))).toEqual(one))));

  test('no text makes an element', () =>
    fc.assert(
      fc.property(fc.string(), (content) => {
        expect(xmlOf(element('A', content)).replace(/^<A>|<\/A>$/g, '')).not.toMatch(/[<>"']/);
      }),
    ));

  test('of a server: declaration, namespaces, types, entities, white space', () => {
    const list = parseXml(
      `<?xml version="1.0" encoding="UTF-8"?>\n<List xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n  ` +
        `<Contents xsi:type='x'><Key>a&amp;b&#34;&#x1F986;&lt;</Key><Empty/></Contents>\n  <Contents><Key> b </Key></Contents>\n</List>\n`,
    );
    expect(childrenOf(list, 'Contents').map((one) => textOf(one, 'Key'))).toEqual(['a&b"🦆<', ' b ']);
    expect(textOf(list.children[0], 'Empty')).toBe('');
    expect(textOf(list, 'Key')).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['JSON', '{"a": 1}'],
    ['one that is cut off', '<A><B>x</B>'],
    ['one that is cut off in a tag', '<A><B>x</B'],
    ['two documents', '<A></A><B></B>'],
    ['tags that cross', '<A><B></A></B>'],
    ['an end too many', '<A></A></A>'],
    ['text between elements', '<A>x<B></B></A>'],
    ['a DTD', '<!DOCTYPE A [<!ENTITY x "y">]><A>&x;</A>'],
    ['an entity of a file', '<!DOCTYPE A [<!ENTITY x SYSTEM "file:///etc/passwd">]><A>&x;</A>'],
    ['CDATA', '<A><![CDATA[x]]></A>'],
    ['a comment', '<A><!-- x --></A>'],
    ['a bottomless one', '<A>'.repeat(100) + '</A>'.repeat(100)],
    ['HTML of a proxy', '<!doctype html><html><br></html>'],
  ])('%s is refused', (_, xml) => {
    expect(() => parseXml(xml)).toThrow(ProgramError);
  });

  test('entities that nobody knows stay as they are', () => {
    expect(parseXml('<A>&nope;&#xFFFFFF;&constructor;</A>').text).toBe('&nope;&#xFFFFFF;&constructor;');
  });

  test('a megabyte of anything takes no time', () => {
    const start = performance.now();
    for (const part of ['<A ', '<A b="', '&#', '<', 'x', '<A>', "<A b='c' "]) {
      try {
        parseXml(`<A>${part.repeat(2 ** 20 / part.length)}`);
      } catch (error) {
        expect(error).toBeInstanceOf(ProgramError);
      }
    }
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
