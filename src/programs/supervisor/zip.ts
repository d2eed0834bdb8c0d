import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ZipFile } from 'yazl';
import type { OutputFile } from './invocation';

const READ_BYTES = 256 * 1024;
const REGULAR_FILE = 0o100000;
const PERMISSIONS = 0o777;

/**
 * The files as a zip, made while it is read: compressed, names relative, one file open at a time. Where it goes wrong,
 * the stream ends with the error; where the reader goes away, nothing stays open.
 */
export async function zipOf(files: readonly OutputFile[]): Promise<Readable> {
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  // It is a stream of Node's own, which the types don't tell.
  const stream = zip.outputStream as Readable;
  const fail = (error: Error) => stream.destroy(error);
  zip.on('error', fail);
  fill(zip, stream, files).catch(fail);
  return stream;
}

async function fill(zip: ZipFile, stream: Readable, files: readonly OutputFile[]): Promise<void> {
  const names = entryNames(files.map(({ name }) => name));
  for (const [index, { path }] of files.entries()) {
    await add(zip, stream, path, names[index]);
  }
  zip.end();
}

async function add(zip: ZipFile, stream: Readable, path: string, name: string): Promise<void> {
  const { size, mtimeMs, mode } = await stat(path);
  if (stream.destroyed) throw new Error('nobody reads the zip any more');
  // The library can't write times before 1970.
  const mtime = new Date(Math.max(mtimeMs, 0));
  // With the size known beforehand, more than 4 GiB are written as zip64, and a file that changes is an error.
  const options = { size, mtime, mode: REGULAR_FILE | (mode & PERMISSIONS) };
  // Lazily: the library would keep the streams themselves until the zip is complete.
  await new Promise<void>((resolve, reject) => {
    zip.addReadStreamLazy(name, options, (give) => {
      const content = createReadStream(path, { highWaterMark: READ_BYTES });
      const stop = () => content.destroy();
      stream.once('close', stop);
      content.once('close', () => stream.off('close', stop));
      finished(content).then(resolve, reject);
      give(null, content);
    });
  });
}

/**
 * Names as a zip may hold them. `\` parts folders for readers on Windows, and `C:` is a drive there: what is a plain
 * name here must not lead out of the folder where somebody unpacks it.
 */
export function entryNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  return names.map((name) => {
    const harmless = name.replaceAll('\\', '_').replace(/^([A-Za-z]):/, '$1_');
    if (harmless === name) return name;
    let free = harmless;
    while (taken.has(free)) free += '_';
    taken.add(free);
    return free;
  });
}
