import type { Container, Volume } from 'cdk8s-plus-27/lib/imports/k8s';

/** What a pod needs in order to have the supervisor at `/oscar/bin`. */
export interface SupervisorMount {
  /** `image` is the one kind that cdk8s-plus-27's types don't know: an OCI image volume. */
  readonly source: { readonly volume: Volume } | { readonly image: string };
  /** Containers that fill the volume before the service's own starts. */
  readonly initContainers: readonly Container[];
}
