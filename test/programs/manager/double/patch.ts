import { isDeepStrictEqual } from 'node:util';
import { ApiObject, GivenObject } from './objects';
import { Resource } from './resources';
import { badRequest, conflict, invalid } from './status';
import { causesOf } from './validation';

/** Strategic patches are merged as if they were merge patches: right for fields and maps, not for lists with keys. */
export const PATCH_TYPES = ['application/merge-patch+json', 'application/strategic-merge-patch+json'];

/** RFC 7386. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

/**
 * What a patch makes of an object, or the object itself when it changes nothing: the server writes nothing then.
 * @param part `status`: that and metadata; none: all but the status
 * @throws Refusal
 */
export function patched(resource: Resource, before: ApiObject, patch: GivenObject, part?: 'status'): ApiObject {
  const { name, uid, creationTimestamp, resourceVersion, namespace } = before.metadata;
  const wanted = patch.metadata?.resourceVersion;
  if (wanted && wanted !== resourceVersion) throw conflict(resource, name);
  const named = patch.metadata?.name;
  if (named && named !== name) {
    throw badRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
  }
  if (patch.metadata?.uid && patch.metadata.uid !== uid) {
    const message = `Invalid value: "${patch.metadata.uid}": field is immutable`;
    throw invalid(resource, resource.kind, name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.uid' }]);
  }
  const result = merged(before, patch) as ApiObject;
  const own = { name, uid, creationTimestamp, resourceVersion, ...(namespace ? { namespace } : {}) };
  const after: ApiObject = {
    ...(part === 'status' ? { ...before, status: result.status } : result),
    ...(resource.hasStatus && part !== 'status' ? { status: before.status } : {}),
    kind: before.kind,
    apiVersion: before.apiVersion,
    metadata: { ...result.metadata, ...own, generation: before.metadata.generation },
  };
  const causes = causesOf(after);
  if (causes.length) throw invalid(resource, resource.kind, name, causes);
  // Through JSON, as what is undefined isn't there.
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(after)), JSON.parse(JSON.stringify(before)))) return before;
  return counted(resource, before, after);
}

function counted({ counted }: Resource, before: ApiObject, after: ApiObject): ApiObject {
  if (!counted || isDeepStrictEqual(before[counted], after[counted])) return after;
  return { ...after, metadata: { ...after.metadata, generation: (before.metadata.generation ?? 0) + 1 } };
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
