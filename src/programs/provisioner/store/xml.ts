/**
 * S3's documents: elements and text. What they never have (a DTD, CDATA, mixed content) is refused, so nothing in them is
 * ever expanded or loaded; libraries of XML are larger than this program, and guess at types.
 */
import { ProgramError } from '../../common/fail';

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** Empty where there are children. */
  readonly text: string;
}

interface Open {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

/** Start tag (its attributes are namespaces, and types that the element's name says as well), end tag, or text. */
const TOKEN =
  /<([A-Za-z_][\w.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>|<\/([A-Za-z_][\w.-]*)\s*>|([^<]+)/y;
const DECLARATION = /^\uFEFF?\s*(?:<\?xml[^>]*\?>)?\s*/;
/** Deeper than any document of S3. */
const DEEPEST = 20;

/** The document's root. @throws ProgramError when it is no document of S3's kind, or cut off */
export function parseXml(xml: string): XmlElement {
  const root: Open = { name: '', children: [], text: '' };
  const open: Open[] = [root];
  TOKEN.lastIndex = DECLARATION.exec(xml)![0].length;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(xml);
    if (!token) throw bad(`at character ${at}`);
    const [, start, empty, end, text] = token;
    const current = open[open.length - 1];
    if (start !== undefined) {
      const element: Open = { name: start, children: [], text: '' };
      current.children.push(element);
      if (!empty) open.push(element);
      if (open.length > DEEPEST) throw bad('nested too deeply');
    } else if (end !== undefined) {
      if (current.name !== end || open.length === 1) throw bad(`at character ${at}`);
      open.pop();
      settle(current);
    } else {
      current.text += text;
    }
  }
  settle(root);
  if (open.length > 1 || root.children.length !== 1) throw bad('it is cut off, or not one document');
  return root.children[0];
}

function settle(element: Open): void {
  if (element.children.length > 0 || element.name === '') {
    if (element.text.trim() !== '') throw bad(`text between elements of <${element.name}>`);
    element.text = '';
  } else {
    element.text = decoded(element.text);
  }
}

const bad = (where: string) => new ProgramError(`the store's answer is no XML that S3 has: ${where}`);

export const childrenOf = (element: XmlElement, name: string): XmlElement[] =>
  element.children.filter((child) => child.name === name);

/** Text of the first child of this name. */
export const textOf = (element: XmlElement, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text;

/** An element as a document holds it; what was read is written as it was. */
export const xmlOf = ({ name, children, text }: XmlElement): string =>
  `<${name}>${children.length > 0 ? children.map(xmlOf).join('') : encoded(text)}</${name}>`;

/** @param content text, or elements (left out where undefined) */
export function element(name: string, content: string | readonly (XmlElement | undefined)[]): XmlElement {
  if (typeof content === 'string') return { name, children: [], text: content };
  return { name, children: content.filter((child) => child !== undefined), text: '' };
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{1,8}));/g, (all, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name] : all;
    const point = decimal !== undefined ? parseInt(decimal, 10) : parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
}

/** Line ends too, which a reader of XML would change. */
const encoded = (text: string) => text.replace(/[<>&"'\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
