import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ProgramError } from '../common/fail';

/** The Node that runs us, and everything that it needs to run in an image without a libc. */
export interface Runtime {
  readonly node: string;
  /** The dynamic loader (`ld-linux-x86-64.so.2`, `ld-musl-aarch64.so.1`, …). */
  readonly loader: string;
  /** Shared libraries, by the path under which the loader found them: its last part is the name that Node asks for. */
  readonly libraries: readonly string[];
}

/** glibc names them `ld-linux….so.N`, `ld64.so.N` or `ld.so.N`, by CPU; musl `ld-musl-….so.1`. */
const LOADER = /^ld((-linux|-musl)[-\w]*|64)?\.so\.\d+$/;

/** glibc opens these itself when it looks up a name; where they are part of libc, these files are empty shells. */
const OPENED_BY_LIBC = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

/**
 * Finds what the running Node has loaded, so that any CPU and any image of Node will do.
 * @throws ProgramError when this Node has no loader: a static one can't be told where its libraries are.
 */
export function findRuntime(loaded: readonly string[] = loadedObjects(), node = process.execPath): Runtime {
  const files = loaded.filter((file) => file.startsWith('/') && file !== node);
  const loader = files.find((file) => LOADER.test(basename(file)));
  if (!loader) {
    throw new ProgramError(
      `${node} is linked statically: there is no loader to run it by. Fix: use an image whose Node is linked dynamically, such as the official ones`,
    );
  }
  const libraries = files.filter((file) => file !== loader && /\.so(\.|$)/.test(basename(file)));
  return { node, loader, libraries: [...new Set([...libraries, ...besideLibc(libraries)])] };
}

function besideLibc(libraries: readonly string[]): string[] {
  const libc = libraries.find((file) => basename(file).startsWith('libc.so'));
  if (!libc) return [];
  return OPENED_BY_LIBC.map((name) => join(dirname(libc), name)).filter((file) => existsSync(file));
}

/** Node's own report, and not /proc/self/maps: maps tell the files' real names, and the loader asks for links' names. */
function loadedObjects(): string[] {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  report.excludeNetwork = true; // it would look up every interface's name
  return (report.getReport() as unknown as { sharedObjects: string[] }).sharedObjects;
}
