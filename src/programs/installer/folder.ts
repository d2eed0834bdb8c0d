import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SUPERVISOR_FILES } from '../../contract';
import { ProgramError } from '../common/fail';

/** Versions get their name by a rename when they are complete, and lose it by one before they are removed. */
const ASIDE = /^\..+\.tmp-[0-9a-f]+$/;
const asidePrefix = (version: string) => `.${version}.tmp-`;
/** Longer than any installation takes: what is older was left by one that was killed. */
const ABANDONED_MS = 60 * 60 * 1000;

/** A path beside TARGET/VERSION, of a name that nobody else has. */
export function asideOf(target: string, version: string): string {
  return join(target, `${asidePrefix(version)}${randomBytes(6).toString('hex')}`);
}

/** The rename is atomic, so one file that is there proves them all. */
export function isComplete(folder: string): boolean {
  return existsSync(join(folder, SUPERVISOR_FILES.start));
}

/** What killed installers left: all of this version, which is complete now, and what is too old to be at work. */
export function removeLeftovers(target: string, version: string): void {
  for (const name of readdirSync(target).filter((entry) => ASIDE.test(entry))) {
    const path = join(target, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (name.startsWith(asidePrefix(version)) || age > ABANDONED_MS) {
      // Retried, as its installer may still be writing.
      rmSync(path, { recursive: true, force: true, maxRetries: 10 });
    }
  }
}

/** What the file system refused, in a sentence; anything else is a defect and stays what it is. */
export function failureAt(target: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? error : new ProgramError(`can't install into ${target}: ${message}`);
}
