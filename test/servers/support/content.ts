import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const MEBIBYTE = 1024 * 1024;

/** A folder of files whose content nothing can guess. */
export class ContentFolder {
  private readonly path = mkdtempSync(join(tmpdir(), 'oscar-content-'));
  private count = 0;

  file(name = `new-${this.count++}`): string {
    return join(this.path, name);
  }

  text(content: string): string {
    const file = this.file();
    writeFileSync(file, content);
    return file;
  }

  async random(bytes: number): Promise<string> {
    const file = this.file();
    const handle = await open(file, 'w');
    const block = randomBytes(MEBIBYTE);
    for (let done = 0; done < bytes; done += block.length) {
      block.writeUInt32LE(done / MEBIBYTE); // no two blocks are the same
      await handle.write(block.subarray(0, bytes - done));
    }
    await handle.close();
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: MEBIBYTE })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
