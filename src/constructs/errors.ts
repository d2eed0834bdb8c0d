/** Where in what the user wrote: `['services', 'cowsay', 'output', 0, 'path']`. */
export type FieldPath = readonly (string | number)[];

export interface Finding {
  /** What is wrong, in a sentence without the rest. */
  readonly problem: string;
  /** Service (or other named part) that it is about, where there is one. */
  readonly service?: string;
  /** Field inside that part, e.g. `['output', 0, 'path']`. */
  readonly field?: FieldPath;
  /** Value as it was given. Never a secret. */
  readonly value?: unknown;
  /** What is allowed. */
  readonly allowed?: string;
  /** What to do about it. */
  readonly fix?: string;
}

/**
 * What a construct throws on bad input. Every part of the message is kept apart as well, so that the environment
 * loader can add the file, line and column from which the value came.
 */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError';
  constructor(readonly finding: Finding) {
    super(describe(finding));
  }
}

/** `service "x": output[0].path: PROBLEM, got "…". Allowed: …. Fix: …` */
export function describe({ problem, service, field, value, allowed, fix }: Finding): string {
  const where = [
    service === undefined ? '' : `service "${service}": `,
    field?.length ? `${fieldName(field)}: ` : '',
  ].join('');
  const got = value === undefined ? '' : `, got ${JSON.stringify(value)}`;
  return `${where}${problem}${got}.${allowed ? ` Allowed: ${allowed}.` : ''}${fix ? ` Fix: ${fix}.` : ''}`;
}

export function fieldName(field: FieldPath): string {
  return field.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}
