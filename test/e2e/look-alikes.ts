import type { Cluster } from './cluster';
import type { KubernetesObject, Pod } from './objects';
import { PLATFORM } from './steps';

/** Of those that are no part of the platform, and owner of all. */
export const ELSEWHERE = 'oscar-e2e-elsewhere';
/** Each listens there. */
export const LISTENING_PORT = 8080;

const MARK = { 'oscar-e2e': 'look-alike' };
const SELECTOR = Object.entries(MARK)[0].join('=');
const LISTEN = `require('node:net').createServer((socket) => socket.end()).listen(${LISTENING_PORT})`;
/** Prints, for each of the addresses that it is given, whether somebody takes a connection there. */
const TRY = `
  const connects = ({ host, port }) => new Promise((resolve) => {
    const socket = require('node:net').connect(port, host);
    const end = (is) => () => { socket.destroy(); resolve(is); };
    socket.setTimeout(3000, end(false)).on('error', end(false)).on('connect', end(true));
  });
  Promise.all(JSON.parse(process.argv[1]).map(connects)).then((all) => console.log(JSON.stringify(all)));`;

/** A pod that policies take for another: they go by namespace and labels. */
export interface LookAlike {
  readonly namespace: string;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Is the node's own, as far as the network goes: it has no address of its own. @default it has, on any node */
  readonly ofNode?: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Pods of Node that look like others. No controller takes them for its own, as they have an owner; and nobody sends them
 * anything, as they are never ready.
 */
export class LookAlikes {
  static async make(cluster: Cluster, wanted: readonly LookAlike[]): Promise<LookAlikes> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ELSEWHERE, labels } });
    const owner = await cluster.get('namespace', ELSEWHERE);
    const image = await nodeImage(cluster);
    const items = wanted.map((one) => podOf(one, nameOf(wanted.indexOf(one)), owner, image));
    await cluster.apply({ apiVersion: 'v1', kind: 'List', items });
    const all = ['-A', '-l', SELECTOR];
    await cluster.kubectl('wait', 'pods', ...all, '--for=condition=ContainersReady', '--timeout=120s');
    const pods = await cluster.list<Pod>('pods', ...all);
    return new LookAlikes(cluster, wanted, new Map(pods.map((pod) => [pod.metadata.name, pod])));
  }

  static async remove(cluster: Cluster): Promise<void> {
    await cluster.kubectl('delete', 'pods', '-A', '-l', SELECTOR, '--timeout=60s');
    await cluster.kubectl('delete', 'namespace', ELSEWHERE, '--ignore-not-found', '--timeout=60s');
  }

  private constructor(
    private readonly cluster: Cluster,
    private readonly all: readonly LookAlike[],
    private readonly pods: ReadonlyMap<string, Pod>,
  ) {}

  /** Where it listens, and on which node that is. */
  addressOf(one: LookAlike): Address & { readonly node: string } {
    const { spec, status } = this.pods.get(this.nameOf(one))!;
    return { host: status.podIP!, port: LISTENING_PORT, node: spec.nodeName! };
  }

  /** Whether one connects, to each of these. */
  async tryFrom(one: LookAlike, to: readonly Address[]): Promise<boolean[]> {
    const command = ['node', '-e', TRY, JSON.stringify(to)];
    const said = await this.cluster.kubectl('exec', '-n', one.namespace, this.nameOf(one), '--', ...command);
    return JSON.parse(said) as boolean[];
  }

  private nameOf(one: LookAlike): string {
    return nameOf(this.all.indexOf(one));
  }
}

const nameOf = (index: number) => `look-alike-${index}`;

function podOf({ namespace, labels, ofNode }: LookAlike, name: string, owner: KubernetesObject, image: string): object {
  const { apiVersion, kind, metadata } = owner;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...MARK },
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }],
    },
    spec: {
      ...(ofNode === undefined ? {} : { nodeName: ofNode, hostNetwork: true }),
      readinessGates: [{ conditionType: 'oscar-e2e/never' }],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'look-alike',
          image,
          command: ofNode === undefined ? ['node', '-e', LISTEN] : ['sleep', 'infinity'],
          resources: { requests: { cpu: '1m', memory: '32Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** That of the platform's programs: the nodes have it. */
async function nodeImage(cluster: Cluster): Promise<string> {
  const path = 'jsonpath={.spec.template.spec.containers[0].image}';
  return cluster.kubectl('get', 'deployment', '-n', PLATFORM, 'oscar-manager', '-o', path);
}
