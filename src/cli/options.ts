import { InvalidArgumentError, Option } from 'commander';

/** Options that several commands have. */

export const ENVIRONMENTS_FOLDER = 'environments';

export const environmentsFolder = () =>
  folder('--environments <folder>', "folder of the environments' files", ENVIRONMENTS_FOLDER);
export const strict = () => new Option('--strict', 'warnings are errors');
export const json = () => new Option('--json', 'one JSON document on stdout, for machines');

export function folder(flags: string, description: string, byDefault: string): Option {
  return new Option(flags, description).default(byDefault).argParser(given);
}

/** A forgotten value would be the next option. */
function given(value: string): string {
  if (value === '' || value.startsWith('-')) throw new InvalidArgumentError('It needs a value.');
  return value;
}
