import { ChildProcess, execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SUPERVISOR_HEALTH_PATH, SUPERVISOR_PORT } from '../../../src/contract';
import type { ApiObject } from '../../programs/manager/double';
import type { Objects } from '../../programs/manager/double/test-side';
import type { Workload } from './manifests';
import type { Pod, Pods } from './pods';

const SERVICES = 'oscar-svc';

interface Warm {
  readonly pod: Pod;
  readonly child: ChildProcess;
  readonly name: string;
}

/** Gives the services' Deployments their pods, of which each has an address of its own. One each is enough. */
export class WarmPods {
  private readonly running = new Map<string, Promise<Warm>>();
  private readonly stopListening: () => void;
  private networks = 0;

  constructor(
    private readonly objects: Objects,
    private readonly pods: Pods,
  ) {
    this.stopListening = objects.onChange('Deployment', ({ type, object }) => {
      if (object.metadata.namespace !== SERVICES) return;
      setImmediate(
        () => void this.scale(object, type === 'DELETED' ? 0 : (object.spec as { replicas: number }).replicas),
      );
    });
  }

  async stop(): Promise<void> {
    this.stopListening();
    await Promise.all([...this.running.keys()].map((name) => this.end(name)));
  }

  private async scale(deployment: ApiObject, replicas: number): Promise<void> {
    const { name } = deployment.metadata;
    if (replicas === 0) return this.end(name);
    if (this.running.has(name)) return;
    const warm = this.start(deployment);
    this.running.set(name, warm);
    await warm.catch((error: Error) => {
      this.running.delete(name);
      process.stderr.write(`warm pod of ${name}: ${error.message}\n`);
    });
  }

  private async start({ metadata: { name, uid }, spec }: ApiObject): Promise<Warm> {
    const { template } = spec as unknown as Workload;
    const number = ++this.networks;
    const [network, ip] = [`pod${number}`, `10.77.${number}.2`];
    addNetwork(network, number);
    const podName = `${name}-${number}`;
    const labels = template.metadata.labels;
    const pod = await this.pods.prepare({ name: podName, namespace: SERVICES, labels, spec: template.spec });
    const child = await pod.start(network);
    while (!(await answers(ip))) await sleep(50);
    const ready = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({ type, status: 'True' }));
    this.objects.put({
      kind: 'Pod',
      metadata: {
        ...{ name: podName, namespace: SERVICES, labels },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }],
      },
      spec: template.spec,
      status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: ready, startTime: new Date().toISOString() },
    } as never);
    return { pod, child, name: podName };
  }

  private async end(name: string): Promise<void> {
    const warm = await this.running.get(name)?.catch(() => undefined);
    this.running.delete(name);
    if (!warm) return;
    this.objects.delete('Pod', SERVICES, warm.name);
    warm.child.kill('SIGKILL');
    warm.pod.remove();
  }
}

/** A network of a pod's own, with a cable to the suite's. */
function addNetwork(network: string, number: number): void {
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  ip('netns', 'add', network);
  ip('link', 'add', `veth${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', network);
  ip('address', 'add', `10.77.${number}.1/24`, 'dev', `veth${number}`);
  ip('link', 'set', `veth${number}`, 'up');
  ip('-n', network, 'address', 'add', `10.77.${number}.2/24`, 'dev', 'eth0');
  ip('-n', network, 'link', 'set', 'eth0', 'up');
  ip('-n', network, 'link', 'set', 'lo', 'up');
  ip('-n', network, 'route', 'add', 'default', 'via', `10.77.${number}.1`);
}

function answers(host: string): Promise<boolean> {
  const options = { host, port: SUPERVISOR_PORT, path: SUPERVISOR_HEALTH_PATH, timeout: 1000, agent: false } as const;
  return new Promise((resolve) => {
    const sent = request(options, (response) => resolve(response.resume().statusCode === 200));
    sent
      .on('timeout', () => sent.destroy())
      .on('error', () => resolve(false))
      .end();
  });
}
