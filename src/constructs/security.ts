import type { PodSecurityContext, SecurityContext } from 'cdk8s-plus-27/lib/imports/k8s';

/** User and group of the platform's own pods: none of any image's, and over 10000 as scanners ask. */
const PLATFORM_ID = 65532;

/** Pod of the platform itself: Pod Security `restricted`. */
export const RESTRICTED_POD: PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: PLATFORM_ID,
  runAsGroup: PLATFORM_ID,
  fsGroup: PLATFORM_ID,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};

export const RESTRICTED_CONTAINER: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: PLATFORM_ID,
  runAsGroup: PLATFORM_ID,
};

/** A user's container: whatever user its image names (often root), but never more than it starts with. */
export const SERVICE_POD: PodSecurityContext = { seccompProfile: { type: 'RuntimeDefault' } };
export const SERVICE_CONTAINER: SecurityContext = { allowPrivilegeEscalation: false, privileged: false };

/** Nodes that can run Linux containers: where a pod goes to every node, there may be others. */
export const LINUX = { 'kubernetes.io/os': 'linux' };
