import type { z } from 'zod';
import { FieldPath } from '../constructs/errors';
import { Problem } from './report';
import { spellings } from './spellings';
import { nearest } from './suggest';
import { isMap } from './values';

/** Fields whose value is never shown. */
const SECRET = /secret|password|token|access_?key|credential/i;

/** What zod says of `value`, in our words: the issue's message is what is allowed (`schema/types.ts`). */
export function problems(issues: readonly z.core.$ZodIssue[], value: unknown): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path as FieldPath;
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(path, key, issue.message));
    return [wrongValue(path, valueAt(value, path), issue.message)];
  });
}

export const isUnknownField = ({ problem }: Problem) => problem === UNKNOWN_FIELD;
const UNKNOWN_FIELD = 'there is no such field';

function unknownField(path: FieldPath, key: string, allowed: string): Problem {
  const unknown = { problem: UNKNOWN_FIELD, field: [...path, key], key: true };
  const known = allowed.split(', ').flatMap((name) => [name, ...spellings(name)]);
  const meant = nearest(key, known);
  if (meant !== undefined) return { ...unknown, fix: `write "${meant}", if that is what is meant` };
  if (!SECRET.test(key)) return { ...unknown, allowed };
  return { ...unknown, fix: 'put it in a Secret and name that in `secretName`' };
}

function wrongValue(field: FieldPath, value: unknown, allowed: string): Problem {
  const name = field.at(-1);
  if (field.at(-2) === 'secrets' && field.at(-3) === 'environment' && value !== undefined) {
    return {
      problem: 'a secret may not stand here in plain text',
      field,
      fix: `put it in a Secret of the services' namespace and write \`${name}: { secretName: NAME, key: KEY }\``,
    };
  }
  if (value === undefined) return { problem: 'it is missing', field, allowed };
  const shown = typeof value === 'object' || field.some((part) => SECRET.test(String(part))) ? {} : { value };
  return { problem: `${kindOf(value)} does not belong here`, field, ...shown, allowed };
}

function kindOf(value: unknown): string {
  if (isMap(value)) return 'a map';
  return Array.isArray(value) ? 'a list' : 'this value';
}

export function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null && Object.hasOwn(part, key)
        ? (part as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}
