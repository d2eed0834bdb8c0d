import { writeSync } from 'node:fs';

const STDERR = 2;
const PAUSE_MS = 2;

export const stderr = {
  /**
   * Whole lines in one go. By the descriptor itself and waiting for whoever reads it, so that a flood of lines waits in
   * the script and not in our memory, and none is lost at the end: `process.stderr` doesn't wait for pipes, and takes
   * 2 ms to make. Who closed it wants no log.
   */
  write(text: string): void {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) {
      try {
        written += writeSync(STDERR, bytes, written);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        pause(); // somebody who shares it has set it non-blocking
      }
    }
  },
};

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}
