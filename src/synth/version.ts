import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** This package's own version. Found upwards, as sources and compiled code lie at different depths. */
export function packageVersion(folder = __dirname): string {
  const parent = dirname(folder);
  const found = readPackage(join(folder, 'package.json'));
  if (found?.name === 'oscar-cdk8s') return found.version;
  if (parent === folder) throw new Error('package.json of oscar-cdk8s is missing');
  return packageVersion(parent);
}

function readPackage(file: string): { name: string; version: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
