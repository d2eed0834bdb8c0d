import {
  ApiObject,
  App,
  GroupVersionKind,
  ImplicitTokenResolver,
  JsonPatch,
  Lazy,
  LazyResolver,
  NumberStringUnionResolver,
} from 'cdk8s';
import type { Construct } from 'constructs';
import type { Container, IntOrString, PodSpec, Quantity, Volume, VolumeMount } from 'cdk8s-plus-27/lib/imports/k8s';

/** A generated type as it stands in a manifest: quantities and ports are plain text and numbers, not objects. */
export type Plain<T> = T extends Quantity | IntOrString
  ? [keyof T] extends ['value'] // others have a `value` too, beside a name
    ? string | number
    : PlainFields<T>
  : T extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : T extends object
      ? PlainFields<T>
      : T;
type PlainFields<T> = { readonly [Key in keyof T]: Plain<T[Key]> };

/** Image volumes came after cdk8s-plus-27 (API field since Kubernetes 1.31). */
export type PodVolume = Plain<Volume> | { readonly name: string; readonly image: ImageVolumeSource };
export interface ImageVolumeSource {
  readonly reference: string;
  readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
}
export type PodContainer = Plain<Container>;
export type PodVolumeMount = Plain<VolumeMount>;
export type Pod = Omit<Plain<PodSpec>, 'volumes'> & { readonly volumes?: readonly PodVolume[] };

/**
 * An API object that is written as it stands. The generated classes copy each object once more, field by field, which
 * took half of a service's time and drops fields that they don't know. For fields whose name is the manifest's only.
 * Without a namespace it is the cluster's, whatever namespace its chart has. An App's own `resolvers` are heard.
 */
export function plainObject<Props>(
  scope: Construct,
  id: string,
  kind: { readonly GVK: GroupVersionKind; new (scope: Construct, id: string, props: Props): ApiObject },
  props: Omit<Plain<NonNullable<Props>>, 'metadata'> & { readonly metadata: NamespacedMetadata },
): ApiObject {
  return new PlainObject(scope, id, kind.GVK, props);
}

interface NamespacedMetadata {
  readonly name?: string;
  readonly namespace?: string;
}

/** Renders what cdk8s would, in one pass instead of three, as values here are plain or `Lazy` and nothing else. */
class PlainObject extends ApiObject {
  private isPatched = false;

  constructor(
    scope: Construct,
    id: string,
    private readonly type: GroupVersionKind,
    private readonly fields: { readonly metadata: NamespacedMetadata },
  ) {
    super(scope, id, { ...type, ...fields });
    // cdk8s puts the chart's there.
    if (fields.metadata.namespace === undefined) Object.assign(this.metadata, { namespace: undefined });
  }

  override addJsonPatch(...operations: JsonPatch[]): void {
    this.isPatched = true;
    super.addJsonPatch(...operations);
  }

  override toJson(): unknown {
    if (this.isPatched || !App.of(this).resolvers.every(isCdk8s)) return super.toJson();
    const fields = rendered({ ...this.fields, metadata: undefined });
    return { ...this.type, metadata: this.metadata.toJson(), ...(fields as object) };
  }
}

const RESOLVERS = [LazyResolver, ImplicitTokenResolver, NumberStringUnionResolver];
const isCdk8s = (resolver: object) => RESOLVERS.some((type) => resolver instanceof type);

/** Keys sorted, what is not given left out, lazy values made: as cdk8s does. */
function rendered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  if (Array.isArray(value)) return value.map(rendered);
  if (value instanceof Lazy) return rendered(value.produce());
  const fields = value as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(fields).sort()) {
    const field = rendered(fields[key]);
    if (field !== undefined) out[key] = field;
  }
  return out;
}
