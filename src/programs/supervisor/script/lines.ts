import { StringDecoder } from 'node:string_decoder';

/** Longer lines are split (characters). */
const LONGEST_LINE = 64 * 1024;

/**
 * Bytes in, lines out: `\n`, `\r\n` and `\r` end one (progress bars move by `\r`), as Python's text mode has it for
 * upstream. What is no UTF-8 becomes U+FFFD.
 */
export class Lines {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  private afterReturn = false;

  /** @returns the lines that are whole now */
  push(chunk: Buffer): string[] {
    return this.take(this.decoder.write(chunk));
  }

  /** @returns what is left, when nothing follows */
  end(): string[] {
    const lines = this.take(this.decoder.end());
    if (this.rest !== '') lines.push(this.rest);
    this.rest = '';
    return lines;
  }

  private take(text: string): string[] {
    if (text === '') return [];
    // A `\r` ended its line at once, so a `\n` that comes later belongs to it.
    const fresh = this.afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.afterReturn = text.endsWith('\r');
    const lines = (this.rest + fresh).split(/\r\n|\n|\r/).flatMap(pieces);
    this.rest = lines.pop() ?? '';
    return lines;
  }
}

function pieces(line: string): string[] {
  if (line.length <= LONGEST_LINE) return [line];
  const cut = isHighSurrogate(line.charCodeAt(LONGEST_LINE - 1)) ? LONGEST_LINE - 1 : LONGEST_LINE;
  return [line.slice(0, cut), ...pieces(line.slice(cut))];
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

const TAIL_LINES = 20;
const TAIL_BYTES = 4 * 1024;

/** The last lines of an output: at most 20 and 4 KiB. */
export class Tail {
  private lines: string[] = [];

  push(lines: readonly string[]): void {
    const last = lines.slice(-TAIL_LINES).map((line) => line.slice(-TAIL_BYTES));
    this.lines = [...this.lines, ...last].slice(-TAIL_LINES);
  }

  toString(): string {
    const bytes = Buffer.from(this.lines.join('\n'));
    if (bytes.length <= TAIL_BYTES) return bytes.toString();
    let from = bytes.length - TAIL_BYTES;
    while ((bytes[from] & 0xc0) === 0x80) from++; // not in the middle of a character
    return bytes.subarray(from).toString();
  }
}
