import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFree, removePlatform } from './cleaning';
import { Cluster } from './cluster';
import { inOrder, Steps } from './in-order';
import { withNextRelease } from './next-release';
import { synthesize } from './synthesis';

const ENVIRONMENTS = join(__dirname, 'environments');

export interface Scenario extends Steps {
  readonly cluster: Cluster;
  /** The synthesized manifests. */
  readonly folder: string;
  /** Synthesizes a changed environment of the same name. @returns the folder with its manifests */
  changed(folder: string): Promise<string>;
  /** Synthesizes the environment with layers over it, as `extends` lays them. @returns the folder with its manifests */
  laidOver(...layers: readonly object[]): Promise<string>;
  /** The same, by the next release of the package. */
  ofNextRelease(...layers: readonly object[]): Promise<string>;
}

/**
 * An environment of `test/e2e/environments` on the cluster that the kubeconfig names. It has to be free of platforms, and
 * is so again afterwards.
 */
export function scenario(environment: string, steps: (scenario: Scenario) => void): void {
  describe(environment, () => {
    const outdir = mkdtempSync(join(tmpdir(), 'oscar-e2e-'));
    const cluster = new Cluster();
    const { step, machineStep } = inOrder(cluster);
    let mayClean = false;

    step('the cluster is there, and holds no platform', async () => {
      await isFree(cluster);
      mayClean = true;
      await synthesize(cluster, ENVIRONMENTS, environment, outdir);
      if (cluster.machines.areAtHand) await cluster.machines.haveLogsOfTheirOwn();
    });
    const laidOver = async (layers: readonly object[], cli?: string) => {
      const to = mkdtempSync(join(outdir, 'laid-over-'));
      await synthesize(cluster, ENVIRONMENTS, environment, to, layers, cli);
      return join(to, environment);
    };
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
      laidOver: (...layers) => laidOver(layers),
      ofNextRelease: (...layers) => withNextRelease((cli) => laidOver(layers, cli)),
    });

    afterAll(async () => {
      try {
        await cluster.machines.light();
        if (mayClean) await removePlatform(cluster);
      } finally {
        await cluster.leave();
        rmSync(outdir, { recursive: true, force: true });
      }
    }, 600_000);
  });
}
