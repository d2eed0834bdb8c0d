import { InvocationError } from '../failure';

export interface Refusal {
  /** Where in the body, e.g. `body.Records[1].s3.object.key`, or the header's name. */
  readonly where: string;
  readonly problem: string;
  /** What was found, by `shown`. */
  readonly got?: string;
  readonly allowed: string;
  readonly fix: string;
}

/** The error for a body that can't be used: `WHERE: PROBLEM, got VALUE. Allowed: …. Fix: ….` */
export function refusal({ where, problem, got, allowed, fix }: Refusal): InvocationError {
  const found = got === undefined ? '' : `, got ${got}`;
  return new InvocationError('input', `${where}: ${problem}${found}. Allowed: ${allowed}. Fix: ${fix}.`);
}

/** Characters of a value that an error shows. */
const SHOWN = 80;

/** Text as errors and logs show it: in quotes, one line, its beginning only. */
export function shown(text: string): string {
  return `"${escaped(text)}"`;
}

/** The same for what has quotes already: JSON as it was sent. */
export function escaped(text: string): string {
  const beginning = text.slice(0, SHOWN).replace(HIDDEN, escape);
  return text.length > SHOWN ? `${beginning}…` : beginning;
}

/** Control characters, marks that turn the direction of writing, line separators, halves of characters. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escape(hidden: string): string {
  const known = JSON.stringify(hidden).slice(1, -1);
  return known === hidden ? `\\u{${hidden.codePointAt(0)!.toString(16)}}` : known;
}
