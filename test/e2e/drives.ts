import { ENVIRONMENT_LABEL } from '../../src/contract';
import type { Cluster } from './cluster';

/** Storage class of the drives, which nobody else makes any of. */
const CLASS = 'oscar-e2e-drives';
const MIB = 128;
const nameOf = (drive: number) => `oscar-e2e-drive-${drive}`;
const folderOf = (drive: number) => `/var/lib/${nameOf(drive)}`;

/** Drives in memory, so small that a test can fill them, one after the other on each node; they go with the platform. */
export class Drives {
  private readonly made: [drive: number, node: number][] = [];

  constructor(private readonly cluster: Cluster) {}

  async make(count: number, environment: string): Promise<void> {
    const nodes = await this.cluster.nodes();
    for (let drive = 0; drive < count; drive++) {
      const at = drive % nodes.length;
      const [folder, node] = [folderOf(drive), at + 1];
      this.made.push([drive, node]);
      const mount = `mkdir -p ${folder} && mount -t tmpfs -o size=${MIB}m,mode=777 drive ${folder}`;
      await this.cluster.machines.onNode(node, 'sh', '-c', mount);
      await this.cluster.apply(volume(drive, nodes[at], environment));
    }
  }

  /** Who still uses one keeps it until its end. */
  async unmount(): Promise<void> {
    for (const [drive, node] of this.made.splice(0)) {
      const folder = folderOf(drive);
      await this.cluster.machines.onNode(node, 'sh', '-c', `umount --lazy ${folder}; rmdir ${folder}`);
    }
  }
}

const volume = (drive: number, node: string, environment: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: nameOf(drive), labels: { [ENVIRONMENT_LABEL]: environment } },
  spec: {
    storageClassName: CLASS,
    capacity: { storage: `${MIB}Mi` },
    accessModes: ['ReadWriteOnce'],
    local: { path: folderOf(drive) },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }],
      },
    },
  },
});
