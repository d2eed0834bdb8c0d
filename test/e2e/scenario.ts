import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOurs, removePlatform } from './cleaning';
import { Cluster } from './cluster';
import { diagnose } from './diagnose';
import { synthesize } from './synthesis';

/** For what is told of the cluster when a step fails. */
const DIAGNOSIS_SECONDS = 60;
const ENVIRONMENTS = join(__dirname, 'environments');
/** What the cluster's images lack: pods that only keep an image on a node run it. */
const PAUSE = 'registry.k8s.io/pause:3.10';

export interface Scenario {
  readonly cluster: Cluster;
  /** The synthesized manifests. */
  readonly folder: string;
  /** Synthesizes a changed environment of the same name. @returns the folder with its manifests */
  changed(folder: string): Promise<string>;
  /** Synthesizes the environment with layers over it, as `extends` lays them. @returns the folder with its manifests */
  laidOver(...layers: readonly object[]): Promise<string>;
  /**
   * A test, in its place among the others. When it fails, it shows what happened in the cluster, and those after it
   * fail at once: what they rest on is not there.
   */
  step(title: string, work: () => Promise<void>, timeoutSeconds?: number): void;
  /** The same, of what needs a hand on the machines behind the cluster: skipped, and told so, where there is none. */
  machineStep(title: string, work: () => Promise<void>, timeoutSeconds?: number): void;
}

/**
 * An environment of `test/e2e/environments` on the cluster that the kubeconfig names. It has to be free of platforms, and
 * is so again afterwards.
 */
export function scenario(environment: string, steps: (scenario: Scenario) => void): void {
  describe(environment, () => {
    const outdir = mkdtempSync(join(tmpdir(), 'oscar-e2e-'));
    const cluster = new Cluster();
    let mayClean = false;
    let failed: string | undefined;

    const step: Scenario['step'] = (title, work, timeoutSeconds = 180) =>
      test(title, () => attempt(title, work, timeoutSeconds), (timeoutSeconds + DIAGNOSIS_SECONDS) * 1000);

    const machineStep: Scenario['step'] = (title, work, timeoutSeconds) => {
      if (cluster.machines.areAtHand || process.env.CI) return step(title, work, timeoutSeconds);
      process.stderr.write(`SKIPPED, as OSCAR_CLUSTER names no command for the cluster's machines: ${title}\n`);
      test.skip(title, () => {});
    };

    async function attempt(title: string, work: () => Promise<void>, seconds: number): Promise<void> {
      if (failed !== undefined) throw new Error(`not tried, as «${failed}» failed before`);
      failed = title;
      try {
        await within(seconds, work());
        failed = undefined;
      } catch (error) {
        throw new Error(`${(error as Error).message}\n\n${await diagnose(cluster)}`);
      }
    }

    step('the cluster is there, and holds no platform', async () => {
      const taken = await isOurs(cluster);
      if (taken) throw new Error(`the cluster has a platform already (${taken}): use one that has none`);
      mayClean = true;
      await synthesize(cluster, ENVIRONMENTS, environment, outdir);
      if (!cluster.machines.areAtHand) return;
      await cluster.machines.haveLogsOfTheirOwn();
      await cluster.machines.push(PAUSE, '--from', 'busybox');
    });
    steps({
      cluster,
      folder: join(outdir, environment),
      step,
      machineStep,
      async changed(folder) {
        const to = join(outdir, folder);
        await synthesize(cluster, join(ENVIRONMENTS, folder), environment, to);
        return join(to, environment);
      },
      async laidOver(...layers) {
        const to = mkdtempSync(join(outdir, 'laid-over-'));
        await synthesize(cluster, ENVIRONMENTS, environment, to, layers);
        return join(to, environment);
      },
    });

    afterAll(async () => {
      if (mayClean) await removePlatform(cluster);
      await cluster.leave();
      rmSync(outdir, { recursive: true, force: true });
    }, 300_000);
  });
}

async function within(seconds: number, work: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const late = sleep(seconds * 1000, undefined, ended).then(() => {
    throw new Error(`not done after ${seconds} s`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    ended.abort();
    late.catch(() => {});
  }
}
