import { ContentKind, contentKind } from './content-type';
import { Json } from './json';
import { refusal } from './refusal';

/** An HTTP request as Amazon's API Gateway hands it to a function (proxy integration, format 1.0). */
export interface Envelope {
  readonly contentKind: ContentKind;
  /** Undefined: there is none. */
  readonly body: Json | undefined;
  readonly isBase64Encoded: boolean;
  /** Query parameters as `CONT_VAR_<name>`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Undefined for what is no envelope. @throws InvocationError (`input`) for a broken one */
export function envelopeOf(json: Json): Envelope | undefined {
  if (json.get('httpMethod')?.kind !== 'string') return undefined;
  const body = json.get('body');
  if (!body && !json.get('headers') && !json.get('requestContext')) return undefined;
  const encoded = part(json, 'isBase64Encoded', 'boolean', 'true or false');
  return {
    contentKind: contentKindOf(json),
    body: body?.kind === 'null' || body?.string === '' ? undefined : body,
    isBase64Encoded: encoded?.isTrue ?? false,
    variables: variablesOf(part(json, 'queryStringParameters', 'object', 'an object of strings')),
  };
}

/** A part that may be missing or null, which are one to API Gateway. */
function part(json: Json, name: string, kind: Json['kind'], allowed: string): Json | undefined {
  const value = json.get(name);
  if (value === undefined || value.kind === 'null') return undefined;
  if (value.kind === kind) return value;
  throw refusal({
    where: value.where,
    problem: "not as API Gateway's requests have it",
    got: value.shown,
    allowed: `${allowed}, or null`,
    fix: 'send the request as API Gateway made it, or data without "httpMethod"',
  });
}

function contentKindOf(json: Json): ContentKind {
  const headers = part(json, 'headers', 'object', 'an object of strings');
  for (const [name] of headers?.members() ?? []) {
    if (name.toLowerCase() !== 'content-type') continue;
    const type = part(headers!, name, 'string', 'a string');
    return contentKind(type?.string, `${headers!.where}.${name}`);
  }
  return contentKind(undefined, json.where);
}

/** Upstream's rule, without what no shell or environment takes. */
function variablesOf(parameters: Json | undefined): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, { string }] of parameters?.members() ?? []) {
    const fits = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && string !== undefined && !string.includes('\0');
    if (fits) variables[`CONT_VAR_${name}`] = string;
  }
  return variables;
}
