import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EnvironmentError, format, loadEnvironment, LoadedEnvironment, LoadOptions } from '../../src/environment';

export const HEAD = 'apiVersion: oscar-cdk8s/v1\nkind: Environment\n';
/** What every whole environment begins with: four lines. */
export const WHOLE = `${HEAD}name: test\nversion: 1.0.0\n`;

/** A folder that is gone after the test file. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'environment-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Writes files by their paths in `directory`, a script beside them, and loads the first one. */
export function load(
  directory: string,
  files: Record<string, string | Buffer>,
  options?: LoadOptions,
): LoadedEnvironment {
  for (const [file, text] of Object.entries({ ...files, 'script.sh': 'echo done\n' })) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
  }
  return loadEnvironment(join(directory, Object.keys(files)[0]!), options);
}

/** The lines of the error that loading ends in, without the folder. */
export function refusal(directory: string, files: Record<string, string | Buffer>, options?: LoadOptions): string[] {
  try {
    load(directory, files, options);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return error.format().replaceAll(`${directory}/`, '').split('\n');
  }
  throw new Error('it was not refused');
}

export const warnings = (directory: string, environment: LoadedEnvironment): string[] =>
  environment.warnings.map((warning) => format(warning).replaceAll(`${directory}/`, ''));
