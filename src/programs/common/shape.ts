/** Fields that have to be there, and of which type. */
export type Shape = { readonly [field: string]: 'string' | 'number' | 'boolean' | 'array' | Shape };

/**
 * What doesn't fit, in words: `"minio.endpoint" is missing (string)`; undefined: it all does.
 * @param at the value's own place, empty for the whole
 */
export function misfit(value: unknown, shape: Shape[string], at: string): string | undefined {
  const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const wanted = typeof shape === 'string' ? shape : 'object';
  if (type !== wanted) {
    const field = at === '' ? 'the settings' : `"${at}"`;
    return value === undefined ? `${field} is missing (${wanted})` : `${field} must be: ${wanted}, not: ${type}`;
  }
  if (typeof shape === 'string') return undefined;
  const fields = value as Record<string, unknown>;
  for (const [name, inner] of Object.entries(shape)) {
    const problem = misfit(fields[name], inner, at === '' ? name : `${at}.${name}`);
    if (problem) return problem;
  }
  return undefined;
}
