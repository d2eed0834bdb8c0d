import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundled } from '../../programs/bundled';
import { ApiServerDouble } from '../../programs/manager/double';
import { Answer, exchange } from '../../servers/support/bucket-store';
import { makeCertificates } from '../../servers/support/certificates';
import { program, serverFolder } from '../../servers/support/process';
import { Applied } from './applied';
import { Manifests, ROOT, synthesize, Workload } from './manifests';
import { NodeSettings, NotYet, Pods, Read } from './pods';
import type { PodIdentity, PodSpec } from './pod-spec';
import { Executed, EXECUTED_FILE, RunnerSettings } from './runner-settings';
import { Store } from './store';
import { WarmPods } from './warm-pods';

export const NAMESPACES = { platform: 'oscar', services: 'oscar-svc' };
const MINIO_PORT = 9000;
const MANAGER_PORT = 8080;
/** Of a machine that does much else, too. */
const PATIENCE_MS = 300_000;

export interface FlowOptions {
  /** Laid over the fixture's environment. */
  readonly overlay: object;
  /** Secrets that somebody made in the services' namespace: name → values. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Jobs at the same time. @default 4 */
  readonly parallel?: number;
}

/** What a sweep says at its end. */
export interface Swept {
  readonly uploads: number;
  readonly underWay: number;
  readonly stored: number;
  readonly done: number;
  readonly failed: number;
  readonly unbound: number;
  readonly left: number;
  readonly recordsRemoved: number;
}

/** The platform without a cluster: all of its programs as processes, by what the manifests say. */
export class Flow {
  /** Everything that doesn't come from a Secret runs; the provisioner's Job makes those. A start that fails leaves nothing. */
  static async start(options: FlowOptions): Promise<Flow> {
    const folder = serverFolder('flow');
    const { ca, cert, key } = await makeCertificates(folder);
    const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const double = await ApiServerDouble.start({ tls });
    const flow = new Flow(folder, double, ca, options);
    try {
      await flow.declare(options.overlay);
      await flow.install();
      await flow.startRunner();
      await flow.startMinio();
      await flow.startManager();
      await flow.provisioned();
    } catch (error) {
      await flow.stop();
      throw error;
    }
    return flow;
  }

  manifests!: Manifests;
  readonly pods: Pods;
  private readonly node: NodeSettings;
  private readonly applied: Applied;
  private readonly warm: WarmPods;
  private readonly claims: Record<string, string> = {};
  private runner?: ChildProcess;
  private minio?: ChildProcess;
  private manager?: ChildProcess;
  private sweeps = 0;

  private constructor(
    readonly folder: string,
    readonly double: ApiServerDouble,
    private readonly ca: string,
    private readonly options: FlowOptions,
  ) {
    const account = join(folder, 'account');
    mkdirSync(account);
    writeFileSync(join(account, 'ca.crt'), ca);
    writeFileSync(join(account, 'token'), double.token);
    writeFileSync(join(account, 'namespace'), NAMESPACES.platform);
    const api = { host: '127.0.0.1', port: double.port };
    this.node = { folder, claims: this.claims, account, api, programs: dirname(program('mc')) };
    const read: Read = async (kind, namespace, name) => double.objects.get(kind, namespace, name) as never;
    this.pods = new Pods(this.node, read);
    this.applied = new Applied(double.objects);
    this.warm = new WarmPods(double.objects, this.pods);
    for (const [name, stringData] of Object.entries(options.secrets ?? {}))
      double.objects.put({ kind: 'Secret', metadata: { name, namespace: NAMESPACES.services }, stringData });
  }

  /** Synthesizes the environment and applies it, as continuous delivery does: what is gone is removed. */
  async declare(overlay: object): Promise<void> {
    this.manifests = synthesize(this.folder, overlay);
    for (const [claim, path] of Object.entries(this.manifests.claims)) this.claims[claim] = join(this.folder, path);
    const data = join(this.folder, 'data');
    mkdirSync(data, { recursive: true });
    this.claims[`${NAMESPACES.platform}/data-oscar-minio-0`] = data;
    this.applied.apply(this.manifests);
  }

