import type { Cluster } from './cluster';
import type { Node } from './objects';

/** No new pod goes to these nodes while `work` is done. Those that somebody has cordoned stay so. */
export async function whileCordoned<T>(cluster: Cluster, nodes: readonly string[], work: () => Promise<T>): Promise<T> {
  const open = (await cluster.list<Node>('nodes'))
    .filter(({ metadata, spec }) => nodes.includes(metadata.name) && !spec.unschedulable)
    .map(({ metadata }) => metadata.name);
  if (open.length > 0) await cluster.kubectl('cordon', ...open);
  try {
    return await work();
  } finally {
    if (open.length > 0) await cluster.kubectl('uncordon', ...open);
  }
}
