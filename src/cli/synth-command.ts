import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, format, loadEnvironment, LoadedEnvironment, LocatedFinding } from '../environment';
import { Synthesis, synthesizeAll } from '../synth';
import { SynthArguments, unknown, UsageError } from './arguments';

export interface Output {
  /** Results. */
  readonly out: (line: string) => void;
  /** What a person should read: findings, warnings. */
  readonly err: (line: string) => void;
}

/** `oscar-cdk8s synth`. Throws `UsageError`, `EnvironmentError` or `DeclarationError`; then nothing is changed. */
export function synthCommand({ environments, folder, outdir, strict }: SynthArguments, { out, err }: Output): void {
  const loaded = loadAll(filesOf(folder, environments), strict);
  for (const warning of loaded.flatMap(({ warnings }) => warnings)) err(format(warning));
  for (const synthesis of synthesizeAll(loaded, { outdir })) {
    for (const file of synthesis.foreignFiles) err(foreignFileWarning(synthesis, file));
    out(`${synthesis.folder}: ${synthesis.files} files, ${synthesis.objects} objects`);
  }
}

/** Files of the named environments, or of all in the folder. What only others extend lies in a folder below. */
function filesOf(folder: string, environments: readonly string[]): string[] {
  const files = new Map(environmentFiles(folder).map((file) => [file.replace(/\.ya?ml$/, ''), join(folder, file)]));
  if (files.size === 0) {
    throw new UsageError(`no environment in ${folder}: write ${join(folder, 'dev.yaml')}, or use --environments`);
  }
  if (environments.length === 0) return [...files.values()];
  return [...new Set(environments)].map((name) => {
    const file = files.get(name);
    if (file === undefined) throw unknown('environment', name, [...files.keys()]);
    return file;
  });
}

/** In an order that no file system decides. */
function environmentFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /^[^.].*\.ya?ml$/.test(file))
      .sort();
  } catch {
    throw new UsageError(`can't read the folder ${folder}: run this where it is, or use --environments`);
  }
}

function loadAll(files: readonly string[], strict: boolean): LoadedEnvironment[] {
  const findings: LocatedFinding[] = [];
  const loaded = files.flatMap((file) => {
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

function foreignFileWarning({ folder }: Synthesis, file: string): string {
  const applied = /\.(ya?ml|json)$/.test(file) ? ', and kubectl will apply it with the folder' : '';
  return `warning: ${join(folder, file)} was not written by oscar-cdk8s: it stays${applied}`;
}
