import { writeSync } from 'node:fs';

const STDERR = 2;

export const stderr = {
  /**
   * Whole lines in one go. By the descriptor itself, as `process.stderr` takes 2 ms to make; that one waits where the
   * descriptor can't (somebody set it non-blocking). Who closed stderr wants no log.
   */
  write(text: string): void {
    const bytes = Buffer.from(text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(STDERR, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => undefined);
      process.stderr.write(bytes.subarray(written));
    }
  },
};
