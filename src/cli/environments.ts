import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, loadEnvironment, LoadedEnvironment, LocatedFinding } from '../environment';
import { unknown, UsageError } from './usage';

/** Which environments a command is about. */
export interface EnvironmentOptions {
  /** Folder of the environments' files. */
  readonly environments: string;
  /** Warnings are errors. */
  readonly strict?: boolean;
}

/** Names of the environments in a folder, with their files, in an order that no file system decides. */
export function environmentFiles(folder: string): ReadonlyMap<string, string> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    throw new UsageError(`can't read the folder ${folder}: run this where it is, or use --environments`);
  }
  const files = names.filter((file) => /^[^.].*\.ya?ml$/.test(file)).sort();
  return new Map(files.map((file) => [file.replace(/\.ya?ml$/, ''), join(folder, file)]));
}

/** Files of the named environments, or of all in the folder. What only others extend lies in a folder below. */
export function filesOf(folder: string, names: readonly string[]): string[] {
  const files = environmentFiles(folder);
  if (files.size === 0) {
    throw new UsageError(`no environment in ${folder}: write ${join(folder, 'dev.yaml')}, or use --environments`);
  }
  if (names.length === 0) return [...files.values()];
  return [...new Set(names)].map((name) => {
    const file = files.get(name);
    if (file === undefined) throw unknown('environment', name, [...files.keys()]);
    return file;
  });
}

/**
 * The named environments, or all of the folder.
 * @throws EnvironmentError with the findings of all
 */
export function loadAll(names: readonly string[], { environments, strict }: EnvironmentOptions): LoadedEnvironment[] {
  const findings: LocatedFinding[] = [];
  const loaded = filesOf(environments, names).flatMap((file) => {
    try {
      return [loadEnvironment(file, { strict })];
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      findings.push(...error.findings);
      return [];
    }
  });
  if (findings.length) throw new EnvironmentError(findings);
  return loaded;
}
