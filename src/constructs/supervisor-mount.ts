import type { PodContainer, PodVolume, PodVolumeMount } from './plain';

/** Name of the supervisor's volume in every pod that mounts it. */
export const SUPERVISOR_VOLUME = 'supervisor';

/** What a pod needs in order to have the supervisor at `/oscar/bin`. */
export interface SupervisorMount {
  /** The volume named `SUPERVISOR_VOLUME`, and what fills it. */
  readonly volumes: readonly PodVolume[];
  /** Into the container that runs the supervisor. */
  readonly volumeMount: PodVolumeMount;
  /** Containers that fill the volume, or wait until it is filled, before the service's own starts. */
  readonly initContainers: readonly PodContainer[];
}
