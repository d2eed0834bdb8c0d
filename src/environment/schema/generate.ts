import { z } from 'zod';
import { environmentFileSchema } from './environment';
import { lenient } from './lenient';
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
  const schema = z.toJSONSchema(environmentFileSchema, {
    io: 'input',
    override: ({ jsonSchema: part }) => {
      delete part.required;
      delete part.propertyNames;
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
    },
  }) as JsonSchema;
  const { properties, ...rest } = lenient(schema);
  const { apiVersion, kind } = schema.properties!;
  return { ...rest, properties: { ...properties, apiVersion, kind }, required: NEEDED_IN_EVERY_FILE };
}

/** JSON Schema of an environment file, for editors. */
export const environmentJsonSchema = (): string => `${JSON.stringify(jsonSchema(), null, 2)}\n`;

/** Reference of an environment file (Markdown): every field. */
export const environmentReference = (): string => reference(z.toJSONSchema(environmentFileSchema, { io: 'input' }) as JsonSchema);
