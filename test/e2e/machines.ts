import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';

const LOGS = '/var/log/pods';
/** It is there by then. */
const KUBELET_MS = 3_000;
/** It tells of itself each ten seconds. */
const SIGN_MS = 90_000;
const MOST_CUTS = 5;

/**
 * The machines behind a cluster, by the command that makes it (`OSCAR_CLUSTER`): what Kubernetes alone gives nobody a hand
 * on. Node `nodeN` is the command's node N; node 1 is the way in from here: it is never cut.
 */
export class Machines {
  private readonly tool = process.env.OSCAR_CLUSTER;
  private readonly dark = new Set<number>();

  constructor(private readonly cluster: Cluster) {}

  /** Whether there is such a command. Without it nothing else here can be used. */
  get areAtHand(): boolean {
    return this.tool !== undefined;
  }

  /** Whether what needs them is done. In CI always, so that it fails there without them. */
  get areExpected(): boolean {
    return this.areAtHand || Boolean(process.env.CI);
  }

  /** Nodes that are one machine share its folder of logs, and each kubelet clears away those of pods it doesn't know. */
  async haveLogsOfTheirOwn(): Promise<void> {
    for (let node = 1; node <= (await this.cluster.nodes()).length; node++) {
      const mount = `mountpoint -q ${LOGS} || mount -t tmpfs logs ${LOGS}`;
      await this.onNode(node, 'sh', '-c', mount);
    }
  }

  /** Cuts a node's power, or gives it back. */
  async power(action: 'down' | 'up', node: number): Promise<void> {
    if (action === 'down') {
      this.dark.add(node);
      return this.cut(node);
    }
    await this.run('node', 'up', String(node));
    for (let cuts = 0; cuts < MOST_CUTS && !(await this.tellsOfItself(node)); cuts++) {
      process.stderr.write(`      the kubelet of node ${node} doesn't tell of itself: its power is cut once more\n`);
      await this.cut(node);
      await this.run('node', 'up', String(node));
    }
    this.dark.delete(node);
  }

  /**
   * A machine forgets its cgroups with its power. Nodes that are one machine keep them, and a kubelet that comes back looks
   * for the container of each for three seconds before it is ready.
   */
  private async cut(node: number): Promise<void> {
    await this.run('node', 'down', String(node));
    const forget = `find /sys/fs/cgroup -depth -type d -path '*/oscar-node${node}/kubepods/*' -exec rmdir {} + || true`;
    await this.onNode(1, 'sh', '-c', forget);
  }

  /**
   * A kubelet that comes before its container runtime is ready, as that has many containers to look at, ends: on other
   * machines it is started again. That the node is `Ready` tells nothing, as it is for a while without a kubelet.
   */
  private async tellsOfItself(node: number): Promise<boolean> {
    const since = Date.now();
    const lease = ['get', 'lease', '-n', 'kube-node-lease', `node${node}`, '-o', 'jsonpath={.spec.renewTime}'];
    while (Date.now() - since < SIGN_MS) {
      await sleep(KUBELET_MS);
      if (!(await this.hasKubelet(node))) return false;
      if (Date.parse((await this.cluster.tryKubectl(...lease)).output) > since) return true;
    }
    return false;
  }

  private hasKubelet(node: number): Promise<boolean> {
    return this.onNode(node, 'pgrep', '-x', 'kubelet').then(
      () => true,
      () => false,
    );
  }

  /** Gives power back to all that it was taken from. */
  async light(): Promise<void> {
    for (const node of [...this.dark]) await this.power('up', node);
  }

  async onNode(node: number, ...command: string[]): Promise<string> {
    return this.run('node', 'exec', String(node), ...command);
  }

  /** Pushes an image under the name that a manifest gives it. */
  async push(image: string, ...options: string[]): Promise<void> {
    await this.run('push', image, ...options);
  }

  private async run(...args: string[]): Promise<string> {
    if (!this.tool) throw new Error('OSCAR_CLUSTER is not set: nobody is at hand who could do this to a machine');
    return (await this.cluster.run(this.tool, args)).stdout;
  }
}
