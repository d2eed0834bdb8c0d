/** Objects are never changed in place: whoever changes one stores another. So a list or an event can keep them. */
export interface ApiObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

export interface Metadata {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly { readonly uid: string; readonly [field: string]: unknown }[];
}

/** As it comes in: the server adds the rest. */
export interface GivenObject {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata?: Partial<Metadata>;
  readonly [field: string]: unknown;
}

export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly restartPolicy?: string;
  readonly nodeName?: string;
  readonly [field: string]: unknown;
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly [field: string]: unknown;
}

export interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly [field: string]: unknown };
  readonly spec?: PodSpec;
}

/** Times have whole seconds. */
export const timestamp = (date = new Date()) => `${date.toISOString().slice(0, 19)}Z`;

/** A value at a path, such as `status.succeeded`. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const field of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[field];
  return value;
}
