import type { ServerResponse } from 'node:http';
import { admitted } from './admission';
import { Form, listKind, shown, shownInList } from './form';
import { Garbage, policyOf } from './garbage';
import { Lists } from './list';
import { Logs } from './logs';
import { ApiObject, GivenObject } from './objects';
import { PATCH_TYPES, patched } from './patch';
import { apiVersionOf, DEPLOYMENTS, NAMESPACES, Resource } from './resources';
import type { Route, Verb } from './route';
import { readScale, scalePatch } from './scale';
import { matcherOf } from './selectors';
import { badRequest, methodNotAllowed, Refusal, successStatus } from './status';
import type { Store } from './store';
import { Watches } from './watch';

export interface Call {
  readonly route: Route;
  readonly verb: Verb;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly accept: string;
  readonly form: Form;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body: object;
}

const JSON_TYPE = /^application\/json\s*(;|$)/;

/** What the API does, once it is known who asks and that they may. */
export class Calls {
  constructor(
    private readonly store: Store,
    private readonly lists: Lists,
    private readonly watches: Watches,
    private readonly logs: Logs,
    private readonly garbage: Garbage,
  ) {}

  /** @returns undefined when the response is a stream, and on its way @throws Refusal */
  answer(call: Call, response: ServerResponse): Answer | undefined {
    const { route, verb, query, form } = call;
    const { resource, namespace, name, subresource } = route;
    if (subresource === 'log') {
      if (verb !== 'get') throw methodNotAllowed();
      this.logs.answer(namespace, name!, query, response);
      return undefined;
    }
    switch (verb) {
      case 'get':
        return { status: 200, body: this.get(route, form) };
      case 'list':
        refusePartialList(call);
        return { status: 200, body: this.lists.answer(resource, namespace, query, form) };
      case 'watch':
        this.watches.start(resource, namespace, query, form, response);
        return undefined;
      case 'create':
        return { status: 201, body: this.create(call) };
      case 'patch':
        return { status: 200, body: this.patch(call) };
      case 'delete':
        return { status: 200, body: this.delete(call) };
      case 'deletecollection':
        return { status: 200, body: this.deleteAll(call) };
      default:
        throw methodNotAllowed();
    }
  }

  private get({ resource, namespace, name, subresource }: Route, form: Form): object {
    const object = this.store.get(resource, namespace, name!);
    return subresource === 'scale' ? readScale(object) : shown(object, form);
  }

  private create({ route: { resource, namespace, name }, contentType, body, form }: Call): object {
    if (name !== undefined) throw methodNotAllowed();
    if (!JSON_TYPE.test(contentType)) throw unknownFormat();
    const given = parsed(body, resource);
    // As for a real one, the namespace is asked for before the object is looked at.
    if (resource.namespaced) this.store.get(NAMESPACES, '', namespace);
    return shown(this.store.create(resource, admitted(resource, namespace, given)), form);
  }

  private patch({ route: { resource, namespace, name, subresource }, contentType, body, form }: Call): object {
    if (name === undefined) throw methodNotAllowed();
    if (!PATCH_TYPES.includes(contentType.split(';')[0].trim())) {
      const message = '415: Unsupported Media Type';
      throw new Refusal({ code: 415, reason: 'UnsupportedMediaType', message, details: {} });
    }
    const before = this.store.get(resource, namespace, name);
    const patch = patchOf(body);
    if (subresource === 'scale') return this.scale(before, patch);
    const after = patched(resource, before, patch, subresource === 'status' ? 'status' : undefined);
    return shown(after === before ? before : this.store.replace(resource, after), form);
  }

  private scale(before: ApiObject, patch: GivenObject): object {
    const after = patched(DEPLOYMENTS, before, scalePatch(before, patch));
    return readScale(after === before ? before : this.store.replace(DEPLOYMENTS, after));
  }

  private delete({ route: { resource, namespace, name, subresource }, query, contentType, body, form }: Call): object {
    if (subresource) throw methodNotAllowed();
    if (body.length && !JSON_TYPE.test(contentType)) throw unknownFormat();
    const policy = policyOf(query, body);
    const before = this.store.get(resource, namespace, name!);
    const { gone, object } = this.garbage.delete(resource, before, policy);
    // Pods take their time to end, so a real one answers with the pod.
    if (!gone || resource.kind === 'Pod') return shown(object, form);
    return successStatus(resource, object.metadata.name, object.metadata.uid);
  }

  private deleteAll(call: Call): object {
    const { route, query, contentType, body, form } = call;
    const { resource, namespace } = route;
    if (!resource.namespaced) throw methodNotAllowed();
    if (body.length && !JSON_TYPE.test(contentType)) throw unknownFormat();
    const policy = policyOf(query, body);
    const matches = matcherOf(resource, query);
    const found = [...this.store.all(resource, namespace)].filter(matches);
    const items = found.map((object) => this.garbage.delete(resource, object, policy).object);
    // Only when it is done, as the real one.
    refusePartialList(call);
    const { kind, apiVersion } = listKind(resource.kind, apiVersionOf(resource), form);
    const metadata = { resourceVersion: String(this.store.version) };
    return { kind, apiVersion, metadata, items: items.map((object) => shownInList(object, form)) };
  }
}

/** Of a list, the metadata have a name of their own: `PartialObjectMetadataList`. */
function refusePartialList({ accept, route: { resource } }: Call): void {
  if (!/as=PartialObjectMetadata\b/.test(accept)) return;
  const list = `*${resource.group || 'core'}.${resource.kind}List`;
  const message = `you requested PartialObjectMetadata, but the requested object is a list (${list})`;
  throw new Refusal({ code: 406, reason: 'NotAcceptable', message });
}

function unknownFormat(): Refusal {
  const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
  const message = `the body of the request was in an unknown format - accepted media types include: ${types}`;
  return new Refusal({ code: 415, reason: 'UnsupportedMediaType', message });
}

function parsed(body: Buffer, { kind }: Resource): GivenObject {
  const text = body.toString('utf8');
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as GivenObject;
    throw new Error('json: cannot unmarshal it');
  } catch (error) {
    const problem = `couldn't get version/kind; json parse error: ${(error as Error).message}`;
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${problem}`);
  }
}

function patchOf(body: Buffer): GivenObject {
  try {
    return JSON.parse(body.toString('utf8')) as GivenObject;
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}
