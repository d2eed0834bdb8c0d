/** The bytes as they are, whatever they are. */
export const ANY_BYTES = 'application/octet-stream';
export const ZIP = 'application/zip';
/** What base64 is sent as. */
const TEXT = 'text/plain';

/**
 * Whether a client wants its data raw, and as which type (RFC 9110, section 12.5.1).
 * @param accept the request's header
 * @param own the data's own type, e.g. `image/png`
 * @returns `own` or `application/octet-stream`; nothing: base64, which is also what a client gets that takes nothing
 *   of what there is, as upstream's clients may ask for anything
 */
export function rawType(accept: string | undefined, own: string): string | undefined {
  if (accept === undefined) return undefined;
  const ranges = parse(accept);
  const [asOwn, asBytes] = [wantedAs(ranges, own), ranges.get(ANY_BYTES) ?? 0];
  const anything = ranges.get('*/*') ?? 0;
  const asBase64 = named(ranges, TEXT) ?? anything;
  // Libraries name types without being told to, beside `*/*` (axios: `application/json, text/plain, */*`). Whoever is
  // asked for nothing better than anything has not been asked for raw data; but nobody names bytes or a zip without meaning it.
  const isMeant = asOwn > anything || (own === ZIP && asOwn > 0 && ranges.has(ZIP));
  if (isMeant && asOwn >= asBase64 && asOwn >= asBytes) return own;
  return asBytes > 0 && asBytes >= asBase64 ? ANY_BYTES : undefined;
}

/** How much data is wanted as its own type. Text asks for base64, which is sent as text. */
function wantedAs(ranges: ReadonlyMap<string, number>, own: string): number {
  if (own === TEXT) return 0;
  return (own.startsWith('text/') ? ranges.get(own) : named(ranges, own)) ?? 0;
}

/** How much a type is wanted that is named itself, or by its `type/*`: the more specific counts. */
function named(ranges: ReadonlyMap<string, number>, type: string): number | undefined {
  return ranges.get(type) ?? ranges.get(`${type.slice(0, type.indexOf('/'))}/*`);
}

/** Media ranges and their weights, 0 to 1. Parameters but the weight say nothing here. */
function parse(accept: string): Map<string, number> {
  const ranges = new Map<string, number>();
  for (const part of accept.toLowerCase().split(',')) {
    const [type, ...parameters] = part.split(';').map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const q = weight === undefined ? 1 : Number(weight.slice(2));
    if (q >= 0 && q <= 1) ranges.set(type, q);
  }
  return ranges;
}