  /** Until the provisioner of what is declared has ended well. @returns what it says */
  async provisioned(): Promise<string> {
    const { name } = this.manifests.one('Job', /^oscar-provisioner-/).metadata;
    await this.succeeded(name);
    return readFileSync(this.pods.logOf(name), 'utf8');
  }

  /** Runs the provisioner once more, as somebody does who deletes its Job and applies again. */
  async provisionAgain(): Promise<string> {
    const job = this.manifests.one('Job', /^oscar-provisioner-/);
    const { name } = job.metadata;
    if (this.double.objects.get('Job', NAMESPACES.platform, name))
      this.double.objects.delete('Job', NAMESPACES.platform, name);
    rmSync(this.pods.logOf(name), { force: true });
    this.applied.apply(this.manifests);
    return this.provisioned();
  }

  /** A Job as the CronJob makes it. @returns what it says at its end @throws when it fails */
  async sweep(): Promise<Swept> {
    const { jobTemplate } = this.manifests.one('CronJob', /^oscar-sweep$/).spec as { jobTemplate: { spec: object } };
    const name = `oscar-sweep-${++this.sweeps}`;
    this.double.objects.put({
      ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: NAMESPACES.platform } },
      spec: jobTemplate.spec,
    });
    await this.succeeded(name, 600_000);
    const said = readFileSync(this.pods.logOf(name), 'utf8').trim().split('\n');
    return JSON.parse(said.at(-1)!) as Swept;
  }

  get jobs(): string[] {
    return this.double.objects.list('Job', NAMESPACES.services).map(({ metadata }) => metadata.name);
  }

  /** What its `Complete` and `Failed` say; undefined: neither, or it isn't there. */
  fate(namespace: string, job: string): 'Complete' | 'Failed' | undefined {
    const status = this.double.objects.get('Job', namespace, job)?.status as
      { conditions?: { type: string }[] } | undefined;
    const found = status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed');
    return found?.type as 'Complete' | 'Failed' | undefined;
  }

  get executed(): Executed[] {
    const file = join(this.folder, EXECUTED_FILE);
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Executed);
  }

  async store(): Promise<Store> {
    const value = (key: string) => this.pods.secretValue(NAMESPACES.platform, 'oscar-minio-root', key);
    return new Store(this.folder, { accessKey: await value('rootUser'), secretKey: await value('rootPassword') });
  }

  /** A service's own user of the store. */
  async storeOf(service: string): Promise<Store> {
    const value = (key: string) => this.pods.secretValue(NAMESPACES.services, `${service}-minio`, key);
    return new Store(this.folder, { accessKey: await value('accessKey'), secretKey: await value('secretKey') });
  }

  /** Where MinIO keeps events that nobody has taken. */
  get queue(): string {
    return join(this.folder, 'data/queue');
  }

  /** How many those are. */
  get queued(): number {
    const entries = readdirSync(this.queue, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).length;
  }

  get pids() {
    return { minio: this.minio?.pid, manager: this.manager?.pid, runner: this.runner?.pid };
  }

  async startRunner(): Promise<void> {
    const { host, port } = this.node.api;
    const settings: RunnerSettings = {
      node: this.node,
      api: { host, port, token: this.double.token, ca: this.ca },
      namespaces: NAMESPACES,
      parallel: this.options.parallel ?? 4,
    };
    const [file, source] = [join(this.folder, 'runner.json'), join(this.folder, 'runner.cjs')];
    writeFileSync(file, JSON.stringify(settings));
    if (!existsSync(source)) writeFileSync(source, bundled(join(ROOT, 'test/flow/support/runner.ts')));
    const log = openSync(join(this.folder, 'runner.log'), 'a');
    // The first process of its namespace: its Jobs end with it, as with a node that loses its power.
    const apart = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, source, file];
    this.runner = spawn('unshare', apart, { stdio: ['ignore', log, log] });
    closeSync(log);
  }

  async startMinio(): Promise<void> {
    const { metadata, spec } = this.manifests.one('StatefulSet', /^oscar-minio$/);
    const { template } = spec as unknown as Workload;
    const claim = { name: 'data', persistentVolumeClaim: { claimName: `data-${metadata.name}-0` } };
    const volumes = [...(template.spec.volumes ?? []), claim];
    this.minio = await this.startPod(`${metadata.name}-0`, { ...template, spec: { ...template.spec, volumes } });
    await this.until('MinIO is ready', () => isOk(MINIO_PORT, '/minio/health/cluster/read'));
  }

  async startManager(): Promise<void> {
    const { metadata, spec } = this.manifests.one('Deployment', /^oscar-manager$/);
    this.manager = await this.startPod(`${metadata.name}-pod`, (spec as unknown as Workload).template);
    await this.until('the manager is ready', () => isOk(MANAGER_PORT, '/health'));
  }

  /** A request to the manager. */
  ask(method: string, path: string, headers: Readonly<Record<string, string>>, body?: Buffer): Promise<Answer> {
    return exchange(method, MANAGER_PORT, path, headers, body);
  }

  /** At once, as a machine that fails. @returns whether it ran until then */
  async kill(which: 'minio' | 'manager' | 'runner'): Promise<boolean> {
    const child = this[which];
    if (!child || child.exitCode !== null || child.signalCode !== null) return false;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    return true;
  }

  async restart(which: 'minio' | 'manager' | 'runner'): Promise<void> {
    if (which === 'minio') return this.startMinio();
    if (which === 'manager') return this.startManager();
    return this.startRunner();
  }

  async stop(): Promise<void> {
    await this.warm.stop();
    await Promise.all((['manager', 'minio', 'runner'] as const).map((which) => this.kill(which)));
    await this.double.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @throws when it doesn't hold in time, with the ends of all logs */
  async until(what: string, holds: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
    for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(50))
      if (await Promise.resolve(holds()).catch(() => false)) return;
    throw new Error(`this never comes: ${what}\n${this.tails()}`);
  }

  private async succeeded(job: string, patienceMs = PATIENCE_MS): Promise<void> {
    const fate = () => this.fate(NAMESPACES.platform, job);
    await this.until(`${job} ends`, () => fate() !== undefined, patienceMs);
    if (fate() !== 'Complete') throw new Error(`${job} failed\n${this.tails()}`);
  }

  /** The supervisor's volume, as the DaemonSet fills it on each node. */
  private async install(): Promise<void> {
    const { metadata, spec } = this.manifests.one('DaemonSet', /supervisor-installer$/);
    const { template } = spec as unknown as Workload;
    for (const [name, folder] of Object.entries(this.manifests.claims))
      if (/supervisor-local-[0-9a-f]+$/.test(name)) mkdirSync(join(this.folder, folder), { recursive: true });
    (await this.pods.prepare(identityOf(metadata.name, NAMESPACES.services, template))).remove();
  }

  private async startPod(name: string, template: Workload['template']): Promise<ChildProcess> {
    const identity = identityOf(name, NAMESPACES.platform, template);
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(100)) {
      try {
        return await (await this.pods.prepare(identity)).start();
      } catch (error) {
        if (!(error instanceof NotYet) || Date.now() > end) throw error;
      }
    }
  }

  /** What the platform's own pods, the runner and each Job's tries said last; a service's Jobs are too many. */
  private tails(): string {
    const jobs = this.double.objects.list('Job', NAMESPACES.platform).map(({ metadata }) => metadata.name);
    const logs = ['oscar-minio-0', 'oscar-manager-pod', ...jobs].map((name) => this.pods.logOf(name));
    return [...logs, join(this.folder, 'runner.log'), join(this.folder, EXECUTED_FILE)]
      .map((file) => `${file}:\n${existsSync(file) ? readFileSync(file, 'utf8').slice(-2000) : 'is not there'}`)
      .join('\n');
  }
}

export function identityOf(
  name: string,
  namespace: string,
  { metadata, spec }: { readonly metadata: { readonly labels: Record<string, string> }; readonly spec: PodSpec },
): PodIdentity {
  return { name, namespace, labels: metadata.labels, spec };
}

async function isOk(port: number, path: string): Promise<boolean> {
  return (await exchange('GET', port, path)).status === 200;
}
