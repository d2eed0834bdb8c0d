import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Machines } from './machines';
import type { KubernetesObject, Node } from './objects';
import { Reach } from './reach';

const execute = promisify(execFile);
const MAX_BUFFER = 2 ** 28;
/** None takes so long but one that hangs. */
const COMMAND_SECONDS = 300;
/** Taints that Kubernetes gives a node for a while: cordoned, not ready, out of reach. */
const PASSING = /^node\.kubernetes\.io\//;

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** The cluster that the current kubeconfig names. */
export class Cluster {
  /** What its nodes are, where a command is at hand that reaches them. */
  readonly machines = new Machines(this);
  private readonly ways = new Reach(this);

  async kubectl(...args: string[]): Promise<string> {
    return (await this.kubectlOutput(...args)).stdout;
  }

  /** @throws with what it wrote when it fails. */
  async kubectlOutput(...args: string[]): Promise<Output> {
    return this.run('kubectl', args);
  }

  /** Exit code, and everything that it wrote. */
  async tryKubectl(...args: string[]): Promise<{ code: number; output: string }> {
    try {
      const { stdout, stderr } = await this.kubectlOutput(...args);
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, message } = error as Error & { code?: number };
      return { code: code ?? -1, output: message };
    }
  }

  async apply(object: object): Promise<void> {
    await this.pipe(JSON.stringify(object), 'kubectl', ['apply', '--server-side', '-f', '-']);
  }

  /** `get … -o json`. */
  async get<T = KubernetesObject>(...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl('get', '-o', 'json', ...args)) as T;
  }

  async list<T = KubernetesObject>(...args: string[]): Promise<T[]> {
    return (await this.get<{ items: T[] }>(...args)).items;
  }

  /** Those that take any pod: not the ones that are kept for something else, as a control plane's are. */
  async nodes(): Promise<string[]> {
    const isOpen = ({ spec }: Node) =>
      !spec.taints?.some(({ effect, key }) => effect !== 'PreferNoSchedule' && !PASSING.test(key));
    return (await this.list<Node>('nodes'))
      .filter(isOpen)
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  /** `host:port` by which this machine reaches a port of a Service. */
  async reachService(namespace: string, name: string, port: number): Promise<string> {
    return this.ways.to('service', namespace, name, port);
  }

  /** `host:port` by which this machine reaches a port of a pod. */
  async reachPod(namespace: string, name: string, port: number): Promise<string> {
    return this.ways.to('pod', namespace, name, port);
  }

  /** Ends what was begun to reach it. */
  async leave(): Promise<void> {
    await this.ways.end();
  }

  async run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Output> {
    return this.pipe('', command, args, env);
  }

  /** Runs a command with `input` on its stdin. @throws with what it wrote when it fails, or takes five minutes. */
  async pipe(
    input: string | Uint8Array,
    command: string,
    args: string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Output> {
    try {
      const running = execute(command, args, {
        env: { ...process.env, ...env },
        maxBuffer: MAX_BUFFER,
        timeout: COMMAND_SECONDS * 1000,
        killSignal: 'SIGKILL',
      });
      // Whoever doesn't read it to the end says so by its exit code.
      running.child.stdin?.on('error', () => {}).end(input);
      return await running;
    } catch (error) {
      const { stdout, stderr, code, killed } = error as Output & { code?: number; killed?: boolean };
      const end = killed ? `ended after ${COMMAND_SECONDS} s` : code;
      const message = `${command} ${args.join(' ')} failed (${end}):\n${stdout ?? ''}${stderr ?? error}`;
      throw Object.assign(new Error(message), { code });
    }
  }
}

/** Waits until `check` neither throws nor returns false. @throws what it said last, after `seconds`. */
export async function eventually<T>(what: string, seconds: number, check: () => Promise<T>): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const problem = await check().then(
      (value) => (value === false ? 'it does not hold' : { value }),
      (error: Error) => error.message,
    );
    if (typeof problem === 'object') return problem.value;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s: ${problem}`);
    await sleep(500);
  }
}

/** @throws as soon as `check` throws or returns false, within `seconds`. */
export async function throughout(what: string, seconds: number, check: () => Promise<unknown>): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(500)) {
    if ((await check()) === false) throw new Error(`${what}: it stopped to hold`);
  }
}
