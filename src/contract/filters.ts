import type { StorageInput } from './definition';

/**
 * Whether an input or output wants a file. Its filters are on the path relative to its folder, or on the file's own name;
 * none takes everything.
 */
export function takes({ prefix, suffix }: Pick<StorageInput, 'prefix' | 'suffix'>, name: string): boolean {
  const names = [name, name.slice(name.lastIndexOf('/') + 1)];
  const begins = prefix.length === 0 || prefix.some((text) => names.some((it) => it.startsWith(text)));
  return begins && (suffix.length === 0 || suffix.some((text) => name.endsWith(text)));
}
