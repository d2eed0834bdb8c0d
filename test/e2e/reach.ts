import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { AddressInfo, connect, createServer, Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Cluster } from './cluster';
import type { Pod, Service } from './objects';

const PROBE_MS = 2_000;

/**
 * The ways from this machine to Services and pods: by their own addresses, where this machine is in the cluster's
 * network; else by `kubectl port-forward`.
 */
export class Reach {
  private isInside?: Promise<boolean>;
  private readonly forwards = new Map<string, Promise<Forward>>();

  constructor(private readonly cluster: Cluster) {}

  /** @returns `host:port` */
  async to(kind: 'service' | 'pod', namespace: string, name: string, port: number): Promise<string> {
    this.isInside ??= this.findOut();
    if (await this.isInside) return `${await this.addressOf(kind, namespace, name)}:${port}`;
    const key = [kind, namespace, name, port].join('/');
    let forward = this.forwards.get(key);
    if (!forward) this.forwards.set(key, (forward = Forward.to(namespace, `${kind}/${name}`, port)));
    return `127.0.0.1:${(await forward).port}`;
  }

  async end(): Promise<void> {
    for (const forward of this.forwards.values()) (await forward).end();
    this.forwards.clear();
  }

  private async addressOf(kind: 'service' | 'pod', namespace: string, name: string): Promise<string> {
    if (kind === 'service') return (await this.cluster.get<Service>(kind, '-n', namespace, name)).spec.clusterIP;
    const { podIP } = (await this.cluster.get<Pod>(kind, '-n', namespace, name)).status;
    if (!podIP) throw new Error(`pod ${name} has no address yet`);
    return podIP;
  }

  /** Whether the API server's Service, which every cluster has, is reached by its own address. */
  private async findOut(): Promise<boolean> {
    const socket = connect(443, await this.addressOf('service', 'default', 'kubernetes'));
    socket.setTimeout(PROBE_MS, () => socket.destroy(new Error('no answer')));
    const is = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (!is) process.stderr.write('      Services are reached by kubectl port-forward\n');
    return is;
  }
}

/** A port of this machine that leads to one in the cluster, by a new `kubectl` whenever the last one has ended. */
class Forward {
  static async to(namespace: string, target: string, port: number): Promise<Forward> {
    const forward = new Forward(['port-forward', '-n', namespace, target, `:${port}`]);
    forward.server.listen(0, '127.0.0.1');
    await once(forward.server, 'listening');
    return forward;
  }

  private readonly server: Server;
  private kubectl?: ChildProcess;
  private inner?: Promise<number>;

  private constructor(private readonly args: readonly string[]) {
    this.server = createServer((client) => void this.pass(client));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  end(): void {
    this.server.close();
    this.kubectl?.kill();
  }

  private async pass(client: Socket): Promise<void> {
    client.on('error', () => client.destroy());
    try {
      const inner = connect(await (this.inner ??= this.begin()), '127.0.0.1');
      inner.on('error', () => client.destroy());
      inner.on('close', () => client.destroy());
      client.on('close', () => inner.destroy());
      client.pipe(inner).pipe(client);
    } catch {
      client.destroy();
    }
  }

  /** @returns the port of a new kubectl @throws when it ends before it has one */
  private begin(): Promise<number> {
    const kubectl = spawn('kubectl', this.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.kubectl = kubectl;
    const over = () => (this.inner = undefined);
    // The pod is gone: kubectl says so, and stays.
    createInterface(kubectl.stderr).on('line', (line) => /lost connection|error/i.test(line) && kubectl.kill());
    return new Promise((resolve, reject) => {
      createInterface(kubectl.stdout).on('line', (line) => {
        const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        if (port) resolve(Number(port));
      });
      kubectl.on('exit', () => {
        over();
        reject(new Error('kubectl port-forward ended'));
      });
    });
  }
}
