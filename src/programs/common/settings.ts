import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SETTINGS_DIR, SETTINGS_GZIP_KEY, SETTINGS_KEY } from '../../contract';
import { ProgramError } from './fail';
import { misfit, Shape } from './shape';

/**
 * Reads a program's settings (gzipped, where they are long) and checks that the fields in `shape` are there, of the
 * right type.
 * @param folder where they are mounted
 * @throws ProgramError that names the file and the field.
 */
export function readSettings<T>(shape: Shape, folder: string = SETTINGS_DIR): T {
  const gzipped = join(folder, SETTINGS_GZIP_KEY);
  const file = existsSync(gzipped) ? gzipped : join(folder, SETTINGS_KEY);
  const settings = parse(read(file), file);
  const problem = misfit(settings, shape, '');
  if (problem) throw new ProgramError(`${file}: ${problem}`);
  return settings as T;
}

function read(file: string): string {
  try {
    const bytes = readFileSync(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
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
