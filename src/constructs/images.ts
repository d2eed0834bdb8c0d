import { check, checkImage, Subject } from './checks';

/**
 * The platform's own images, in one place. Tags exist; digests are those of the multi-platform indexes that public
 * projects pin beside the same tags (checked in several of them; re-verify with `skopeo inspect` when you change one).
 */
const DEFAULTS = {
  /** Runs the manager, the provisioner and the supervisor's installer. */
  node: 'docker.io/library/node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6',
  /** MinIO's maintained fork: same API, settings and disk format. */
  minio:
    'docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z@sha256:635197cb9f36d01bee221d34d1c7d7960f6a95c48b0b6c01d99cd13bdae51a46',
  /** Its client, for users and policies. */
  mc: 'docker.io/pgsty/mc:RELEASE.2026-09-16T00-00-00Z@sha256:cfc83108c3abb371f8fb84d99c1fdc88f8c237e022409b0081fb7c0a3be634dd',
  /** Holds a prefetched image on a node. */
  pause: 'registry.k8s.io/pause:3.10@sha256:ee6521f290b2168b6e0935a181d4cff9be1ac3f505666ef0e3c98fae8199917a',
} as const;

export type ImageRole = keyof typeof DEFAULTS;
export const IMAGE_ROLES = Object.keys(DEFAULTS) as ImageRole[];

export interface ImagesProps {
  /** Registry (and path) that mirrors the others; put before each full name. @default none */
  readonly mirror?: string;
  /** Images instead of the default ones; used as they stand, without the mirror. @default the pinned ones above */
  readonly replace?: Partial<Record<ImageRole, string>>;
}

/** Which image plays which role in the platform. Services' images are the users' business. */
export class Images {
  constructor(private readonly props: ImagesProps = {}) {}

  /** Full reference of the image for `role`. */
  of(role: ImageRole): string {
    const { mirror, replace } = this.props;
    return replace?.[role] ?? (mirror ? `${mirror.replace(/\/+$/, '')}/${DEFAULTS[role]}` : DEFAULTS[role]);
  }
}

/** Throws `DeclarationError` on a reference that no registry could answer. */
export function checkImages({ field }: Subject, { mirror, replace = {} }: ImagesProps): void {
  check(
    mirror === undefined || /^[a-z0-9][-a-z0-9.]*(:\d+)?(\/[-a-z0-9._]+)*\/?$/.test(mirror),
    { field: [...field, 'mirror'] },
    {
      problem: 'not a registry',
      value: mirror,
      allowed: 'host[:port][/path], without a scheme',
      fix: 'for example "registry.example.org/mirror"',
    },
  );
  for (const [role, image] of Object.entries(replace)) checkImage({ field: [...field, 'replace', role] }, image);
}
