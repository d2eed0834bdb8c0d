import { KubernetesVersion } from '../constructs/kubernetes-version';
import type { PlatformProps } from '../constructs/platform';
import type { Environment } from './schema/environment';

/** Props of the platform that an environment declares, with the buckets that its FDL files name. */
export function platformProps(environment: Environment, fdlBuckets: Iterable<string>): PlatformProps {
  const { platform = {}, buckets = {}, kubernetesVersion } = environment;
  const { images, ...settings } = platform;
  const { mirror, ...replace } = images ?? {};
  return {
    ...settings,
    kubernetesVersion:
      kubernetesVersion === undefined ? KubernetesVersion.DEFAULT : KubernetesVersion.of(kubernetesVersion),
    images: { ...(mirror === undefined ? {} : { mirror }), replace },
    buckets: { ...Object.fromEntries([...fdlBuckets].map((bucket) => [bucket, {}])), ...buckets },
  };
}
