import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { FAILSAFE_SCHEMA, load, Type, YAMLException } from 'js-yaml';
import { FieldPath } from '../constructs/errors';
import { EnvironmentError } from './findings';
import { Place, Positions } from './positions';
import { isMap, isNothing, YamlMap } from './values';

/**
 * js-yaml gives the values: seven times as fast as `yaml`, with a third of the memory. Positions, which are needed
 * only when there is something to report, come from `yaml`. Scalars stay the text that was written (`1.10` is not
 * 1.1); the schema knows what each of them has to be.
 */
const SCALARS_AS_WRITTEN = FAILSAFE_SCHEMA.extend({
  implicit: [
    new Type('tag:yaml.org,2002:null', {
      kind: 'scalar',
      resolve: (text: string | null) => text === null || /^(~|null|Null|NULL|)$/.test(text),
      construct: () => null,
    }),
    new Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (text: string | null) => text === '<<' }),
  ],
});

/** Values in one file. A few lines of aliases can stand for more than any memory holds. */
const MAX_VALUES = 5_000_000;
const MAX_DEPTH = 100;

/** Something that the user wrote: its value, and where each part of it stands. */
export class Source {
  private positions?: Positions;

  /** @throws EnvironmentError when the file can't be read, is not text, or not one YAML map */
  static read(file: string): Source {
    const text = readText(file);
    const value = parse(file, text);
    if (!isMap(value)) {
      throw refused(file, isNothing(value) ? 'the file is empty' : 'the file does not hold a map', {
        line: 1,
        column: 1,
      });
    }
    checkSize(file, value);
    return new Source(file, value, text);
  }

  /** A value from TypeScript. @param file names it in messages, and the folder that relative paths are from */
  static ofObject(value: unknown, file: string): Source {
    checkSize(file, value);
    if (!isMap(value)) throw refused(file, 'the environment is not an object');
    return new Source(file, value, undefined);
  }

  private constructor(
    /** Path as the user would type it. */
    readonly file: string,
    readonly value: YamlMap,
    private readonly text: string | undefined,
  ) {}

  /** Place of the value at `path`, or of the nearest part around it. `key` asks for the place of its name. */
  place(path: FieldPath, key: boolean): Place | undefined {
    if (this.text === undefined) return undefined;
    this.positions ??= new Positions(this.text);
    return this.positions.of(path, key);
  }

  /** Path that this file names, as the user would type it. */
  resolve(relative: string): string {
    return resolve(relative) === relative ? relative : join(dirname(this.file), relative);
  }
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw refused(file, `the file can't be read (${reason(error)})`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused(file, 'the file is not UTF-8 text');
  }
}

function reason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'it does not exist',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
  };
  return known[code ?? ''] ?? code ?? 'unknown error';
}

function parse(file: string, text: string): unknown {
  try {
    return load(text, { schema: SCALARS_AS_WRITTEN, filename: basename(file) });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { reason, mark } = error as YAMLException & { mark?: YAMLException['mark'] };
    throw refused(file, `not valid YAML: ${reason}`, mark ? at(mark) : secondDocument(text));
  }
}

const at = ({ line, column }: { line: number; column: number }): Place => ({ line: line + 1, column: column + 1 });

/** The one error that js-yaml gives without a place: there is more than one document. */
function secondDocument(text: string): Place {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '' && !/^(#|%|---)/.test(line));
  const next = lines.findIndex((line, i) => i > first && /^(---|\.\.\.)(\s|$)/.test(line));
  return { line: Math.max(next, 0) + 1, column: 1 };
}

/** Counts what is there with every alias written out, and refuses what would not end. */
function checkSize(file: string, value: unknown): void {
  let count = 0;
  const walk = (part: unknown, depth: number): void => {
    if (++count > MAX_VALUES) throw refused(file, `the file stands for more than ${MAX_VALUES} values`);
    if (typeof part !== 'object' || part === null) return;
    if (depth > MAX_DEPTH)
      throw refused(file, `the file is nested more than ${MAX_DEPTH} levels deep, or contains itself`);
    for (const child of Object.values(part)) walk(child, depth + 1);
  };
  walk(value, 0);
}

const refused = (file: string, problem: string, place?: Place) =>
  new EnvironmentError([{ severity: 'error', problem, file, ...place }]);
