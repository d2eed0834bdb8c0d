import { isUtf8 } from 'node:buffer';
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { InvocationError } from '../failure';
import type { OutputFile } from '../invocation';
import { joinBytes } from '../remove-tree';

/** What a script left in its output folder. */
export interface Output {
  /** Regular files, and links to such inside the folder; sorted by name. */
  readonly files: readonly OutputFile[];
  /** Names of what else is there, each with the reason why it is left out. */
  readonly leftOut: readonly string[];
}

/** Entries that are looked at before others have their turn. */
const AT_ONCE = 50;

/**
 * Lists an output folder, with its folders; synchronously, as it is mostly a handful of files.
 * @throws InvocationError (`script`): a name is no UTF-8 (no provider could hold it), or a folder can't be read.
 */
export async function listOutput(folder: string): Promise<Output> {
  const root = rootOf(folder);
  let seen = 0;
  const files: OutputFile[] = [];
  const leftOut: string[] = [];
  const pending: { path: Buffer; name: string }[] = [{ path: root, name: '' }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    for (const entry of entriesOf(next.path, next.name)) {
      if (++seen % AT_ONCE === 0) await setImmediate();
      const raw = entry.name as unknown as Buffer;
      const name = next.name + utf8(raw, next.name);
      const path = joinBytes(next.path, raw);
      if (entry.isDirectory()) pending.push({ path, name: `${name}/` });
      else if (entry.isFile()) files.push({ name, path: path.toString(), bytes: statSync(path).size });
      else if (!entry.isSymbolicLink()) leftOut.push(`"${name}": it is no file (a pipe, a socket or a device)`);
      else {
        const target = linked(path, root);
        if (typeof target === 'string') leftOut.push(`"${name}": ${target}`);
        else files.push({ name, ...target });
      }
    }
  }
  return { files: files.sort((a, b) => (a.name < b.name ? -1 : 1)), leftOut: leftOut.sort() };
}

/** @returns the folder without links on its way */
function rootOf(folder: string): Buffer {
  if (isFolder(folder)) return realpathSync(Buffer.from(folder), 'buffer');
  throw new InvocationError(
    'script',
    'the output folder is gone: the script may fill it, but not remove or replace it',
  );
}

function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}

function entriesOf(path: Buffer, name: string) {
  try {
    return readdirSync(path, { encoding: 'buffer', withFileTypes: true });
  } catch (error) {
    const where = name === '' ? 'the output folder' : `"${name}" in the output folder`;
    throw new InvocationError('script', `${where} can't be read: ${(error as Error).message}`);
  }
}

function utf8(name: Buffer, folder: string): string {
  if (isUtf8(name)) return name.toString();
  const shown = `"${folder}${name.toString()}" (bytes ${name.toString('hex')})`;
  throw new InvocationError('script', `the output file ${shown} can't be stored: its name is no UTF-8`);
}

/** The file that a link leads to, or why there is none. */
function linked(link: Buffer, root: Buffer): Pick<OutputFile, 'path' | 'bytes'> | string {
  try {
    const target = realpathSync(link, 'buffer');
    const inside = target.subarray(0, root.length + 1).equals(Buffer.concat([root, Buffer.from('/')]));
    if (!inside) return 'a link that leads out of the output folder';
    const status = statSync(target);
    if (status.isFile()) return { path: target.toString(), bytes: status.size };
    return status.isDirectory() ? 'a link to a folder' : 'a link to what is no file';
  } catch {
    return 'a link that leads nowhere';
  }
}
