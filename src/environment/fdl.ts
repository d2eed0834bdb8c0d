import { FieldPath } from '../constructs/errors';
import { Layer } from './layers';
import { Report, whole } from './report';
import { Source } from './source';
import { withOneSpelling } from './spellings';
import { asText, isMap, isNothing, own, YamlMap } from './values';

/** An FDL file: `functions.oscar` is a list of maps from a cluster's name to a service. */
export interface FdlFile {
  readonly source: Source;
  /** Public halves of `storage_providers`, by type and id; secrets are taken out. */
  readonly providers: YamlMap;
  /** Secrets that are written in it. */
  readonly secrets: readonly FieldPath[];
}

/** A function of an FDL file, by its name. */
export interface FdlFunction {
  readonly name: string;
  readonly layer: Layer;
}

const KNOWN = ['functions', 'storage_providers'];
const IGNORED: Readonly<Record<string, string>> = {
  clusters: 'an environment is one platform on one cluster, and services are not delegated to others',
};

/** Reads an FDL file as it stands. Everything wrong with its frame goes to the report. */
export function readFdl(source: Source, report: Report): FdlFunction[] {
  const file = { source, ...splitProviders(source.value['storage_providers']) };
  const stack = whole(source);
  for (const key of Object.keys(source.value).filter((key) => !KNOWN.includes(key))) {
    const reason = own(IGNORED, key);
    const problem = reason ? `it does nothing here: ${String(reason)}` : 'there is no such field, and it is ignored';
    report.warning(stack, { problem, field: [key], key: true, allowed: KNOWN.join(', ') });
  }
  const functions = source.value['functions'];
  const oscar = isMap(functions) ? functions['oscar'] : undefined;
  if (!Array.isArray(oscar)) {
    report.error(stack, { problem: 'no functions are listed here', field: ['functions', 'oscar'], allowed: 'a list' });
    return [];
  }
  for (const key of Object.keys(functions as YamlMap).filter((key) => key !== 'oscar')) {
    report.warning(stack, { problem: 'these are not functions for OSCAR', field: ['functions', key], key: true });
  }
  return oscar.flatMap((entry, i) => readEntry(file, entry, ['functions', 'oscar', i], report));
}

function readEntry(file: FdlFile, entry: unknown, at: FieldPath, report: Report): FdlFunction[] {
  const stack = whole(file.source);
  if (!isMap(entry)) {
    report.error(stack, { problem: 'this is not a function', field: at, allowed: 'a map from a cluster to a service' });
    return [];
  }
  return Object.entries(entry).flatMap(([cluster, value]) => {
    const field = [...at, cluster];
    if (!isMap(value)) {
      report.error(stack, { problem: 'this is not a service', field, allowed: 'a map with name, image, script …' });
      return [];
    }
    const name = asText(value['name']);
    if (name === undefined) {
      report.error(stack, { problem: 'the function has no name', field: [...field, 'name'], allowed: 'text' });
      return [];
    }
    const layer = { source: file.source, at: field, value: withOneSpelling(value), fdl: file };
    return [{ name, layer }];
  });
}

/** Fields of `storage_providers.<type>.<id>` that are secret. */
const SECRET_FIELDS = ['access_key', 'secret_key', 'session_token', 'password', 'token', 'refresh_token'];

function splitProviders(written: unknown): Pick<FdlFile, 'providers' | 'secrets'> {
  const secrets: FieldPath[] = [];
  const perId = (type: string, ids: unknown) =>
    !isMap(ids)
      ? ids
      : mapValues(ids, (settings, id) => {
          if (!isMap(settings)) return settings;
          const secret = SECRET_FIELDS.filter((key) => !isNothing(settings[key]));
          secrets.push(...secret.map((key) => ['storage_providers', type, id, key]));
          return Object.fromEntries(Object.entries(settings).filter(([key]) => !SECRET_FIELDS.includes(key)));
        });
  const providers = isMap(written) ? mapValues(written, (ids, type) => perId(type, ids)) : {};
  return { providers, secrets };
}

const mapValues = (map: YamlMap, change: (value: unknown, key: string) => unknown): YamlMap =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
