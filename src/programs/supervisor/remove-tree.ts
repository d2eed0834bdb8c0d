import { chmod, readdir, rmdir, unlink } from 'node:fs/promises';

/**
 * Removes a folder with everything in it: names that are no UTF-8 (so paths are bytes), and folders that nobody may
 * write to. Links are removed, never followed.
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  const path = Buffer.from(folder);
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { encoding: 'buffer', withFileTypes: true })) {
    const inside = joinBytes(path, entry.name as unknown as Buffer);
    if (entry.isDirectory()) await removeTree(inside);
    else await unlink(inside);
  }
  await rmdir(path);
}

export const joinBytes = (folder: Buffer, name: Buffer) => Buffer.concat([folder, Buffer.from('/'), name]);
