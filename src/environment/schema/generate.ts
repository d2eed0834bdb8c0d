import { z } from 'zod';
import { environmentFileSchema } from './environment';
import { reference } from './reference';

/** What `z.toJSONSchema` makes, as far as it is used here. */
export interface JsonSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Only these are needed in every file: an overlay leaves the others to what it extends. */
const NEEDED_IN_EVERY_FILE = ['apiVersion', 'kind'];

function jsonSchema(): JsonSchema {
  return z.toJSONSchema(environmentFileSchema, {
    io: 'input',
    override: ({ jsonSchema: schema, path }) => {
      if (schema.oneOf) {
        // A part of an overlay may fit several kinds.
        schema.anyOf = schema.oneOf;
        delete schema.oneOf;
      }
      if (schema.type === 'array' && !Array.isArray(schema.items) && isScalar(schema.items)) {
        const { items } = schema;
        schema.anyOf = [items, { type: 'array', items }];
        delete schema.type;
        delete schema.items;
      }
      if (path.length === 0) schema.required = NEEDED_IN_EVERY_FILE;
      else delete schema.required;
      if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
      delete schema.propertyNames;
    },
  }) as JsonSchema;
}

/** Such a list may be written as its one element. */
const isScalar = <T>(items: T): items is T & object =>
  typeof items === 'object' && items !== null && !('properties' in items || 'anyOf' in items);

/** JSON Schema of an environment file, for editors. */
export const environmentJsonSchema = (): string => `${JSON.stringify(jsonSchema(), null, 2)}\n`;

/** Reference of an environment file (Markdown): every field. */
export const environmentReference = (): string => reference(z.toJSONSchema(environmentFileSchema, { io: 'input' }) as JsonSchema);
