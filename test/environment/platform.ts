import { Images } from '../../src/constructs/images';
import { KubernetesVersion } from '../../src/constructs/kubernetes-version';
import type { IPlatform } from '../../src/constructs/platform-reference';
import { ServiceRegistry } from '../../src/constructs/service-registry';
import { StorageProvider } from '../../src/constructs/storage';

/** A platform that has what props are made from. */
export const platform: IPlatform = {
  name: 'oscar',
  namespace: 'oscar',
  servicesNamespace: 'oscar-svc',
  kubernetesVersion: KubernetesVersion.DEFAULT,
  images: new Images(),
  supervisor: { volumes: [], volumeMount: { name: 'supervisor', mountPath: '/oscar/bin' }, initContainers: [] },
  store: StorageProvider.platformStore({ endpoint: 'http://minio:9000', region: 'us-east-1', verify: true }),
  networkPolicies: true,
  services: new ServiceRegistry({ servicesNamespace: 'oscar-svc', platform: 'oscar' }),
};
