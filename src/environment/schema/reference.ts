import type { JsonSchema } from './generate';
import { INTRODUCTION } from './introduction';

/** The reference of an environment file, in Markdown: a section for each map, a row for each of its fields. */
export function reference(file: JsonSchema): string {
  const sections = new Sections();
  sections.add('Environment', file);
  return `${INTRODUCTION}\n${sections.text()}`;
}

/** A map's fields, under a heading. What maps are made of is added behind it, each once. */
class Sections {
  private readonly done = new Map<string, string>();

  text(): string {
    return [...this.done.values()].join('\n');
  }

  add(name: string, schema: JsonSchema): void {
    if (this.done.has(name)) return;
    this.done.set(name, '');
    const kinds = schema.oneOf ?? [schema];
    const nested: [string, JsonSchema][] = [];
    const tables = kinds.map((kind) => this.table(kind, name, nested)).join('\nor\n\n');
    this.done.set(name, `## ${name}\n\n${tables}`);
    for (const [child, childSchema] of nested) this.add(child, childSchema);
  }

  private table(schema: JsonSchema, section: string, nested: [string, JsonSchema][]): string {
    const fields = Object.entries(schema.properties ?? {});
    const needed = new Set(schema.required);
    const isOverrides = schema.title === 'fdl' || schema.title === 'service fields';
    const own = isOverrides ? fields.filter(([key]) => key === 'fdl' || key === 'services') : fields;
    const rows = own.map(([key, field]) => {
      const [description, byDefault] = split(field.description ?? '');
      const type = this.type(field, pathOf(section, key), nested);
      return `| \`${key}\` | ${type} | ${needed.has(key) ? '(needed)' : byDefault} | ${description} |`;
    });
    const rest = isOverrides ? ['| … | | | Any field of a [service](#service) but `name`. |'] : [];
    return `${['| Field | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...rows, ...rest].join('\n')}\n`;
  }

  private type(schema: JsonSchema, path: string, nested: [string, JsonSchema][]): string {
    if (schema.const !== undefined) return `\`${String(schema.const)}\``;
    if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
    if (schema.items) return `list of ${this.type(schema.items, `${path}[]`, nested)}`;
    if (schema.anyOf) return schema.anyOf.map((kind) => this.type(kind, path, nested)).join(' or ');
    if (schema.properties || schema.oneOf) {
      const name = schema.title ?? path;
      nested.push([name, schema]);
      return `[${name}](#${anchor(name)})`;
    }
    if (schema.additionalProperties) return `map of ${this.type(schema.additionalProperties, `${path}.NAME`, nested)}`;
    if (schema.type === 'integer') return range(schema);
    return schema.type === 'boolean' ? '`true`, `false`' : 'text';
  }
}

const pathOf = (section: string, key: string) => (section === 'Environment' ? key : `${section}.${key}`);

function range({ minimum, maximum }: JsonSchema): string {
  const open = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
  return open ? `whole number ≥ ${minimum}` : `whole number, ${minimum} to ${maximum}`;
}

/** The description, and the default that `optional` put behind it. */
function split(description: string): [string, string] {
  const [, text = description, byDefault = ''] = /^(.*?) Default: (.*)\.$/.exec(description) ?? [];
  return [text, byDefault];
}

/** As GitHub makes them from headings. */
const anchor = (heading: string) => heading.toLowerCase().replace(/ /g, '-').replace(/[^-_a-z0-9]/g, '');
