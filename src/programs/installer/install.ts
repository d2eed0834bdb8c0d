import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { supervisorCommand, SUPERVISOR_COMMAND, SUPERVISOR_FILES } from '../../contract';
import { ProgramError } from '../common/fail';
import { Runtime } from './runtime';

export interface Installation {
  /** Folder that holds the versions; it has to exist. */
  readonly target: string;
  /** Name of the folder to make there: one content, one name. */
  readonly version: string;
  readonly bundle: () => Buffer;
  readonly runtime: () => Runtime;
}

export type Outcome = 'installed' | 'already complete' | 'another installer was faster';

/** Longer than any installation takes: what is older was left by one that was killed. */
const ABANDONED_MS = 60 * 60 * 1000;
const ASIDE = /^\..+\.tmp-[0-9a-f]+$/;

/**
 * Writes the supervisor volume's content aside and renames it: TARGET/VERSION is complete or not there, whenever the
 * power goes. Any number may run at the same time.
 * @throws ProgramError when the folder can't be written, or what has its name is something else.
 */
export function installSupervisor(installation: Installation): Outcome {
  const { target, version } = installation;
  if (version !== basename(version) || /^\.*$/.test(version)) throw new ProgramError(`no version's name: "${version}"`);
  try {
    const outcome = isComplete(join(target, version)) ? 'already complete' : install(installation);
    removeLeftovers(target, version);
    return outcome;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new ProgramError(`can't install into ${target}: ${message}`);
  }
}

function install({ target, version, bundle, runtime }: Installation): Outcome {
  const aside = join(target, `.${version}.tmp-${randomBytes(6).toString('hex')}`);
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

/** The rename is atomic, so one file that is there proves them all. */
const isComplete = (folder: string) => existsSync(join(folder, SUPERVISOR_FILES.bundle));

function write(folder: string, bundle: Buffer, { node, loader, libraries }: Runtime): void {
  const { loader: loaderName, libraries: librariesName, node: nodeName, bundle: bundleName } = SUPERVISOR_FILES;
  const librariesFolder = join(folder, librariesName);
  makeFolder(folder);
  makeFolder(librariesFolder);
  copy(loader, join(folder, loaderName));
  copy(node, join(folder, nodeName));
  for (const library of libraries) copy(library, join(librariesFolder, basename(library)));
  writeDurably(join(folder, basename(SUPERVISOR_COMMAND)), commandScript(), 0o755);
  writeDurably(join(folder, bundleName), bundle, 0o644);
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

/** What killed installers left: all of this version, which is complete now, and what is too old to be at work. */
function removeLeftovers(target: string, version: string): void {
  for (const name of readdirSync(target).filter((entry) => ASIDE.test(entry))) {
    const path = join(target, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (name.startsWith(`.${version}.tmp-`) || age > ABANDONED_MS) {
      // Retried, as its installer may still be writing.
      rmSync(path, { recursive: true, force: true, maxRetries: 10 });
    }
  }
}
