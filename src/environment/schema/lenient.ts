import { spellings } from '../spellings';
import type { JsonSchema } from './generate';

const SCALARS = ['string', 'number', 'boolean'];
const NULL: JsonSchema = { type: 'null' };

/**
 * The same schema, taking everything that the loader takes besides: `null` for any field, numbers where text belongs
 * (`version: 1.0`), quoted numbers and flags, words in any letter case, a list's one element alone, other spellings.
 */
export function lenient(schema: JsonSchema, key = ''): JsonSchema {
  const { type, description, enum: words, items, properties, additionalProperties, anyOf, oneOf, ...rest } = schema;
  const told = description === undefined ? {} : { description };
  const { pattern, minimum, maximum, ...others } = rest;
  if (oneOf ?? anyOf) return { ...told, ...rest, anyOf: (oneOf ?? anyOf)!.map((kind) => lenient(kind)) };
  if (words && key !== 'kind') {
    return { ...told, ...rest, anyOf: [{ enum: words }, inAnyCase(words as readonly string[])] };
  }
  if (type === 'boolean') return { ...told, ...rest, anyOf: [{ type }, inAnyCase(['true', 'false'])] };
  if (type === 'integer') {
    const range = { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
    return { ...told, ...others, anyOf: [{ type, ...range }, { type: 'string', pattern: '^-?\\d+$' }] };
  }
  if (pattern !== undefined) return { ...schema, type: SCALARS };
  if (items) {
    const list = { type, items: lenient(items) };
    const isScalar = !items.properties && !items.anyOf && !items.oneOf;
    return isScalar ? { ...told, ...rest, anyOf: [lenient(items), list] } : { ...told, ...rest, ...list };
  }
  return {
    ...schema,
    ...(properties ? { properties: fields(properties) } : {}),
    ...(additionalProperties ? { additionalProperties: orNull(lenient(additionalProperties)) } : {}),
  };
}

/** Fields may be `null`, which is «not set» and takes away what a base says. */
function fields(properties: NonNullable<JsonSchema['properties']>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) => {
      const field = orNull(lenient(schema, name));
      return [name, ...spellings(name)].map((spelling): [string, JsonSchema] => [spelling, field]);
    }),
  );
}

function orNull(schema: JsonSchema): JsonSchema {
  const { description, anyOf, ...rest } = schema;
  const told = description === undefined ? {} : { description };
  if (anyOf) return { ...told, ...rest, anyOf: [...anyOf, NULL] };
  if (schema.type !== undefined && !schema.enum) return { ...schema, type: [schema.type, 'null'].flat() };
  return { ...told, anyOf: [rest, NULL] };
}

/** A pattern, as JSON Schema has no way to ignore case. */
function inAnyCase(words: readonly string[]): JsonSchema {
  const anyCase = (word: string) => word.replace(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
  return { type: 'string', pattern: `^(${words.map(anyCase).join('|')})$` };
}
