import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { FileInput } from '../../../../src/programs/supervisor/input/input';

export const MiB = 1024 * 1024;

/** An input folder for each test, and what may be in it. */
export class InputFolder {
  path = '';

  constructor() {
    beforeEach(() => (this.path = mkdtempSync(join(tmpdir(), 'oscar-input-'))));
    afterEach(() => rmSync(this.path, { recursive: true }));
  }

  /** The file that a body became: the only one in the folder, and gone once it is read. */
  async file(received: Promise<unknown>): Promise<{ input: FileInput; content: Buffer }> {
    const input = (await received) as FileInput;
    expect(input.kind).toBe('file');
    expect(dirname(input.path)).toBe(this.path);
    expect(this.names).toEqual([basename(input.path)]);
    const content = readFileSync(input.path);
    expect(input.bytes).toBe(content.length);
    rmSync(input.path);
    return { input, content };
  }

  async text(received: Promise<unknown>): Promise<string> {
    return (await this.file(received)).content.toString('utf8');
  }

  /** Sentence of the error; nothing is left of the body. */
  async refused(received: Promise<unknown>, kind = 'input'): Promise<string> {
    const error = await received.then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ name: 'InvocationError', kind });
    expect(this.names).toEqual([]);
    return error!.message;
  }

  get names(): string[] {
    return readdirSync(this.path);
  }
}
