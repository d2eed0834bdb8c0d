import { closeSync, lstatSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SUPERVISOR_FILES } from '../../contract';
import { asideOf, failureAt } from './folder';

/** An empty file beside a version's folder: its time tells when an installer of another version first met that folder. */
const MARK = /^\.(.+)\.superseded$/;
const markOf = (target: string, version: string) => join(target, `.${version}.superseded`);

/** Says that `version` is the current one, whatever it was before. */
export function unmark(target: string, version: string): void {
  rmSync(markOf(target, version), { force: true });
}

/**
 * Marks all versions but the current one as superseded, and removes those that have been so for longer than `keepMs`
 * and that nothing on this node runs. Each is whole or not there, whenever the power goes, and however many installers
 * are at work. What is no version of ours stays.
 * @returns names of the removed versions
 * @throws ProgramError when the folder can't be written.
 */
export function removeSuperseded(target: string, current: string, keepMs: number): string[] {
  try {
    removeStrayMarks(target);
    return versionsIn(target).filter((version) => version !== current && removed(target, version, keepMs));
  } catch (error) {
    throw failureAt(target, error);
  }
}

function removed(target: string, version: string, keepMs: number): boolean {
  if (!isOver(mark(target, version), keepMs) || isRunning(join(target, version))) return false;
  const aside = asideOf(target, version);
  if (!renamed(join(target, version), aside)) return false;
  // Its own installer takes the mark away and then looks for the folder; we do it the other way round, so one of the
  // two sees what the other does.
  if (!isOver(timeOf(markOf(target, version)), keepMs)) {
    if (!renamed(aside, join(target, version))) rmSync(aside, { recursive: true, force: true });
    return false;
  }
  rmSync(aside, { recursive: true, force: true });
  unmark(target, version);
  return true;
}

const isOver = (since: number | undefined, keepMs: number) => since !== undefined && Date.now() - since > keepMs;

const timeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs;

/** Since when a version is marked; if it is not yet, it is now. */
function mark(target: string, version: string): number | undefined {
  const file = markOf(target, version);
  try {
    writeFileSync(file, '', { flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  return timeOf(file);
}

/** A mark without its folder would be an old one if the version came back. */
function removeStrayMarks(target: string): void {
  const names = readdirSync(target);
  for (const name of names) {
    const version = MARK.exec(name)?.[1];
    if (version !== undefined && !names.includes(version)) rmSync(join(target, name), { force: true });
  }
}

/** Whole folders that an installer has made. */
function versionsIn(target: string): string[] {
  const { loader, node, start } = SUPERVISOR_FILES;
  const isFile = (...path: string[]) => lstatSync(join(target, ...path), { throwIfNoEntry: false })?.isFile();
  return readdirSync(target, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .filter((name) => [loader, node, start].every((file) => isFile(name, file)));
}

/**
 * Whether a process of this node runs the version, in whatever container: Linux lets nobody open for writing what is
 * being executed (ETXTBSY), and what is executed is the loader. A few kernels (6.11, 6.12.0) allow it, and sandboxes
 * (gVisor, Kata) run it out of our kernel's sight: there, time alone decides.
 */
function isRunning(folder: string): boolean {
  try {
    closeSync(openSync(join(folder, SUPERVISOR_FILES.loader), 'r+'));
    return false;
  } catch (error) {
    if (codeOf(error) === 'ETXTBSY') return true;
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** False when `from` has gone, or something is at `to`: another installer was faster. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
