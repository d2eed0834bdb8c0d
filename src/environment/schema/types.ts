import { z } from 'zod';

/*
 * Values come as YAML's source text (`cpu: 1.0` is "1.0", never 1) or, from TypeScript, as they are. These types take
 * both. Each type's error message says what is allowed there; `issues.ts` makes the rest of the sentence.
 */

const INTEGER = /^-?\d+$/;

/** Text; numbers and booleans count as what was written. */
export const text = z
  .preprocess(
    (value) => (typeof value === 'number' || typeof value === 'boolean' ? String(value) : value),
    z.string({ error: 'text' }),
  )
  .meta({ type: ['string', 'number', 'boolean'] }) as unknown as z.ZodType<string, string | number | boolean>;

/** Text that a pattern matches. @param error what is allowed */
export function textMatching(pattern: RegExp, error: string): typeof text {
  return z.preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    z.string({ error }).regex(pattern, { error }),
  ) as unknown as typeof text;
}

/** A whole number in a range. */
export function integer(min: number, max?: number): z.ZodType<number, number> {
  const error = `a whole number ${max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}`;
  const type = z.int({ error }).min(min, { error });
  return z.preprocess(
    (value) => (typeof value === 'string' && INTEGER.test(value) ? Number(value) : value),
    max === undefined ? type : type.max(max, { error }),
  ) as unknown as z.ZodType<number, number>;
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false };

/** `true` or `false`. */
export const flag = z.preprocess(
  (value) => (typeof value === 'string' ? (BOOLEANS[value.toLowerCase()] ?? value) : value),
  z.boolean({ error: 'true or false' }),
) as unknown as z.ZodType<boolean, boolean>;

/** One of some words, in upper or lower case. */
export function choice<const T extends readonly [string, ...string[]]>(words: T): z.ZodType<T[number], T[number]> {
  return z.preprocess(
    (value) => (typeof value === 'string' ? words.find((word) => word.toLowerCase() === value.toLowerCase()) : null),
    z.enum(words, { error: `one of: ${words.join(', ')}` }),
  ) as unknown as z.ZodType<T[number], T[number]>;
}

/** A list. One element may stand alone. */
export function list<T extends z.ZodType>(element: T): z.ZodType<z.output<T>[], z.input<T>[]> {
  return z.preprocess(
    (value) => (value === null || typeof value !== 'object' ? [value] : value),
    z.array(element, { error: 'a list' }),
  ) as unknown as z.ZodType<z.output<T>[], z.input<T>[]>;
}

/** A map with keys of the user's choice. */
export const map = <T extends z.ZodType>(element: T) => z.record(z.string(), element, { error: 'a map' });

/** A map with known keys. */
export function object<T extends z.core.$ZodLooseShape>(shape: T) {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, { error: ({ code }) => (code === 'unrecognized_keys' ? keys : `a map with ${keys}`) });
}

/** Field that may be left out. `byDefault` is for the reference: the constructs have the defaults themselves. */
export function optional<T extends z.ZodType>(type: T, description: string, byDefault?: string) {
  return type
    .optional()
    .meta({ description: byDefault === undefined ? description : `${description} Default: ${byDefault}.` });
}

/** Field that has to be there. */
export const required = <T extends z.ZodType>(type: T, description: string): T => type.meta({ description }) as T;
