import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';

const LOGS = '/var/log/pods';
/** It has ended by then, if it does. */
const KUBELET_MS = 3_000;
/** A kubelet's command, a line for each argument. */
const KUBELET = 'tr "\\0" "\\n" < "/proc/$(pgrep -x kubelet)/cmdline"';
/** It tells of itself each ten seconds. */
const SIGN_MS = 120_000;

/**
 * The machines behind a cluster, by the command that makes it (`OSCAR_CLUSTER`): what Kubernetes alone gives nobody a hand
 * on. Node `nodeN` is the command's node N; node 1 is the way in from here: it is never cut.
 */
export class Machines {
  private readonly tool = process.env.OSCAR_CLUSTER;
  /** Nodes without power: what their kubelets were started with. */
  private readonly dark = new Map<number, readonly string[]>();

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
    if (action === 'down') return this.cut(node);
    await this.run('node', 'up', String(node));
    await this.kubeletRuns(node);
    this.dark.delete(node);
  }

  /**
   * A machine forgets its cgroups with its power. Nodes that are one machine keep them, and a kubelet that comes back looks
   * for the container of each for three seconds before it is ready.
   */
  private async cut(node: number): Promise<void> {
    const kubelet = this.dark.get(node) ?? (await this.onNode(node, 'sh', '-c', KUBELET)).trimEnd().split('\n');
    this.dark.set(node, kubelet);
    await this.run('node', 'down', String(node));
    const forget = `find /sys/fs/cgroup -depth -type d -path '*/oscar-node${node}/kubepods/*' -exec rmdir {} + || true`;
    await this.onNode(1, 'sh', '-c', forget);
  }

  /**
   * A kubelet that comes before its container runtime is ready, as that has many containers to look at, ends: on other
   * machines it is started again, and so it is here. It has told of itself at the end: that the node is `Ready` tells
   * nothing, as it is for a while without a kubelet.
   */
  private async kubeletRuns(node: number): Promise<void> {
    const since = Date.now();
    const lease = ['get', 'lease', '-n', 'kube-node-lease', `node${node}`, '-o', 'jsonpath={.spec.renewTime}'];
    while (!(Date.parse((await this.cluster.tryKubectl(...lease)).output) > since)) {
      if (Date.now() - since > SIGN_MS)
        throw new Error(`the kubelet of node ${node} tells nothing of itself: see /run/kubelet.log there`);
      await sleep(KUBELET_MS);
      if (await this.hasKubelet(node)) continue;
      const kubelet = this.dark.get(node);
      if (!kubelet) throw new Error(`the kubelet of node ${node} has ended, and nobody knows how it was started`);
      process.stderr.write(`      the kubelet of node ${node} has ended: it is started again\n`);
      const again = 'setsid "$@" >>/run/kubelet.log 2>&1 </dev/null &';
      await this.onNode(node, 'sh', '-c', again, 'sh', ...kubelet);
    }
  }

  private hasKubelet(node: number): Promise<boolean> {
    return this.onNode(node, 'pgrep', '-x', 'kubelet').then(
      () => true,
      () => false,
    );
  }

  /** Gives power back to all that it was taken from. */
  async light(): Promise<void> {
    for (const node of [...this.dark.keys()]) await this.power('up', node);
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
