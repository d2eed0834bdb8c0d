import { randomUUID } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

/** Far below what Linux takes (PATH_MAX: 4096 bytes), as each step looks its whole path up. */
const LONGEST_PATH_BYTES = 1024;
const SHOWN_CHARACTERS = 150;
/** Entries that are removed before others have their turn. */
const AT_ONCE = 50;
/** Freeing a larger file takes milliseconds. */
const LARGE_BYTES = 16 * 1024 * 1024;

/**
 * Removes a folder with everything in it: names that are no UTF-8 (so paths are bytes), folders that nobody may write
 * to, and trees that are deeper than paths may be. Links are removed, never followed. What can't be removed doesn't
 * keep the rest. Small things are removed synchronously: what an invocation leaves is mostly a handful of files, and the
 * next one waits for it.
 * @throws the first error, once all else is gone
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  await new Removal(Buffer.from(folder)).run();
}

class Removal {
  private failure?: Error;
  private entries = 0;
  /** Folders from further down than paths reach; they are in the top one now. */
  private readonly lifted: Buffer[] = [];

  constructor(private readonly top: Buffer) {}

  async run(): Promise<void> {
    await this.empty(this.top);
    for (let next = this.lifted.pop(); next; next = this.lifted.pop()) await this.remove(next);
    this.attempt(() => rmdirSync(this.top));
    if (this.failure) throw this.failure;
  }

  private async remove(folder: Buffer): Promise<void> {
    if (folder.length > LONGEST_PATH_BYTES) return this.lift(folder);
    await this.empty(folder);
    this.attempt(() => rmdirSync(folder));
  }

  private async empty(folder: Buffer): Promise<void> {
    openUp(folder);
    const entries = this.attempt(() => readdirSync(folder, { encoding: 'buffer', withFileTypes: true }));
    for (const entry of entries ?? []) {
      const inside = joinBytes(folder, entry.name as unknown as Buffer);
      if (++this.entries % AT_ONCE === 0) await setImmediate();
      if (entry.isDirectory()) await this.remove(inside);
      else if (isLarge(inside)) await unlink(inside).catch((error) => this.fail(error));
      else this.attempt(() => unlinkSync(inside));
    }
  }

  private lift(folder: Buffer): void {
    const name = joinBytes(this.top, Buffer.from(randomUUID()));
    openUp(folder); // who moves a folder writes to it: its `..` changes
    this.attempt(() => {
      renameSync(folder, name);
      this.lifted.push(name);
    });
  }

  private attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  private fail(error: unknown): void {
    this.failure ??= shortened(error as NodeJS.ErrnoException);
  }
}

/** Somebody else's folder may be open to us as it is. */
function openUp(folder: Buffer): void {
  try {
    chmodSync(folder, 0o700);
  } catch {
    // What can't be done then is told.
  }
}

function isLarge(file: Buffer): boolean {
  try {
    return lstatSync(file).size > LARGE_BYTES;
  } catch {
    return false;
  }
}

/** Paths may be thousands of characters long: the ends tell what is wrong, and where. */
function shortened(error: NodeJS.ErrnoException): Error {
  const { message } = error;
  if (message.length <= 2 * SHOWN_CHARACTERS) return error;
  return new Error(`${message.slice(0, SHOWN_CHARACTERS)}…${message.slice(-SHOWN_CHARACTERS)}`);
}

export const joinBytes = (folder: Buffer, name: Buffer) => Buffer.concat([folder, Buffer.from('/'), name]);
