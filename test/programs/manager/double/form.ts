import { ApiObject } from './objects';

/** How objects are answered: whole, or no more than their metadata. */
export type Form = 'whole' | 'metadata';

const METADATA = 'meta.k8s.io/v1';

/** `as=PartialObjectMetadata` or `…List`, as the header `Accept` puts it. */
export const formOf = (accept = ''): Form =>
  /;\s*as=PartialObjectMetadata(List)?\b/.test(accept) ? 'metadata' : 'whole';

export function shown(object: ApiObject, form: Form): object {
  if (form === 'metadata') return { kind: 'PartialObjectMetadata', apiVersion: METADATA, metadata: object.metadata };
  return object;
}

/** In a list, the kind stands once, above. */
export function shownInList(object: ApiObject, form: Form): object {
  return form === 'metadata' ? shown(object, form) : { ...object, kind: undefined, apiVersion: undefined };
}

export const listKind = (kind: string, apiVersion: string, form: Form) =>
  form === 'metadata'
    ? { kind: 'PartialObjectMetadataList', apiVersion: METADATA }
    : { kind: `${kind}List`, apiVersion };
