import { FieldPath } from '../constructs/errors';
import type { FdlFile } from './fdl';
import type { Source } from './source';
import { isMap, isNothing, own, YamlMap } from './values';

/** A part of a source that is laid over others. */
export interface Layer {
  readonly source: Source;
  /** Where in the source the part stands. */
  readonly at: FieldPath;
  readonly value: YamlMap;
  /** The FDL file that it is from, if it is from one. */
  readonly fdl?: FdlFile;
}

/** Layers, the uppermost first. */
export type Stack = readonly Layer[];

/**
 * `upper` laid over `lower`: maps merge key by key, `null` removes a key, everything else (lists too) replaces what
 * was there. No `null` is left in maps.
 */
export function merge(upper: unknown, lower: unknown): unknown {
  if (Array.isArray(upper)) return upper.map((element) => merge(element, undefined));
  if (!isMap(upper)) return upper;
  const below = isMap(lower) ? lower : {};
  const keys = new Set([...Object.keys(below), ...Object.keys(upper)]);
  const merged = [...keys].flatMap((key): [string, unknown][] => {
    const value = own(upper, key) === undefined ? own(below, key) : own(upper, key);
    if (isNothing(value)) return [];
    return [[key, merge(value, value === own(below, key) ? undefined : own(below, key))]];
  });
  return Object.fromEntries(merged);
}

export function mergeStack(stack: Stack): YamlMap {
  return stack.reduceRight<YamlMap>((lower, { value }) => merge(value, lower) as YamlMap, {});
}

export interface Origin {
  readonly layer: Layer;
  /** Path in the layer's source: of the value, or of the nearest part around it that is there. */
  readonly path: FieldPath;
}

/** Where the merged value at `path` comes from. */
export function origin(stack: Stack, path: FieldPath): Origin {
  let candidates = stack.map((layer) => ({ layer, value: layer.value as unknown }));
  let depth = 0;
  for (const part of path) {
    const next = candidates
      .filter(({ value }) => has(value, part))
      .map(({ layer, value }) => ({ layer, value: (value as YamlMap)[part] }));
    if (!next.length) break;
    // What is no map hides everything below it.
    const opaque = next.findIndex(({ value }) => !isMap(value));
    candidates = opaque < 0 ? next : next.slice(0, Math.max(opaque, 1));
    depth++;
  }
  const { layer } = candidates[0]!;
  return { layer, path: [...layer.at, ...path.slice(0, depth)] };
}

function has(value: unknown, part: string | number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, part) && (value as YamlMap)[part] !== undefined;
}
