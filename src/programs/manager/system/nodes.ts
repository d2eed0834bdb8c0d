import type { KubernetesApi } from '../kubernetes/api';
import type { Condition, KubernetesObject } from '../kubernetes/objects';
import { quantity } from '../../common/quantity';
import { read } from './read';

type Amounts = Readonly<Record<string, string>>;

interface Node extends KubernetesObject {
  readonly status?: { readonly allocatable?: Amounts; readonly conditions?: readonly Condition[] };
}
interface NodeUsage extends KubernetesObject {
  readonly usage?: Amounts;
}

const GPU = 'nvidia.com/gpu';

/** The cluster's nodes in the shape of upstream's `/system/status`; cores are thousandths of one. */
export async function clusterStatus(api: Pick<KubernetesApi, 'call'>) {
  const [nodes, usages] = await Promise.all([
    // Without the right to read nodes there is still the rest to tell.
    itemsOf<Node>(api, '/api/v1/nodes'),
    // Clusters without metrics-server have none.
    itemsOf<NodeUsage>(api, '/apis/metrics.k8s.io/v1beta1/nodes'),
  ]);
  const usage = new Map(usages.map(({ metadata, usage = {} }) => [metadata.name, usage]));
  const described = nodes.map((node) => describe(node, usage.get(node.metadata.name) ?? {}));
  const freeCores = described.map(({ cpu }) => Math.max(cpu.capacity_cores - cpu.usage_cores, 0));
  const freeBytes = described.map(({ memory }) => Math.max(memory.capacity_bytes - memory.usage_bytes, 0));
  return {
    nodes_count: described.length,
    metrics: {
      cpu: { total_free_cores: sum(freeCores), max_free_on_node_cores: Math.max(0, ...freeCores) },
      memory: { total_free_bytes: sum(freeBytes), max_free_on_node_bytes: Math.max(0, ...freeBytes) },
      gpu: { total_gpu: sum(described.map(({ gpu }) => gpu)) },
    },
    nodes: described,
  };
}

async function itemsOf<T>(api: Pick<KubernetesApi, 'call'>, path: string): Promise<readonly T[]> {
  const list = await read<{ items: T[] }>(api, path).catch(() => undefined);
  return list?.items ?? [];
}

function describe({ metadata, status = {} }: Node, usage: Amounts) {
  const { allocatable = {}, conditions = [] } = status;
  const shown = conditions.map(({ type, status }) => ({ type, status: status === 'True' }));
  return {
    name: metadata.name,
    cpu: { capacity_cores: millicores(allocatable.cpu), usage_cores: millicores(usage.cpu) },
    memory: { capacity_bytes: whole(allocatable.memory), usage_bytes: whole(usage.memory) },
    gpu: whole(allocatable[GPU]),
    is_interlink: false,
    status: shown.some(({ type, status }) => type === 'Ready' && status) ? 'Ready' : 'NotReady',
    conditions: shown,
  };
}

const millicores = (text: string | undefined) => Math.round(quantity(text) * 1000);
const whole = (text: string | undefined) => Math.round(quantity(text));
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
