export type YamlMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is YamlMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined;

/** A field that the map itself has: `toString` is no field of `{}`. */
export const own = (map: YamlMap, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined);

/** Text, or what was written instead of it; nothing when it is empty, a map or a list. */
export const asText = (value: unknown): string | undefined =>
  isNothing(value) || value === '' || typeof value === 'object' ? undefined : String(value);
