import { checkJson, skipBlanks } from './json-syntax';
import { escaped, shown } from './refusal';

type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

const KINDS: Readonly<Record<string, Kind>> = {
  ...{ '{': 'object', '[': 'array', '"': 'string', t: 'boolean', f: 'boolean', n: 'null' },
};

/**
 * A value in JSON text that is known to be right. It is a view: what nobody asks for is never made, numbers keep all
 * their digits, and each value can be had as it was sent.
 */
export class Json {
  private constructor(
    private readonly source: string,
    private readonly start: number,
    private readonly end: number,
    /** Where it is, for errors: `body.Records[1].s3`. */
    readonly where: string,
  ) {}

  /** A byte order mark at the beginning is left out. @throws JsonError */
  static parse(text: string, where: string): Json {
    const source = text.startsWith('\ufeff') ? text.slice(1) : text;
    checkJson(source);
    const start = skipBlanks(source, 0);
    return new Json(source, start, skipValue(source, start), where);
  }

  get kind(): Kind {
    return KINDS[this.source[this.start]] ?? 'number';
  }

  /** As it was sent. */
  get text(): string {
    return this.source.slice(this.start, this.end);
  }

  /** A string's value; undefined for anything else. It may hold any character, halves of such and NULs too. */
  get string(): string | undefined {
    return this.kind === 'string' ? unquoted(this.text) : undefined;
  }

  get isTrue(): boolean {
    return this.source[this.start] === 't';
  }

  /** For errors. */
  get shown(): string {
    return this.kind === 'string' ? shown(this.string!) : escaped(this.text);
  }

  /** An object's members; none of anything else. */
  *members(): Generator<[name: string, value: Json]> {
    if (this.kind !== 'object') return;
    for (let at = this.first(); this.source[at] !== '}'; at = this.next(at)) {
      const nameEnd = skipValue(this.source, at);
      const name = unquoted(this.source.slice(at, nameEnd));
      at = skipBlanks(this.source, skipBlanks(this.source, nameEnd) + 1);
      yield [name, this.child(at, `.${name}`)];
    }
  }

  /** An array's elements; none of anything else. */
  *elements(): Generator<Json> {
    if (this.kind !== 'array') return;
    let index = 0;
    for (let at = this.first(); this.source[at] !== ']'; at = this.next(at)) yield this.child(at, `[${index++}]`);
  }

  /** The member at the end of a path of names. Of several with one name the last counts, as in `JSON.parse`. */
  get(...path: readonly string[]): Json | undefined {
    let value: Json | undefined = this; // eslint-disable-line @typescript-eslint/no-this-alias
    for (const wanted of path) {
      let found: Json | undefined;
      for (const [name, member] of value.members()) if (name === wanted) found = member;
      if (found === undefined) return undefined;
      value = found;
    }
    return value;
  }

  /** This text with another in the place of a value that is in it. */
  withReplaced(value: Json, text: string): string {
    return this.source.slice(this.start, value.start) + text + this.source.slice(value.end, this.end);
  }

  private first(): number {
    return skipBlanks(this.source, this.start + 1);
  }

  /** From a value to the next one of the same list, or to the list's end. */
  private next(at: number): number {
    const after = skipBlanks(this.source, skipValue(this.source, at));
    return this.source[after] === ',' ? skipBlanks(this.source, after + 1) : after;
  }

  private child(at: number, step: string): Json {
    return new Json(this.source, at, skipValue(this.source, at), this.where + step);
  }
}

function unquoted(token: string): string {
  return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
}

/** @returns index after the value that begins at `start`. */
function skipValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; at++) {
    const char = text[at];
    if (char === '"') at = closingQuote(text, at);
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (depth === 0) return endOfScalar(text, at);
    if (depth === 0) return at + 1;
  }
}

function closingQuote(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code === 0x5c) at++;
  }
}

const END_OF_SCALAR = /[\s,\]}]|$/g;

function endOfScalar(text: string, at: number): number {
  END_OF_SCALAR.lastIndex = at;
  return END_OF_SCALAR.exec(text)!.index;
}
