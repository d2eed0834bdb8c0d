import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { checkLabelName } from '../constructs/checks';
import { DeclarationError } from '../constructs/errors';
import { filesNamedIn, MANIFEST_FILE } from './manifest';

/**
 * An environment's folder of manifests, written aside and swapped in.
 *
 * Guaranteed, wherever the process is killed: the folder holds all of the old manifests or all of the new ones, never
 * some of each; for the instant between two renames it is absent, and the next synthesis puts the old one back. Files
 * that are not ours stay: they are moved over by rename. Nothing is deleted but files that our own manifest.json names,
 * and what a killed run left in folders of its own. (A machine that loses power may lose what was just written.)
 */
export class OutputFolder {
  readonly path: string;
  private readonly aside: string;
  private readonly files = new Set<string>();

  /** Throws `DeclarationError` when the folder is there and not ours, or the name is no label (as `..`). */
  constructor(
    private readonly outdir: string,
    private readonly name: string,
  ) {
    checkLabelName({ field: ['name'] }, name);
    this.path = join(outdir, name);
    this.aside = join(outdir, `.${name}.tmp-${process.pid}`);
    mkdirSync(outdir, { recursive: true });
    this.recover();
    this.filesThatAreOurs();
    mkdirSync(this.aside);
  }

  /** Writes a file aside. */
  write(file: string, text: string): void {
    writeFileSync(join(this.aside, file), text, { flag: 'wx' });
    this.files.add(file);
  }

  /** Names of files in the folder that are not ours: they stay. Throws when a new file would replace one. */
  foreignFiles(): string[] {
    const ours = this.filesThatAreOurs();
    const foreign = entries(this.path).filter((name) => !ours.has(name));
    const inTheWay = foreign.find((name) => this.files.has(name));
    if (inTheWay !== undefined) {
      throw new DeclarationError({
        problem: `${join(this.path, inTheWay)} is in the way, and was not written by oscar-cdk8s`,
        fix: 'move it away, or give it another name',
      });
    }
    return foreign;
  }

  /** Replaces the folder by what was written aside. */
  swap(): void {
    const old = join(this.outdir, `.${this.name}.old-${process.pid}`);
    const replaces = statOf(this.path) !== undefined;
    if (replaces) renameSync(this.path, old);
    try {
      renameSync(this.aside, this.path);
    } catch (error) {
      if (replaces && !statOf(this.path)) renameSync(old, this.path);
      throw error;
    }
    if (replaces) this.settle(old);
  }

  /** Takes back what was written aside. */
  discard(): void {
    rmSync(this.aside, { recursive: true, force: true });
  }

  /** Names of our own files in the folder. Throws when it holds files, and no manifest.json of ours. */
  private filesThatAreOurs(folder = this.path): Set<string> {
    const stat = statOf(folder);
    if (!stat) return new Set();
    if (!stat.isDirectory()) {
      throw new DeclarationError({
        problem: `${folder} is ${stat.isSymbolicLink() ? 'a symbolic link' : 'no folder'}, and is not touched`,
        fix: 'move it away, or choose another --outdir',
      });
    }
    const names = entries(folder);
    if (names.length === 0) return new Set();
    if (!names.includes(MANIFEST_FILE) || !statOf(join(folder, MANIFEST_FILE))?.isFile()) {
      throw new DeclarationError({
        problem: `${folder} holds files and no ${MANIFEST_FILE} of oscar-cdk8s, so it is not touched`,
        fix: 'move the folder away, or choose another --outdir',
      });
    }
    const path = join(folder, MANIFEST_FILE);
    return filesNamedIn(readFileSync(path, 'utf8'), path);
  }

  /** Moves what is not ours from the replaced folder into the new one, and removes the rest. The manifest goes last. */
  private settle(old: string): void {
    const ours = this.filesThatAreOurs(old);
    for (const name of entries(old)) {
      const isOurFile = ours.has(name) && !statOf(join(old, name))?.isDirectory();
      if (isOurFile && name !== MANIFEST_FILE) unlinkSync(join(old, name));
      else if (!isOurFile && !statOf(join(this.path, name))) renameSync(join(old, name), join(this.path, name));
    }
    if (entries(old).some((name) => name !== MANIFEST_FILE)) return;
    rmSync(join(old, MANIFEST_FILE), { force: true });
    rmdirSync(old);
  }

  /** Finishes or takes back what killed runs left. */
  private recover(): void {
    const left = entries(this.outdir).filter((name) => this.isLeftByKilledRun(name));
    for (const name of left.filter((name) => name.startsWith(`.${this.name}.old-`))) {
      const old = join(this.outdir, name);
      if (statOf(this.path)) this.settle(old);
      else renameSync(old, this.path);
    }
    for (const name of left.filter((name) => name.startsWith(`.${this.name}.tmp-`))) {
      rmSync(join(this.outdir, name), { recursive: true, force: true });
    }
  }

  private isLeftByKilledRun(entry: string): boolean {
    const suffix = ['tmp', 'old'].map((kind) => `.${this.name}.${kind}-`).find((prefix) => entry.startsWith(prefix));
    if (suffix === undefined) return false;
    const pid = entry.slice(suffix.length);
    return /^\d+$/.test(pid) && (Number(pid) === process.pid || !isAlive(Number(pid)));
  }
}

/** Never follows a link. */
function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** In an order that no file system decides. */
function entries(folder: string): string[] {
  return statOf(folder) ? readdirSync(folder).sort() : [];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
