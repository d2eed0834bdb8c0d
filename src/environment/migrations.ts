import { asText, YamlMap } from './values';

/** The version of the format that the schema describes. */
export const API_VERSION = 'oscar-cdk8s/v1';

/**
 * Every version of the format that is read, and how a file of that version becomes one of the current version. A new
 * version goes here, with a migration for each older one; nothing else knows of versions.
 */
const MIGRATIONS: Readonly<Record<string, (file: YamlMap) => YamlMap>> = {
  [API_VERSION]: (file) => file,
};

export const API_VERSIONS = Object.keys(MIGRATIONS);

/** The file in the current version's form, or nothing when its version is unknown. */
export function migrate(file: YamlMap): YamlMap | undefined {
  const version = asText(file['apiVersion']);
  return version !== undefined && Object.hasOwn(MIGRATIONS, version) ? MIGRATIONS[version]!(file) : undefined;
}
