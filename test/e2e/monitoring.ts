import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hastened, hastenedDuration, RuleGroup } from '../kubernetes/hastened-rules';
import { scrapeConfigs, SecretKey, ServiceMonitor } from '../kubernetes/scrape-configs';
import { freePort, serverFolder, ServerProcess } from '../servers/support/process';
import { Cluster, eventually } from './cluster';
import { PLATFORM } from './steps';
import { secretOf } from './store';

/** An alert as Prometheus tells it, its texts filled in. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

interface Targets {
  readonly activeTargets: readonly {
    readonly scrapePool: string;
    readonly health: string;
    readonly lastError: string;
  }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly lastError?: string }[] }[];
}

/** Between two looks at a target, and at the rules: a minute, made shorter with all the rest. */
const INTERVAL = '1m';
/** How long Prometheus takes the last value that it was told for the one of now, unless it is told otherwise. */
const LOOKBACK = '5m';
/** The objects' own labels stay, as kube-prometheus-stack has it; what an object lacks is that of the pod that tells of it. */
const KUBE_STATE_METRICS = { namespace: 'monitoring', service: 'kube-state-metrics', pod: 'kube-state-metrics-0' };

/** Prometheus and kube-state-metrics, on this machine, looking at the platform as its ServiceMonitors and rules say. */
export class Monitoring {
  /** Rules as the cluster has them. */
  static async groups(cluster: Cluster): Promise<RuleGroup[]> {
    const objects = await cluster.list<{ spec: { groups: RuleGroup[] } }>('prometheusrules', '-n', PLATFORM);
    return objects.flatMap(({ spec }) => spec.groups);
  }

  /** @param factor how many times as fast time passes in the rules */
  static async start(cluster: Cluster, factor: number): Promise<Monitoring> {
    const folder = serverFolder('e2e-monitoring');
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, await cluster.kubectl('config', 'view', '--raw', '--minify', '--flatten'), {
      mode: 0o600,
    });
    const objects = await kubeStateMetrics(kubeconfig);
    const prometheus = await prometheusIn(folder, factor);
    const monitoring = new Monitoring(folder, [objects, prometheus]);
    try {
      const rules = { groups: hastened(await Monitoring.groups(cluster), factor) };
      const scraped = [...(await monitored(cluster, kubeconfig)), ofObjects(objects.port)];
      monitoring.configure(rules, scraped, factor);
      await objects.start();
      await prometheus.start();
      return monitoring;
    } catch (error) {
      await monitoring.end();
      throw error;
    }
  }

  private isOver = false;
  private watching?: Promise<void>;

  private constructor(
    private readonly folder: string,
    private readonly servers: readonly [ServerProcess, ServerProcess],
  ) {}

  private configure(rules: object, scraped: readonly object[], factor: number): void {
    const interval = hastenedDuration(INTERVAL, factor);
    const global = { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval };
    const files = {
      'rules.json': rules,
      'prometheus.json': { global, rule_files: ['rules.json'], scrape_configs: scraped },
    };
    for (const [file, content] of Object.entries(files))
      writeFileSync(join(this.folder, file), JSON.stringify(content), { mode: 0o600 });
  }

  /** Each target answers, and each rule can be evaluated. */
  async isReady(jobs: number): Promise<void> {
    await eventually('Prometheus sees every target', 60, async () => {
      const { activeTargets } = await this.ask<Targets>('targets?state=active');
      expect(activeTargets.filter(({ health }) => health !== 'up')).toEqual([]);
      expect(new Set(activeTargets.map(({ scrapePool }) => scrapePool)).size).toBe(jobs);
    });
    const { groups } = await this.ask<Rules>('rules');
    const rules = groups.flatMap(({ rules }) => rules);
    expect(rules.filter(({ lastError }) => lastError)).toEqual([]);
  }

  async alerts(): Promise<Alert[]> {
    return (await this.ask<{ alerts: Alert[] }>('alerts')).alerts;
  }

  /** Whether an expression has had a value within the last minutes. */
  async hadValue(expr: string, minutes: number): Promise<boolean> {
    const query = encodeURIComponent(`last_over_time((${expr})[${minutes}m:1s])`);
    return (await this.ask<{ result: object[] }>(`query?query=${query}`)).result.length > 0;
  }

  /** Calls with those that there are, every now and then, until the end. */
  watch(onAlerts: (alerts: readonly Alert[]) => void): void {
    const look = async () => {
      for (; !this.isOver; await sleep(250)) onAlerts(await this.alerts());
    };
    this.watching = look().catch((error: Error) => {
      if (!this.isOver) process.stderr.write(`      Prometheus is not watched any longer: ${error.message}\n`);
    });
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.watching;
    for (const server of this.servers) await server.stop();
  }

  private async ask<T>(path: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.servers[1].port}/api/v1/${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`Prometheus: ${response.status} ${text}`);
    return (JSON.parse(text) as { data: T }).data;
  }
}

async function prometheusIn(folder: string, factor: number): Promise<ServerProcess> {
  const port = await freePort();
  const flags = [
    `--config.file=${join(folder, 'prometheus.json')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--query.lookback-delta=${hastenedDuration(LOOKBACK, factor)}`,
  ];
  return new ServerProcess(folder, port, ['prometheus', ...flags]);
}

async function kubeStateMetrics(kubeconfig: string): Promise<ServerProcess> {
  const [port, own] = [await freePort(), await freePort()];
  const flags = [`--port=${port}`, `--telemetry-port=${own}`, '--host=127.0.0.1', '--telemetry-host=127.0.0.1'];
  const command = ['kube-state-metrics', `--kubeconfig=${kubeconfig}`, ...flags];
  return new ServerProcess(serverFolder('e2e-kube-state-metrics'), port, command);
}

/** What the platform's ServiceMonitors say, with the tokens that they name. */
async function monitored(cluster: Cluster, kubeconfig: string): Promise<object[]> {
  const monitors = await cluster.list<ServiceMonitor>('servicemonitors', '-n', PLATFORM);
  const secrets = new Map<string, Record<string, string>>();
  for (const { spec } of monitors)
    for (const { authorization } of spec.endpoints) {
      const { name } = authorization.credentials;
      secrets.set(name, await secretOf(cluster, PLATFORM, name));
    }
  const secret = ({ name, key }: SecretKey) => secrets.get(name)![key];
  return monitors.flatMap((monitor) => scrapeConfigs(monitor, { kubeconfig, secret }));
}

const ofObjects = (port: number) => ({
  job_name: 'kube-state-metrics',
  honor_labels: true,
  static_configs: [{ targets: [`127.0.0.1:${port}`], labels: KUBE_STATE_METRICS }],
});
