import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { supervisorCommand, SUPERVISOR_COMMAND, SUPERVISOR_FILES } from '../../contract';
import { ProgramError } from '../common/fail';
import { compile } from './compile';
import { asideOf, failureAt, isComplete, removeLeftovers } from './folder';
import { Runtime } from './runtime';
import { unmark } from './superseded';

export interface Installation {
  /** Folder that holds the versions; it has to exist. */
  readonly target: string;
  /** Name of the folder to make there: one content, one name. */
  readonly version: string;
  readonly bundle: () => Buffer;
  readonly runtime: () => Runtime;
}

export type Outcome = 'installed' | 'already complete' | 'another installer was faster';

/**
 * Writes the supervisor volume's content aside and renames it: TARGET/VERSION is complete or not there, whenever the
 * power goes. Any number may run at the same time.
 * @throws ProgramError when the folder can't be written, or what has its name is something else.
 */
export function installSupervisor(installation: Installation): Outcome {
  const { target, version } = installation;
  if (version !== basename(version) || /^\.*$/.test(version)) throw new ProgramError(`no version's name: "${version}"`);
  try {
    unmark(target, version);
    let outcome: Outcome;
    do {
      outcome = isComplete(join(target, version)) ? 'already complete' : install(installation);
      removeLeftovers(target, version);
      // An installer that saw the mark before it went may have put the folder aside in between.
    } while (!isComplete(join(target, version)));
    return outcome;
  } catch (error) {
    throw failureAt(target, error);
  }
}

function install({ target, version, bundle, runtime }: Installation): Outcome {
  const aside = asideOf(target, version);
  const final = join(target, version);
  try {
    write(aside, bundle(), runtime());
    // An empty folder may be replaced: a kubelet makes one where a volume's path is missing.
    renameSync(aside, final);
    syncFolder(target);
    return 'installed';
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    // Whoever finishes first removes what the others write.
    if (isComplete(final)) return 'another installer was faster';
    throw error;
  }
}

function write(folder: string, bundle: Buffer, { node, loader, libraries }: Runtime): void {
  const names = SUPERVISOR_FILES;
  const librariesFolder = join(folder, names.libraries);
  const program = compile(bundle.toString('utf8'));
  makeFolder(folder);
  makeFolder(librariesFolder);
  copy(loader, join(folder, names.loader));
  copy(node, join(folder, names.node));
  for (const library of libraries) copy(library, join(librariesFolder, basename(library)));
  writeDurably(join(folder, basename(SUPERVISOR_COMMAND)), commandScript(), 0o755);
  writeDurably(join(folder, names.start), program.start, 0o644);
  writeDurably(join(folder, names.bundle), program.bundle, 0o644);
  writeDurably(join(folder, names.compiled), program.compiled, 0o644);
  syncFolder(librariesFolder);
  syncFolder(folder);
}

/** `/oscar/bin/supervisor` as a command, for those who call it by its old name. */
function commandScript(): string {
  return `#!/bin/sh\nexec ${supervisorCommand().join(' ')} "$@"\n`;
}

// Modes are set apart from the making, as a umask cuts the latter: services run as any user.
function makeFolder(folder: string): void {
  mkdirSync(folder);
  chmodSync(folder, 0o755);
}

function copy(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, 0o755);
  sync(to);
}

function writeDurably(file: string, content: string | Buffer, mode: number): void {
  writeFileSync(file, content);
  chmodSync(file, mode);
  sync(file);
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
const syncFolder = sync;
