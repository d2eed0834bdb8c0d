import { FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes a file in a folder and lets `write` append to it. It is complete, or not there.
 * @throws what the file system or `write` throws.
 */
export async function createInputFile(
  folder: string,
  name: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<{ path: string; bytes: number }> {
  const path = join(folder, name);
  const file = await open(path, 'ax');
  try {
    await write(file);
    const { size } = await file.stat();
    await file.close();
    return { path, bytes: size };
  } catch (error) {
    await file.close().catch(() => undefined); // closing may be what failed
    await rm(path, { force: true });
    throw error;
  }
}
