import { readFileSync } from 'node:fs';
import { check, Subject } from './checks';
import { DeclarationError } from './errors';

/** Most that a ConfigMap's values may hold together, in bytes (Kubernetes: 1 MiB). */
export const CONFIG_MAP_MAX = 1024 * 1024;

/** A service's script: a file, or text. */
export class Script {
  /** @param file path, from the working directory. It is read when a service takes the script. */
  static fromFile(file: string): Script {
    return new Script(undefined, file);
  }
  static inline(text: string): Script {
    return new Script(text, undefined);
  }

  private constructor(
    private readonly text: string | undefined,
    /** Where it comes from; nothing for text. */
    readonly file: string | undefined,
  ) {}

  /**
   * The script's text.
   * @throws DeclarationError, naming the service, when there is no such file, or no system could run it: not UTF-8
   * text, a byte order mark, a line `#!…` that ends as on Windows, nothing in it, or more than 1 MiB.
   */
  read(service: string): string {
    const subject = { service, field: ['script'] };
    const text = this.text ?? this.readFile(subject);
    this.checkText(subject, text);
    return text;
  }

  private readFile(subject: Subject): string {
    try {
      return decode(readFileSync(this.file!));
    } catch (error) {
      throw new DeclarationError({ ...subject, value: this.file, ...describeFailure(error as NodeJS.ErrnoException) });
    }
  }

  private checkText(subject: Subject, text: string): void {
    const value = this.file;
    const refuse = (holds: boolean, problem: string, fix: string, allowed?: string) =>
      check(!holds, subject, { problem, value, fix, allowed });
    refuse(text.trim() === '', 'the script is empty', 'write what shall run for each file');
    refuse(
      /\0|\p{Cs}/u.test(text),
      'the script is not text',
      'name a script, not a program: put programs in the image',
    );
    refuse(text.startsWith('\ufeff'), 'the script begins with a byte order mark', 'save it as UTF-8 without one');
    refuse(
      /^#![^\n]*\r(\n|$)/.test(text),
      'the first line ends as on Windows, and no system finds the program that it names',
      `save the script with Unix line ends${value ? ` (sed -i 's/\\r$//' ${value})` : ''}`,
    );
    const bytes = Buffer.byteLength(text);
    refuse(
      bytes > CONFIG_MAP_MAX,
      `the script has ${bytes} bytes, more than a ConfigMap holds`,
      "put what is large in the service's image, and call it from a short script",
      `at most ${CONFIG_MAP_MAX} bytes, together with the definition`,
    );
  }
}

const decode = (bytes: Buffer) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);

function describeFailure({ code, message }: NodeJS.ErrnoException) {
  const fix = 'name a file that is there, from the working directory (in an environment: from its own folder)';
  if (code === 'ENOENT' || code === 'ENOTDIR') return { problem: 'there is no such script', fix };
  if (code === 'EISDIR') return { problem: 'a folder where a script has to be', fix };
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return { problem: 'the script is not text in UTF-8', fix: 'save it as UTF-8; put programs in the image' };
  }
  return { problem: `the script can't be read (${code ?? message})`, fix: 'make the file readable' };
}
