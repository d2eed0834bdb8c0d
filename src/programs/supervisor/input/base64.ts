/** Where and why text is not base64. */
export class Base64Error extends Error {
  override readonly name = 'Base64Error';
  constructor(
    readonly problem: string,
    /** Of the character, in bytes from the body's beginning. */
    readonly offset: number,
  ) {
    super(`${problem} at byte ${offset}`);
  }
}

const BLANK = 64;
const PADDING = 65;
const NONE = 66;

/** Value of each byte: 0 to 63, or what else it is. */
const VALUES = new Uint8Array(256).fill(NONE);
const COMMON = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
for (const alphabet of [`${COMMON}+/`, `${COMMON}-_`]) {
  for (const [value, byte] of Buffer.from(alphabet).entries()) VALUES[byte] = value;
}
for (const byte of Buffer.from('\t\n\f\r ')) VALUES[byte] = BLANK;
VALUES['='.charCodeAt(0)] = PADDING;

/**
 * Decodes base64 (RFC 4648, sections 4 and 5) piece by piece, in constant memory. Standard or URL-safe alphabet, not
 * both in one text; ASCII blanks and line breaks anywhere; padding may be left out, but is right where it is there.
 */
export class Base64Decoder {
  /** Characters of the group of four so far, and their bits. */
  private length = 0;
  private bits = 0;
  private padding = 0;
  private alphabet: 'standard' | 'URL-safe' | undefined;

  constructor(
    /** Bytes of the body before the first piece, for the errors. */
    private offset = 0,
  ) {}

  /** @throws Base64Error */
  push(piece: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe(Math.ceil((piece.length * 3) / 4) + 3);
    let written = 0;
    for (let at = 0; at < piece.length; at++) {
      const value = VALUES[piece[at]];
      if (value === BLANK) continue;
      if (value > 61 || this.padding > 0) this.examine(piece[at], at);
      if (value === PADDING) continue;
      this.bits = (this.bits << 6) | value;
      if (++this.length < 4) continue;
      out[written++] = this.bits >> 16;
      out[written++] = this.bits >> 8;
      out[written++] = this.bits;
      this.length = this.bits = 0;
    }
    this.offset += piece.length;
    return out.subarray(0, written);
  }

  /** @returns what the last, incomplete group holds. @throws Base64Error */
  end(): Buffer {
    const { length, padding, bits } = this;
    if (length === 1) throw new Base64Error('one character is left over: something is missing', this.offset);
    if (padding > 0 && length + padding < 4) throw new Base64Error('padding is incomplete ("==" is due)', this.offset);
    return length === 2 ? Buffer.of(bits >> 4) : length === 3 ? Buffer.of(bits >> 10, bits >> 2) : Buffer.alloc(0);
  }

  /** Rules for all that is no letter or digit, and for whatever comes after padding. */
  private examine(byte: number, at: number): void {
    const fail = (problem: string) => new Base64Error(problem, this.offset + at);
    const value = VALUES[byte];
    if (value === NONE) throw fail(`${describe(byte)} is not of base64`);
    if (value === PADDING) {
      if (this.length < 2) throw fail('padding ("=") where none is due');
      if (this.length + ++this.padding > 4) throw fail('more padding ("=") than is due');
      return;
    }
    if (this.padding > 0) throw fail('something follows the padding ("=")');
    const alphabet = byte === 0x2b || byte === 0x2f ? 'standard' : 'URL-safe';
    if (this.alphabet !== undefined && this.alphabet !== alphabet) {
      throw fail(`${describe(byte)} is of the ${alphabet} alphabet, and the text began in the ${this.alphabet} one,`);
    }
    this.alphabet = alphabet;
  }
}

function describe(byte: number): string {
  const printable = byte > 0x20 && byte < 0x7f;
  return printable ? JSON.stringify(String.fromCharCode(byte)) : `byte 0x${byte.toString(16).padStart(2, '0')}`;
}

/** Decodes what is in memory. @throws Base64Error */
export function decodeBase64(text: Uint8Array): Buffer {
  const decoder = new Base64Decoder();
  return Buffer.concat([decoder.push(text), decoder.end()]);
}
