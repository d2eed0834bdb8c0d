import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { OutputFile, Outcome } from '../../../src/programs/supervisor/invocation';

/** What a script might have left, in a folder of the test's own. */
export class Output {
  readonly folder = mkdtempSync(join(tmpdir(), 'oscar-output-'));
  private outcomes = 0;

  /** @param content a number: a file of so many zeros that takes no place on the disk */
  file(name: string, content: string | Uint8Array | number): OutputFile {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'number' ? '' : content);
    if (typeof content === 'number') truncateSync(path, content);
    return { name, path, bytes: statSync(path).size };
  }

  outcome(outcome: Partial<Outcome>): Outcome {
    // Each has its own: one that is written again is empty for a moment, in which another one may be sent.
    const transcript = this.file(`transcript-${this.outcomes++}`, 'what the script said\n').path;
    return { id: '0123abcd', replyWithFiles: true, files: [], transcript, dispose: async () => undefined, ...outcome };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
