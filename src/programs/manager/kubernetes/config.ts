import { KubeConfig } from '@kubernetes/client-node';
import { ProgramError } from '../../common/fail';

/**
 * The cluster that the program is in, as its ServiceAccount sees it; outside a cluster, the kubeconfig that `KUBECONFIG`
 * names.
 * @throws ProgramError when there is neither
 */
export function kubeConfig(env: NodeJS.ProcessEnv = process.env): KubeConfig {
  const config = new KubeConfig();
  if (env.KUBERNETES_SERVICE_HOST) config.loadFromCluster();
  else if (env.KUBECONFIG) config.loadFromFile(env.KUBECONFIG);
  else throw new ProgramError('not in a cluster: KUBERNETES_SERVICE_HOST is not set, and neither is KUBECONFIG');
  return config;
}
