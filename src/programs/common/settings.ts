import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS_DIR, SETTINGS_KEY } from '../../contract';
import { ProgramError } from './fail';

/** Where a program's settings are mounted. */
export const SETTINGS_FILE = join(SETTINGS_DIR, SETTINGS_KEY);

type Shape = { readonly [field: string]: 'string' | 'number' | 'boolean' | 'array' | Shape };

/**
 * Reads a JSON file and checks that the fields in `shape` are there, of the right type.
 * @throws ProgramError that names the file and the field.
 */
export function readSettings<T>(shape: Shape, file: string = SETTINGS_FILE): T {
  const settings = parse(read(file), file);
  const problem = misfit(settings, shape, '');
  if (problem) throw new ProgramError(`${file}: ${problem}`);
  return settings as T;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ProgramError(`settings can't be read: ${(error as Error).message}`);
  }
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProgramError(`${file} is no JSON: ${(error as Error).message}`);
  }
}

function misfit(value: unknown, shape: Shape[string], at: string): string | undefined {
  const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const wanted = typeof shape === 'string' ? shape : 'object';
  if (type !== wanted) {
    const field = at === '' ? 'the settings' : `"${at}"`;
    return value === undefined ? `${field} is missing (${wanted})` : `${field} must be: ${wanted}, not: ${type}`;
  }
  if (typeof shape === 'string') return undefined;
  const fields = value as Record<string, unknown>;
  for (const [name, inner] of Object.entries(shape)) {
    const problem = misfit(fields[name], inner, at === '' ? name : `${at}.${name}`);
    if (problem) return problem;
  }
  return undefined;
}
