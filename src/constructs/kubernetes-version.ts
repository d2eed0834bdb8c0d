import { DeclarationError } from './errors';

/** Oldest version that we render for, and the default. */
const OLDEST_MINOR = 27;

/** Kubernetes version that the manifests are for: decides what may be used. */
export class KubernetesVersion {
  static readonly DEFAULT = new KubernetesVersion(OLDEST_MINOR);

  /** @param text `1.27`, `v1.34` or `1.34.2`. Throws on anything else, and on versions before 1.27. */
  static of(text: string): KubernetesVersion {
    const minor = /^v?1\.(\d+)(\.\d+)?$/.exec(text)?.[1];
    if (minor === undefined || Number(minor) < OLDEST_MINOR) {
      throw new DeclarationError({
        problem: 'not a Kubernetes version that can be rendered for',
        field: ['kubernetesVersion'],
        value: text,
        allowed: `1.${OLDEST_MINOR} and later, as "1.N"`,
        fix: 'name the minor version of the cluster, e.g. "1.34"',
      });
    }
    return new KubernetesVersion(Number(minor));
  }

  private constructor(readonly minor: number) {}

  atLeast(minor: number): boolean {
    return this.minor >= minor;
  }

  /** Throws when this version lacks `feature`, naming the version that has it. */
  require(minor: number, feature: string, field: readonly (string | number)[] = [], service?: string): void {
    if (this.atLeast(minor)) return;
    throw new DeclarationError({
      problem: `${feature} needs Kubernetes 1.${minor}, and the manifests are for ${this}`,
      service,
      field,
      fix: `set kubernetesVersion to "1.${minor}" or later if the cluster has it, or do without`,
    });
  }

  toString(): string {
    return `1.${this.minor}`;
  }
}
