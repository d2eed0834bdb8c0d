/** A service's script: text, and where it came from for messages. */
export class Script {
  /** @param file path; throws `DeclarationError` when it can't be read. */
  static fromFile(_file: string): Script {
    throw new Error('to be written');
  }
  static inline(text: string): Script {
    return new Script(text, undefined);
  }
  private constructor(
    readonly text: string,
    readonly file: string | undefined,
  ) {}
}
