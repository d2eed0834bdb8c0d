import { randomUUID } from 'node:crypto';
import { chmod, readdir, rename, rmdir, unlink } from 'node:fs/promises';

/** Far below what Linux takes (PATH_MAX: 4096 bytes), as each step looks its whole path up. */
const LONGEST_PATH_BYTES = 1024;
const SHOWN_CHARACTERS = 150;

/**
 * Removes a folder with everything in it: names that are no UTF-8 (so paths are bytes), folders that nobody may write
 * to, and trees that are deeper than paths may be. Links are removed, never followed. What can't be removed doesn't
 * keep the rest.
 * @throws the first error, once all else is gone
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  await new Removal(Buffer.from(folder)).run();
}

class Removal {
  private failure?: Error;
  /** Folders from further down than paths reach; they are in the top one now. */
  private readonly lifted: Buffer[] = [];

  constructor(private readonly top: Buffer) {}

  async run(): Promise<void> {
    await this.empty(this.top);
    for (let next = this.lifted.pop(); next; next = this.lifted.pop()) await this.remove(next);
    await this.attempt(rmdir(this.top));
    if (this.failure) throw this.failure;
  }

  private async remove(folder: Buffer): Promise<void> {
    if (folder.length > LONGEST_PATH_BYTES) return this.lift(folder);
    await this.empty(folder);
    await this.attempt(rmdir(folder));
  }

  private async empty(folder: Buffer): Promise<void> {
    // Somebody else's may be open to us as it is.
    await chmod(folder, 0o700).catch(() => undefined);
    const entries = await this.attempt(readdir(folder, { encoding: 'buffer', withFileTypes: true }));
    for (const entry of entries ?? []) {
      const inside = joinBytes(folder, entry.name as unknown as Buffer);
      if (entry.isDirectory()) await this.remove(inside);
      else await this.attempt(unlink(inside));
    }
  }

  private async lift(folder: Buffer): Promise<void> {
    const name = joinBytes(this.top, Buffer.from(randomUUID()));
    // Who moves a folder writes to it: its `..` changes.
    await chmod(folder, 0o700).catch(() => undefined);
    const isLifted = rename(folder, name).then(() => true);
    if (await this.attempt(isLifted)) this.lifted.push(name);
  }

  private async attempt<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.failure ??= shortened(error as NodeJS.ErrnoException);
      return undefined;
    }
  }
}

/** Paths may be thousands of characters long: the ends tell what is wrong, and where. */
function shortened(error: NodeJS.ErrnoException): Error {
  const { message } = error;
  if (message.length <= 2 * SHOWN_CHARACTERS) return error;
  return new Error(`${message.slice(0, SHOWN_CHARACTERS)}…${message.slice(-SHOWN_CHARACTERS)}`);
}

export const joinBytes = (folder: Buffer, name: Buffer) => Buffer.concat([folder, Buffer.from('/'), name]);
