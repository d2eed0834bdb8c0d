import { RESOURCES, Resource } from './resources';
import { badRequest, noSuchResource, Refusal } from './status';

/** What a path is about. */
export interface Route {
  readonly resource: Resource;
  /** Empty of what is in none. */
  readonly namespace: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** As RBAC calls what is done. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

const SUBRESOURCES: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['scale', 'status'],
  Job: ['status'],
  Pod: ['log', 'status'],
  Node: ['status'],
};

/** `/api/v1/…` or `/apis/GROUP/VERSION/…`; undefined: the server has no such group. @throws Refusal 400 or 404 */
export function routeOf(path: string): Route | undefined {
  const parts = unescaped(path)
    .replace(/^\/|\/$/g, '')
    .split('/');
  const group = parts[0] === 'api' ? '' : parts[1];
  const version = parts[0] === 'api' ? parts[1] : parts[2];
  if (!['api', 'apis'].includes(parts[0])) return undefined;
  const ofGroup = RESOURCES.filter((resource) => resource.group === group && resource.version === version);
  if (ofGroup.length === 0) return undefined;
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2;
  const [plural, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  const resource = ofGroup.find((known) => known.plural === plural && known.namespaced === inNamespace);
  if (!resource || more.length > 0) throw noSuchResource();
  if (subresource !== undefined && !SUBRESOURCES[resource.kind]?.includes(subresource)) throw noSuchResource();
  if (name === '.' || name === '..') throw badRequest(`Name parameter invalid: "${name}": may not be '${name}'`);
  return { resource, namespace: inNamespace ? rest[1] : '', name, subresource };
}

/** As a whole, before it is split: an escaped slash separates like any other. */
function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badRequest(`invalid URL escape in "${path}"`);
  }
}

export function verbOf(method: string, { name }: Route, query: URLSearchParams): Verb | undefined {
  switch (method) {
    case 'GET':
      if (name !== undefined) return 'get';
      return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}

/** As RBAC refuses it. */
export function forbidden(user: string, verb: Verb, { resource, namespace, name, subresource }: Route): Refusal {
  const { group, plural } = resource;
  const what = (group ? `${plural}.${group}` : plural) + (name ? ` "${name}"` : '');
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const asked = `resource "${plural}${subresource ? `/${subresource}` : ''}" in API group "${group}"`;
  return new Refusal({
    code: 403,
    reason: 'Forbidden',
    message: `${what} is forbidden: User "${user}" cannot ${verb} ${asked} ${where}`,
    details: { ...(name ? { name } : {}), ...(group ? { group } : {}), kind: plural },
  });
}
