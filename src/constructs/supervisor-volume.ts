import { Construct } from 'constructs';
import type { Container, Volume } from 'cdk8s-plus-27/lib/imports/k8s';
import type { Images } from './images';
import type { KubernetesVersion } from './kubernetes-version';
import type { SupervisorOptions } from './platform';
import type { Programs } from './programs';

/** What a pod needs in order to have the supervisor at `/oscar/bin`. */
export interface SupervisorMount {
  /** `image` is the one kind that cdk8s-plus-27's types don't know: an OCI image volume. */
  readonly source: { readonly volume: Volume } | { readonly image: string };
  /** Containers that fill the volume before the service's own starts. */
  readonly initContainers: readonly Container[];
}

export interface SupervisorVolumeProps {
  /** Name of the platform. */
  readonly platform: string;
  /** The services' namespace: pods mount the volume there. */
  readonly namespace: string;
  readonly kubernetesVersion: KubernetesVersion;
  readonly images: Images;
  readonly programs: Programs;
  readonly options: SupervisorOptions;
}

/** The supervisor's files, as services' pods mount them. */
export class SupervisorVolume extends Construct {
  static of(scope: Construct, id: string, props: SupervisorVolumeProps): SupervisorVolume {
    return new SupervisorVolume(scope, id, props);
  }

  readonly mount: SupervisorMount;

  private constructor(scope: Construct, id: string, props: SupervisorVolumeProps) {
    super(scope, id);
    this.mount = { source: { volume: { name: `${props.platform}-supervisor` } }, initContainers: [] };
  }
}
