import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JSON_SCHEMA, load, YAMLException } from 'js-yaml';
import { DEFINITION_KEY, LOG_LEVELS, LogLevel, StorageOutput } from '../../contract';
import { InvocationError } from './failure';

/** What the supervisor reads of a service's definition: ours, or one that upstream wrote, with its defaults filled in. */
export interface Definition {
  readonly name: string;
  readonly logLevel: LogLevel;
  /** True: nothing is downloaded (upstream's odd name). */
  readonly fileStageIn: boolean;
  readonly isolationLevel: 'service' | 'user';
  readonly input: readonly StorageOutput[];
  readonly output: readonly StorageOutput[];
  /** `storage_providers` as it stands, by type and id: the public half, and with upstream's services the secret half too. */
  readonly providers: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  /** A script that runs longer is ended, in seconds. Warm pods only: a Job has Kubernetes' own deadline. */
  readonly timeoutSeconds: number;
  readonly maxInflight: number;
}

/**
 * Reads `function_config.yaml`. What is missing or null has a default: INFO, 300 s, one script at a time, and for
 * places the provider `minio.default`, as constructs have it.
 * @throws InvocationError (`configuration`) that names the file and the field; it repeats nothing of the file but the
 *   field's own value, as upstream's definitions hold secrets.
 */
export function readDefinition(folder: string): Definition {
  const file = join(folder, DEFINITION_KEY);
  const root = new Fields(file, '', parse(file));
  const invocation = root.map('invocation');
  return {
    name: root.text('name', ''),
    logLevel: root.choice('log_level', LOG_LEVELS, 'INFO'),
    fileStageIn: root.flag('file_stage_in', false),
    isolationLevel: root.choice('isolation_level', ['service', 'user'], 'service'),
    input: root.maps('input').map(placeOf),
    output: root.maps('output').map(placeOf),
    providers: providersOf(root.map('storage_providers')),
    timeoutSeconds: invocation.count('timeoutSeconds', 300),
    maxInflight: invocation.count('maxInflight', 1),
  };
}

function parse(file: string): unknown {
  const text = read(file);
  try {
    return load(text, { schema: JSON_SCHEMA }) ?? {};
  } catch (error) {
    // Its whole message would show lines of the file, and a reason may repeat a word of it: "<", "!" or ":" come before.
    const { reason, mark } = error as YAMLException;
    const why = reason.split(/["'`<!:]/, 1)[0].trim();
    throw new InvocationError('configuration', `${file} is no YAML: ${why} (line ${(mark?.line ?? 0) + 1})`);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const fix = "the service's ConfigMap has to be mounted there, with this key";
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (error as Error).message;
    throw new InvocationError('configuration', `${file}, the service's definition, can't be read: ${why}. Fix: ${fix}`);
  }
}

function placeOf(place: Fields): StorageOutput {
  return {
    storage_provider: providerName(place.text('storage_provider', 'minio.default')),
    path: place.text('path', '').replace(/^\/+|\/+$/g, ''),
    prefix: place.texts('prefix'),
    suffix: place.texts('suffix'),
  };
}

/** `<type>.<id>`: the type in lower case, the id `default` where there is none. */
function providerName(written: string): string {
  const [type, ...id] = written.trim().split('.');
  return `${type.toLowerCase()}.${id.join('.') || 'default'}`;
}

function providersOf(types: Fields): Definition['providers'] {
  return types.each((ids) => ids.each((settings) => settings.value));
}

type YamlMap = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Python's `strtobool`, by which upstream reads switches that are written as text. */
const TRUE = /^(true|t|yes|y|on|1)$/i;
const FALSE = /^(false|f|no|n|off|0)$/i;

/** A map of the file, and how its fields are read: nothing written is the default, a wrong type is an error. */
class Fields {
  readonly value: YamlMap;

  constructor(
    private readonly file: string,
    private readonly at: string,
    value: unknown,
  ) {
    if (!isMap(value)) throw this.misfit(at, value, 'a map');
    this.value = value;
  }

  text(name: string, missing: string): string {
    const value = this.own(name) ?? missing;
    if (typeof value !== 'string') throw this.misfit(this.path(name), value, 'text');
    return value;
  }

  /** A list of texts; one text is a list of one. */
  texts(name: string): readonly string[] {
    const value = this.own(name) ?? [];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((item): item is string => typeof item === 'string')) return list;
    throw this.misfit(this.path(name), value, 'text or a list of texts');
  }

  /** One of a few words, in any case; nothing written is an empty text as well. */
  choice<T extends string>(name: string, allowed: readonly T[], missing: T): T {
    const value = this.own(name) ?? '';
    if (value === '') return missing;
    const found = allowed.find((word) => typeof value === 'string' && word.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw this.misfit(this.path(name), value, allowed.join(', '));
    return found;
  }

  flag(name: string, missing: boolean): boolean {
    const value = this.own(name) ?? missing;
    if (value === '') return missing;
    if (typeof value === 'boolean') return value;
    const text = typeof value === 'object' ? '' : String(value);
    if (TRUE.test(text)) return true;
    if (FALSE.test(text)) return false;
    throw this.misfit(this.path(name), value, 'true, false');
  }

  /** A whole number above 0. */
  count(name: string, missing: number): number {
    const value = this.own(name) ?? missing;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
    throw this.misfit(this.path(name), value, 'a whole number above 0');
  }

  map(name: string): Fields {
    return new Fields(this.file, this.path(name), this.own(name) ?? {});
  }

  maps(name: string): Fields[] {
    const value = this.own(name) ?? [];
    if (!Array.isArray(value)) throw this.misfit(this.path(name), value, 'a list');
    return value.map((item, i) => new Fields(this.file, `${this.path(name)}[${i}]`, item));
  }

  each<T>(change: (fields: Fields) => T): Record<string, T> {
    return Object.fromEntries(Object.keys(this.value).map((name) => [name, change(this.map(name))]));
  }

  private own(name: string): unknown {
    return Object.hasOwn(this.value, name) ? this.value[name] : undefined;
  }

  private path(name: string): string {
    return this.at === '' ? name : `${this.at}.${name}`;
  }

  private misfit(at: string, value: unknown, allowed: string): InvocationError {
    const field = at === '' ? 'the definition' : `the field "${at}"`;
    // Under storage_providers may be secrets.
    const shown = at.startsWith('storage_providers') ? 'something else' : (JSON.stringify(value) ?? '').slice(0, 80);
    return new InvocationError('configuration', `${this.file}: ${field} is ${shown}. Allowed: ${allowed}`);
  }
}
