import { join } from 'node:path';
import { LoadedEnvironment } from './environment';
import type { EnvironmentValue } from './schema/environment';
import { Source } from './source';

export { LoadedEnvironment } from './environment';
export { EnvironmentError, format } from './findings';
export type { LocatedFinding } from './findings';
export { API_VERSION } from './migrations';
export type { EnvironmentValue } from './schema/environment';

export interface LoadOptions {
  /** Warnings are errors. @default false */
  readonly strict?: boolean;
}

/**
 * Reads an environment and everything that it names: files that it extends, FDL files.
 * @param file path of the YAML file; messages name it as it is given
 * @throws EnvironmentError with all findings
 */
export function loadEnvironment(file: string, { strict = false }: LoadOptions = {}): LoadedEnvironment {
  return new LoadedEnvironment(Source.read(file), strict);
}

export interface ObjectOptions extends LoadOptions {
  /** Folder that relative paths in the environment are from. @default the current one */
  readonly directory?: string;
}

/**
 * The same from TypeScript: the value that a YAML file would hold.
 * @throws EnvironmentError with all findings
 */
export function defineEnvironment(value: EnvironmentValue, options: ObjectOptions = {}): LoadedEnvironment {
  const { directory = '.', strict = false } = options;
  return new LoadedEnvironment(Source.ofObject(value, join(directory, '(environment)')), strict);
}
